/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report -- what one vantage says about every endpoint it probes.
 *
 * Published whole every second and on each change of a breaker, so reading a
 * new one is the same as recovering from a lost one.  JSON on the bus.  The
 * breaker's own machine is in health/; only its verdict travels.  Pure.
 */
#ifndef POLICY_BUS_REPORT_H
#define POLICY_BUS_REPORT_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	REPORT_NAME_SIZE = 64,
	REPORT_FAILURE_SIZE = 32,
	REPORT_EDGES_SIZE = 64,
	REPORT_USERS_SIZE = 192,
	REPORT_ENTRIES_MAX = 65536,
	REPORT_PARTS_MAX = 64, /* of an entry */
	REPORT_OCTETS_MAX = 16 << 20,
	REPORT_OUTAGE_MS = 3600000, /* an outage is told of for so long */
};

/* The part of its clients that an endpoint takes on trial with users. */
#define REPORT_TRICKLE 0.02

/* What the vantage holds of an endpoint. */
enum report_state {
	REPORT_UNKNOWN,   /* no probe has finished yet: abstains */
	REPORT_CLOSED,    /* up */
	REPORT_OPEN,      /* down */
	REPORT_HALF_OPEN, /* on trial: still down for everyone else */
};

/*
 * One of several checks that an endpoint's state is made of; of one that probes
 * several addresses the check as a whole, and after it each address.  For
 * people: the entry says what it makes together, and that is what votes.
 */
struct report_part {
	char check[REPORT_NAME_SIZE];
	enum report_state state; /* unknown, too, when nothing is known any more
				  */
	char failure[REPORT_FAILURE_SIZE]; /* of the last failed probe, while
					    * it fails or is not closed */
	bool failing;
	struct net_addr addr; /* of its check's several; NET_NONE: the check */
};

struct report_entry {
	char service[REPORT_NAME_SIZE];
	char endpoint[REPORT_NAME_SIZE];
	enum report_state state;
	int64_t wall_since_ms; /* when this state began */
	int64_t down_ms;       /* it was closed last so long before the report
				* was made; 0: it is, or a writer that does
				* not say */
	/*
	 * While it is closed: its last outage ended so long before the report
	 * was made, and had lasted so long.  0, 0: it has had none within
	 * REPORT_OUTAGE_MS, or none that the vantage saw.
	 */
	int64_t up_ms, outage_ms;
	int64_t wall_probed_ms; /* when the last probe ended; 0: never */
	char failure[REPORT_FAILURE_SIZE]; /* of the last failed probe:
					    * "timeout", "status-503"; "" none
					    */
	bool failing;                      /* the last probe failed */
	bool forced; /* a person at the vantage says what the state is */
	bool damped; /* flapped too often: not closed for a while, even if it
		      * passes; the state says that it is down */
	/*
	 * Open or half-open by what users met at edges, which probes did not
	 * see; when it opened, so many requests had failed of so many, at the
	 * edges named.
	 */
	bool by_users;
	bool trickle;  /* half-open, and so far well: REPORT_TRICKLE of the
			* clients may come, so that users can tell */
	bool unjudged; /* closed after that without a word of users */
	uint64_t user_requests, user_errors;
	char user_edges[REPORT_EDGES_SIZE]; /* "a, b" */
	uint32_t samples;  /* outcomes in the breaker's window */
	uint32_t failures; /* failed ones among them */
	/* Milliseconds; 0 when there is none. */
	float latency_ms; /* settled: with hysteresis, for deciding */
	float ewma_ms, p50_ms, p95_ms; /* for people */
	/*
	 * Of the last probe: resolving a name; then, from the probe's start,
	 * to the connection, the TLS handshake, the answer's first octet.
	 */
	float resolve_ms, connect_ms, tls_ms, first_byte_ms;
	/* Of the certificate then; below 0: ended; 0: none seen. */
	int64_t certificate_left_s;
	/* What the state is made of: of the report's parts; none when it is of
	 * one check, or of a writer that does not say. */
	size_t part_first, part_count;
};

struct report {
	char vantage[REPORT_NAME_SIZE];
	char policy_digest[65];
	uint64_t sequence; /* see report_follow() */
	int64_t wall_made_ms;
	bool abstains;  /* the vantage does not trust itself, or has
			 * not finished its first round */
	bool mistrusts; /* it is the former */
	/* How much longer ways around it are than great circles: 1 to 100;
	 * 0: it has too little to go by. */
	float stretch;
	struct report_entry *entries;
	size_t count;
	struct report_part *parts; /* of all entries */
	size_t part_count;
	bool sorted; /* entries are by service, endpoint: found faster */
};

/*
 * Parses octets.  NULL with err set when it is too large, malformed, has a
 * wrong type, an unknown state, an endpoint twice, or names longer than fit.
 * Unknown members are ignored (a newer writer).  The caller owns the report,
 * which is sorted.
 */
struct report *report_parse(const void *octets, size_t len, struct error *err);

/* JSON, NUL-terminated; *len without the NUL.  The caller frees it; NULL when
 * memory runs out. */
char *report_write(const struct report *report, size_t *len);

/*
 * The sequence of the report after last (0: the first), at this moment: the
 * wall clock's milliseconds, or one more than last when the clock is not beyond
 * it. So a restart goes on upwards, and so does a clock that was set right.
 */
uint64_t report_follow(uint64_t last, int64_t wall_ms);

/* Accepts NULL. */
void report_free(struct report *report);

/* Puts the entries in order of service, endpoint (strcmp(3)). */
void report_sort(struct report *report);

/* NULL when it has none for that endpoint. */
const struct report_entry *report_find(const struct report *report,
				       const char *service,
				       const char *endpoint);

/*
 * "opened by users: 37 of 412 requests failed at edges a, b", "closed unjudged:
 * no edge told of its users", or "": into buf of REPORT_USERS_SIZE, which is
 * returned.  entry NULL: "".
 */
const char *report_users_text(const struct report_entry *entry, char *buf);

/* Of two vantages' word on one endpoint, that which tells more of users; all
 * hear the same edges, so their counts do not add up.  Either may be NULL. */
const struct report_entry *report_users_more(const struct report_entry *a,
					     const struct report_entry *b);

const char *report_state_name(enum report_state state);

#endif
