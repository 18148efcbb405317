/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reckoning -- the demand of every service, from what responders and edges
 * count.
 *
 *   by whom    as queries are shared among the homes (steering/queries),
 *              followed over a minute; by address space while there are fewer
 *              than RECKONING_LEAST of them
 *   how much   what edges count of requests, since resolvers keep answers and
 *              queries are no measure of it; where not each endpoint is told
 *              of, no less than what the policy states; where no edge tells,
 *              what the policy states, and else nothing is known
 *
 * Of n queries, a share of them is off by no more than 0.98 / sqrt(n) at 19
 * times of 20: with a thousand, three points, about what makes shares move at
 * all (SPILLING_LEAST).  The rate followed over a minute is as good as a count
 * of two minutes.  Below half of it a service is no longer told by queries.
 *
 * A flood of queries makes no demand, but shifts it towards the home that it
 * comes from or claims to.  What bounds that:
 *
 *   - what the rate limit drops was not counted
 *   - no share is more than RECKONING_SWING times its usual one and
 *     RECKONING_ROOM beside it, nor less than the usual one by that factor;
 *     usual is what it was over RECKONING_USUAL_MS, of what was made of it: a
 *     flood moves that, too, but takes two hours to double it
 *   - `demand_from: policy` takes no notice of it
 *
 * It is the same for who writes false records of nodes on the bus.
 *
 * For RECKONING_QUIET_MS after the start, after the bus was away and after
 * another policy, not all have told: what was known stays.  A standby reckons
 * all the time, so who takes over knows it already.  Pure.
 */
#ifndef STEERING_RECKONING_H
#define STEERING_RECKONING_H

#include "policy/bus/plan_demand.h"
#include "policy/decide/demand.h"
#include "steering/queries.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counted;
struct json_t;
struct reckoned;

enum {
	RECKONING_EVERY_MS = NODE_COUNTS_EVERY_MS,
	RECKONING_QUIET_MS = 25000, /* each responder has told twice */
	RECKONING_LEAST = 1000,     /* queries */
	RECKONING_USUAL_MS = 6 * 3600000,
};
#define RECKONING_SWING 4.0
#define RECKONING_ROOM 0.05

/* Zero-initialised is empty. */
struct reckoning {
	const struct policy *policy;       /* borrowed */
	struct reckoned *services;         /* owned, as rates and sums */
	struct demand_rates *rates;        /* for the agent */
	struct queries_sum *sums;          /* scratch */
	struct counted_service *told;      /* scratch */
	struct plan_demand *demands;       /* scratch */
	int64_t quiet_until_ms, turned_ms; /* monotonic; 0: never */
	bool known;                        /* rates say something */
};

void reckoning_fini(struct reckoning *r);

/* Under another policy, borrowed from now on: what is known goes with names.
 * False: out of memory, and then nothing is known. */
bool reckoning_adopt(struct reckoning *r, const struct policy *policy,
		     int64_t now_ms);

/* Words may have been missed until now. */
void reckoning_quiet(struct reckoning *r, int64_t now_ms);

/* Once RECKONING_EVERY_MS: follows what is told.  Only while all is heard. */
void reckoning_turn(struct reckoning *r, struct queries *queries,
		    const struct counted *edges, int64_t now_ms);

/* By service; NULL: nothing is known yet.  Borrowed until the next call. */
const struct demand_rates *reckoning_rates(const struct reckoning *r);

/* What a plan tells of the services that spill by capacity; none while nothing
 * is known.  By both clocks; borrowed until the next call. */
struct plan_demand_list reckoning_demands(const struct reckoning *r,
					  int64_t now_ms, int64_t wall_ms);

/*
 * Where the demand of a service comes from, for people:
 *
 *   {"homes": "counted" | "policy", "amount": "edges" | "policy" | "unknown",
 *    "demand": D, "responders": N, "edges": N, "queries_per_s": Q,
 *    "age_ms": A, "bounded": true, "shares": {HOME: PART, ...}}
 *
 * age_ms is that of the oldest word of a responder; the home "" is nowhere.
 * A new reference; NULL when memory runs out, or there is nothing to say.
 */
struct json_t *reckoning_write(const struct reckoning *r, size_t service,
			       int64_t now_ms);

/* How many responders, and edges, its demand is made of: 0 while it is not. */
unsigned reckoning_responders(const struct reckoning *r, size_t service);
unsigned reckoning_edges(const struct reckoning *r, size_t service);

#endif
