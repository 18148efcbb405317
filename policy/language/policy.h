/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy -- what a team declared, as an immutable struct.
 *
 * policy_load() reads every *.yaml below a directory (recursively, in name
 * order), checks it against policy/language/schema, reads the zone's master
 * file, and gives a struct policy that never changes again: any number of
 * threads may read it.  Everything hangs on one arena; policy_free() ends all.
 *
 * Things refer to each other by index into the arrays below.  Names are
 * lower-case text, unique within their array, NUL-terminated.
 */
#ifndef POLICY_LANGUAGE_POLICY_H
#define POLICY_LANGUAGE_POLICY_H

#include "policy/base/error.h"
#include "policy/base/net.h"
#include "policy/language/canary.h"
#include "policy/language/check.h"
#include "policy/language/limits.h"
#include "policy/language/supposition.h"
#include "policy/language/verification.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree;

#define POLICY_NONE (-1) /* an index that names nothing */

/* Which CDS and CDNSKEY records a signed zone has: RFC 7344, RFC 8078. */
enum policy_cds {
	CDS_AUTO,   /* as the times of its keys say */
	CDS_NONE,   /* none: the DS is given to the parent by hand */
	CDS_DELETE, /* the parent is asked to remove every DS */
};

struct policy_dnssec {
	const char *keys; /* directory of key files, joined; NULL: the zone is
			   * not signed */
	uint32_t validity_s; /* of a signature */
	uint32_t refresh_s;  /* it is renewed when less is left; below
			      * validity_s */
	enum policy_cds cds;
};

struct policy_zone {
	struct place at;
	const char *name;         /* absolute, lower case, with the final dot */
	const char **nameservers; /* absolute, with the final dot */
	size_t nameserver_count;
	const char *contact;     /* SOA RNAME as a domain name, final dot */
	uint32_t negative_ttl_s; /* SOA MINIMUM and the SOA's own TTL */
	uint32_t ttl_s;          /* of the generated NS and SOA records */
	uint32_t serial;         /* from the master file's SOA, else 1 */
	struct policy_dnssec dnssec;
	/*
	 * Static records in wire form, from the master file; the SOA and apex
	 * NS of the file win over the keys above, which generate them when the
	 * file has none, so apex SOA and NS are always in here.
	 */
	struct record *records;
	size_t record_count;
};

/* One resource record of a master file, uncompressed. */
struct record {
	uint8_t *owner; /* wire name, lower case, owner_len octets */
	uint8_t *rdata;
	uint16_t rdata_len;
	uint16_t type; /* RR TYPE as on the wire; the class is IN */
	uint32_t ttl_s;
	uint8_t owner_len;
	unsigned line; /* in the master file; 0 when generated */
};

struct policy_geo {
	struct place at;
	const char **databases; /* paths, absolute or below the directory,
				 * already joined with it */
	size_t database_count;
	const char *networks; /* CSV of corrections, joined; NULL when none */
	struct place *database_at; /* where each was written */
};

enum client_term_kind {
	TERM_COUNTRY,     /* text: "GB" */
	TERM_CONTINENT,   /* text: "europe" and its like, see decide/country */
	TERM_UNION,       /* text: "eu" or "eea" */
	TERM_SUBDIVISION, /* text: "US-CA" */
	TERM_ASN,         /* asn */
	TERM_NETWORK,     /* prefix */
	TERM_SET,         /* set: another named set, no cycles */
	TERM_ALL,         /* everyone, the unknown included */
};

struct client_term {
	enum client_term_kind kind;
	struct place at;
	const char *text;
	uint32_t asn;
	struct net_prefix prefix;
	int set;
};

struct client_set {
	const char *name;
	struct place at;
	struct client_term *terms;
	size_t term_count;
};

struct policy_region {
	const char *name;
	struct place at;
	double latitude, longitude; /* degrees */
	uint64_t jurisdictions;     /* bit i: policy->jurisdictions[i] */
	double capacity; /* queries or requests a second; 0 unstated */
	double cost;
};

/* What a vantage must be able to connect to over TCP. */
struct policy_anchor {
	struct net_addr addr; /* NET_NONE: name is used */
	const char *name;     /* lower case, without the final dot; or NULL */
	uint16_t port;
};

enum vantage_vote {
	VANTAGE_VOTES,
	VANTAGE_VETO, /* and what it sees up is not down */
	VANTAGE_MUTE, /* has none: it only measures */
};

