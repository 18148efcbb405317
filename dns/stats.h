/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats -- what was answered, counted by each thread for itself.
 *
 * Each block has one writer and its own cache lines, so counting costs no
 * locked instruction and no shared line; sums are made when somebody asks and
 * may lag by a query or two.  Counters rise only.  What is counted of a
 * zone, or of a service in a region or from one, is found by their indices in
 * the policy,
 * and follows their names over reloads: see stats_follow().  Memory is bounded
 * by the policy's limits, and touched only where something was counted.  Pure.
 */
#ifndef DNS_STATS_H
#define DNS_STATS_H

#include "policy/decide/demand.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer_outcome;
struct stats;
struct stats_block;

enum stats_transport {
	STATS_UDP, /* by sockets */
	STATS_XDP, /* UDP, past them */
	STATS_TCP,
	STATS_DOT,
	STATS_TRANSPORTS
};

enum {
	STATS_OTHER_RCODE = 24, /* 0 to 23: RFC 6895, 2.3 */
	STATS_RCODES,
	STATS_NO_REGION = POLICY_REGIONS_MAX, /* an answer that names none */
	STATS_COLUMNS,                        /* regions, and none */
	STATS_ZONES = POLICY_ZONES_MAX + 1,   /* with the first */
};

/* What is counted beside answers; dns/metrics names each. */
enum stats_event {
	STATS_TRUNCATED,     /* answers with TC set */
	STATS_ECS,           /* answers to queries with a client subnet */
	STATS_DNSSEC_OK,     /* answers to queries with DO set */
	STATS_SILENT,        /* received, and rightly not answered */
	STATS_UNSENT,        /* answers that the kernel did not take */
	STATS_LIMITED,       /* answers dropped by the rate limit */
	STATS_SLIPPED,       /* over the limit, but sent: cut, or errors */
	STATS_ACCEPTED,      /* stream connections taken in */
	STATS_CLOSED_CLIENT, /* ended by the client */
	STATS_CLOSED_ERROR,  /* reset, or memory ran out */
	STATS_CLOSED_IDLE,   /* no whole query in time */
	STATS_CLOSED_UNREAD, /* answers not taken in time */
	STATS_CLOSED_LIMIT,  /* made room for another */
	STATS_CLOSED_STOP,   /* the responder stopped */
	STATS_EVENTS,
};

struct stats_sum {
	uint64_t answers; /* sent, all transports */
	uint64_t rcodes[STATS_TRANSPORTS][STATS_RCODES];
	uint64_t events[STATS_EVENTS];
};

/* For so many writers; NULL when memory runs out.  The caller owns it. */
struct stats *stats_new(size_t blocks);

/* Accepts NULL.  No writer may be left. */
void stats_free(struct stats *stats);

/* The i-th writer's own; borrowed. */
struct stats_block *stats_block(struct stats *stats, size_t i);

/* By the writer alone: one query answered (len > 0) or left in silence. */
void stats_count(struct stats_block *block, enum stats_transport transport,
		 const struct answer_outcome *outcome, size_t len);

/* By the writer alone: so many more of event. */
void stats_count_event(struct stats_block *block, enum stats_event event,
		       uint64_t count);

/* All by the thread that reads. */
struct stats_sum stats_sum(const struct stats *stats);
uint64_t stats_transport(const struct stats_sum *sum,
			 enum stats_transport transport);
uint64_t stats_rcode(const struct stats_sum *sum, size_t rcode);

enum { STATS_RCODE_NAME_SIZE = 24 };

/* "NXDOMAIN"; "RCODE17" where there is no word; "other".  Returns buf. */
const char *stats_rcode_name(size_t rcode, char buf[STATS_RCODE_NAME_SIZE]);

/* Answers about names in a zone: policy->zones[zone]. */
uint64_t stats_zone(const struct stats *stats, size_t zone);

/* Answers about a service, in all regions and none. */
uint64_t stats_service(const struct stats *stats, size_t service);

/* Answers about a service that named an endpoint in region, or, for
 * STATS_NO_REGION, none. */
uint64_t stats_pair(const struct stats *stats, size_t service, size_t region);

/* Answers about a service to clients of a home: see policy/decide/demand. */
uint64_t stats_home(const struct stats *stats, size_t service, size_t home);

/*
 * The policy in force is another: what was counted follows the names of
 * zones, services and regions to their new indices.  Call it when no writer
 * uses the old ones any more; what was counted by the new ones before the call,
 * for as long as publishing took, goes to whose indices they were.  What was
 * counted in a region that is gone stays in its service's sum.  False when
 * memory runs out: then all count from 0.
 */
bool stats_follow(struct stats *stats, const struct policy *before,
		  const struct policy *now);

#endif