struct policy_vantage {
	const char *name;
	struct place at;
	double latitude, longitude;
	struct policy_anchor *anchors;
	size_t anchor_count; /* 0: none stated */
	uint32_t asn; /* those of one network have one vote; 0: unstated */
	enum vantage_vote vote;
};

enum none_healthy { NONE_HEALTHY_SERVE, NONE_HEALTHY_NO_ANSWER };

/* Clients of the set may only be sent to regions within the jurisdictions. */
struct policy_residency {
	const char *name;
	struct place at;
	int clients;            /* client set */
	uint64_t jurisdictions; /* any of these */
	uint64_t regions;       /* those regions, computed */
	bool unknown_included;  /* clients of unknown place are bound too */
	enum none_healthy none_healthy;
};

enum steer {
	STEER_LATENCY,
	STEER_GEO,
	STEER_WEIGHTED,
	STEER_FAILOVER,
	STEER_COST,
	STEER_SCHEDULE,
};
enum sticky { STICKY_CLIENT, STICKY_NONE };
enum failback { FAILBACK_AUTO, FAILBACK_MANUAL, FAILBACK_WINDOW };

/* Is demand what is counted, where something is, or as the policy states? */
enum demand_from { DEMAND_FROM_COUNTED, DEMAND_FROM_POLICY };

/* Does capacity send clients on: see policy/decide/allot. */
enum spill_by { SPILL_NONE, SPILL_CAPACITY };

/* What is answered when too little is healthy: see policy/decide/panic. */
enum panic_action {
	PANIC_LAST_GOOD, /* as if nothing were down, nor coming back */
	PANIC_ALL,       /* the same, all of them alike, in no order */
	PANIC_FALLBACK,  /* one endpoint, be it up or down */
	PANIC_NO_ANSWER,
};

struct policy_endpoint {
	const char *name; /* the region's name unless the policy says more */
	struct place at;
	int region;
	uint32_t weight; /* 0..1000000, default 1 */
	uint64_t open;   /* windows of the policy, a bit each; 0: none */
	uint16_t port;   /* probed port when not the check's; 0: the check's */
	struct net_addr *a; /* NET_V4 */
	size_t a_count;
	struct net_addr *aaaa; /* NET_V6 */
	size_t aaaa_count;
	const char *cname; /* absolute, lower case, final dot: instead of
			    * addresses, at all endpoints of a service or at
			    * none; else NULL */
	/*
	 * A canary's endpoint is one more endpoint of its service, in the same
	 * region as the stable one it shadows.
	 */
	int canary;      /* index into policy->canaries, or POLICY_NONE */
	int shadows;     /* canary endpoint: the stable one's index */
	int shadowed_by; /* stable endpoint: its canary's index */
};

struct policy_ttl {
	uint32_t steady_s, changing_s;
	uint32_t jitter_pct;
};

/*
 * What a service says of its endpoints in HTTPS or SVCB records (RFC 9460),
 * one for each: all but the hints, which are the endpoint's addresses.
 */
struct policy_binding {
	struct place at;    /* line 0: the service has no such records */
	uint32_t priority;  /* 0: AliasMode, which has no parameters */
	const char *target; /* absolute, lower case; ".": the owner's name */
	const char **alpn;  /* each of 1 to 255 octets */
	size_t alpn_count;  /* 0: no alpn */
	bool no_default_alpn;
	uint16_t port;      /* 0: none */
	const uint8_t *ech; /* ECHConfigList, RFC 9848 */
	size_t ech_octets;  /* 0: no ech */
};

struct policy_expression;

struct policy_service {
	const char *name; /* as written: absolute when it ends with a dot,
			   * else relative to zones[0], or "@" */
	const char *fqdn; /* absolute, lower case, final dot */
	int zone;         /* that it is in: the longest */
	struct place at;
	enum steer steer;
	double within_ms; /* latency and geo (as milliseconds of way) */
	struct policy_ttl ttl;
	enum sticky sticky;
	uint8_t sticky_v4_bits, sticky_v6_bits; /* 24, 48 */
	uint32_t answers;                       /* endpoints per answer, 1.. */
	int check; /* POLICY_NONE: none; see policy_unmonitored().  Of several
		    * the first that counts: its latencies are the service's */
	const struct policy_expression *expression; /* NULL: check alone */
	enum failback failback;
	uint64_t failback_windows; /* of the policy, a bit each: in which it
				    * begins, when they say so */
	int64_t failback_hold_ms, failback_ramp_ms;
	int64_t failback_step_ms; /* 0: it moves all the time */
	double failback_curve;    /* (t/T)^(1/curve); 0 as 1: a line */
	double demand; /* expected, in the unit of capacities; 0: unstated */
	enum demand_from demand_from;
	enum spill_by spill;
	enum panic_action panic;
	const char *fallback_name; /* NULL: none */
	int fallback;              /* its index, or POLICY_NONE */
	struct policy_binding https, svcb;
	struct policy_endpoint *endpoints; /* in the order written; canary
					    * endpoints after all stable ones */
	size_t endpoint_count;
};

/* What a proof asks of the loss of one region: policy/review/goals. */
enum region_loss {
	REGION_LOSS_REPORTED, /* nothing */
	REGION_LOSS_SHARED,   /* that the others can carry it, somehow shared */
	REGION_LOSS_CARRIED,  /* that they do, as clients go by themselves */
};

struct policy_safety {
	uint32_t min_regions_in_service;   /* default 1 */
	uint32_t max_capacity_removed_pct; /* by commands; default 100 */
	uint32_t max_load_pct; /* of a capacity, by commands; default 100 */
	uint32_t max_capacity_opened_pct;  /* by health, see decide/budget */
	uint32_t max_capacity_at_once_pct; /* of a service; 1..100 */
	int64_t max_override_ms;           /* default 24 h */
	uint32_t max_change_pct; /* by the agent at once; see steering/surge */
	int64_t command_interval_ms; /* between two that take capacity out */
	bool force;           /* past what yields to two people, by one */
	const char **confirm; /* kinds that need a second person */
	size_t confirm_count;
	int64_t approval_within_ms; /* how long one waits for that */
	/* Clients are to be off a failed endpoint by then; 0: no goal.  See
	 * policy/language/failover. */
	int64_t failover_goal_ms;
	enum region_loss region_loss;
};

/* What a policy says about findings: see policy/language/acceptance. */
struct policy_severity {
	unsigned code; /* enum code; of a warning */
	enum severity severity;
};

struct policy_acceptance {
	struct place at;
	unsigned code;          /* enum code; of a warning */
	const char *where;      /* "services.www", or the name of a file */
	const struct tree *key; /* what that is; NULL: no key */
	const char *file;       /* where, joined with the policy's folder */
	const char *reason;
};

struct policy_review {
	struct policy_severity *severities;
	size_t severity_count;
	struct policy_acceptance *accepted;
	size_t accepted_count;
};

/* Who takes a published policy before all do: names, or a share of all. */
struct rollout_wave {
	const char **nodes;
	size_t node_count;
	uint32_t percent; /* 1..100, with the waves before; 0: by names */
	int64_t soak_ms;  /* 0: the roll-out's */
};

/* See steering/release. */
struct policy_rollout {
	struct rollout_wave *waves; /* the last wave, of all, is not in it */
	size_t wave_count;
	int64_t soak_ms, patience_ms;
	uint32_t max_failing_pct, max_change_pct;
};

enum test_expect {
	TEST_ANSWER,         /* answer: [names]: the pick is one of them */
	TEST_NEVER,          /* never: [names]: no possible pick is one */
	TEST_ALWAYS_WITHIN,  /* always_within: [jurisdictions]: for any set of
			      * failed regions every possible pick is inside */
	TEST_ALWAYS_WITHOUT, /* always_without: [names]: so, too, none is one
			      */
};

struct policy_test {
	struct place at;
	struct net_addr client; /* NET_NONE: clients is used */
	int clients;            /* client set, or POLICY_NONE */
	int service;
	uint64_t down; /* regions taken as failed */
	int64_t at_s;  /* when, since 1970; 0: it was not said */
	struct supposition supposed;
	enum test_expect expect;
	uint64_t endpoints;     /* but ALWAYS_WITHIN: bit per endpoint */
	uint64_t jurisdictions; /* ALWAYS_WITHIN */
};

struct policy_window;

struct policy {
	struct arena *arena;
	const char *directory;
	char digest[65]; /* SHA-256 in hex over names and octets of all files
			  * read but the geo databases */
	/* First that of the key "zone", if written, then those of "zones".
	 * At least one; all names differ. */
	struct policy_zone *zones;
	size_t zone_count;
	struct policy_geo geo;
	const char **jurisdictions;
	size_t jurisdiction_count;
	struct client_set *sets;
	size_t set_count;
	struct policy_region *regions;
	size_t region_count;
	struct policy_vantage *vantages;
	size_t vantage_count;
	struct policy_window *windows;
	size_t window_count;
	struct policy_check *checks;
	size_t check_count;
	struct policy_residency *residency;
	size_t residency_count;
	struct policy_service *services;
	size_t service_count;
	struct policy_canary *canaries;
	size_t canary_count;
	struct policy_safety safety;
	struct policy_verify verify;
	struct policy_review review;
	struct policy_rollout rollout;
	struct policy_test *tests;
	size_t test_count;
};

/*
 * Loads a directory, or one file.  NULL when errs has an error; errs may hold
 * warnings on success.  The caller owns the policy.
 */
struct policy *policy_load(const char *path, struct errors *errs);

/* Accepts NULL. */
void policy_free(struct policy *policy);

/* Is it of every state of the world?  Then a proof looks at it, too. */
static inline bool policy_is_always(const struct policy_test *test)
{
	return test->expect == TEST_ALWAYS_WITHIN ||
	       test->expect == TEST_ALWAYS_WITHOUT;
}

/* Is a canary measured, by whatever? */
static inline bool policy_measures(const struct policy_canary *canary)
{
	return canary->metrics.edges || canary->metrics.prometheus != NULL;
}

/* Index by name, or POLICY_NONE. */
int policy_find_service(const struct policy *policy, const char *name);
int policy_find_region(const struct policy *policy, const char *name);
int policy_find_vantage(const struct policy *policy, const char *name);
int policy_find_canary(const struct policy *policy, const char *name);
int policy_find_set(const struct policy *policy, const char *name);
int policy_find_endpoint(const struct policy_service *service,
			 const char *name);

/* The service's stable endpoints in a region: a bit each. */
uint64_t policy_stable_in(const struct policy_service *service, int region);

/*
 * What of a service a name stands for where it may be a region's or an
 * endpoint's: a region in which it has stable endpoints, or else a stable
 * endpoint.
 */
struct policy_spot {
	int region, endpoint; /* one of the two; the other is POLICY_NONE */
	uint64_t endpoints;   /* a bit each; 0: the name stands for nothing */
};
struct policy_spot policy_find_spot(const struct policy *policy,
				    const struct policy_service *service,
				    const char *name);

/* The votes that the vantages have together: one for each network. */
uint32_t policy_vote_count(const struct policy *policy);

/*
 * The zone that an absolute name, lower case and with the final dot, is in: of
 * several the longest.  POLICY_NONE when it is in none.
 */
int policy_zone_of(const struct policy *policy, const char *fqdn);

/* The records of all zones. */
size_t policy_record_count(const struct policy *policy);

/* The longest TTL in the zone at index: of its records, keys and services. */
uint32_t policy_max_ttl_s(const struct policy *policy, size_t zone);

/*
 * How many different sets of 1 to answers endpoints there are of count; more
 * than POLICY_SETS_SIGNED_MAX are counted as one more than that.
 */
size_t policy_set_count(size_t count, uint32_t answers);

/* The endpoints that have an address of the family: a bit each. */
uint64_t policy_having(const struct policy_service *service,
		       enum net_family family);

/* Are its endpoints names (CNAME) and not addresses? */
bool policy_is_alias(const struct policy_service *service);

/*
 * Why nobody's health is known to decisions, as what the service has: "no
 * check", "its check in shadow".  NULL: it is monitored.
 */
const char *policy_unmonitored(const struct policy *policy,
			       const struct policy_service *service);

/*
 * Is the order one that all clients go by, so that most are at one endpoint?
 * Then none is served by what is down while there is another.
 */
bool policy_is_list(const struct policy_service *service);

/* The words of the policy language for these. */
const char *steer_name(enum steer steer);
/* RFC 1035, 4.1.1: words by RCODE, then NULL. */
enum { POLICY_RCODES = 6 };
extern const char *const policy_rcodes[POLICY_RCODES + 1];

const char *check_type_name(enum check_type type);

#endif
