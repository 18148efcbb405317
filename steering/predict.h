/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict -- where a change would send how much of the clients.
 *
 * "How much" is what was counted, by the homes of clients, where it is
 * (policy/decide/demand), and within a home address space: /24s of IPv4 that
 * the databases know, and /48s of IPv6, apart.  Where nothing was counted
 * address space is the only measure of demand there is before anyone asks;
 * without databases every class of clients counts as one.  For each class of
 * clients the row before and the row after are decided by the responder's own
 * chain, and the clients inside a row that is a draw by the responder's own
 * hash, so residency, health, tiers, weights, ramps and canaries are all in it.
 *
 * A row that is no draw is exact.  In one that is, PREDICT_DRAWS clients are
 * drawn, the same before and after, so that only those count as moved who
 * move; one row is then off by 0.8 points (one standard deviation) at most,
 * and a sum over rows, which draw other clients each, by less.  A canary's
 * clients count where they went: to the region of its endpoint.
 *
 * At most PREDICT_ROWS_MAX rows are decided; beyond that the classes with the
 * most address space are taken, and covered_pct says how much that is.  Pure.
 */
#ifndef STEERING_PREDICT_H
#define STEERING_PREDICT_H

#include "policy/decide/view.h"
#include "steering/burden.h"
#include "steering/guard.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json_t;

enum { PREDICT_DRAWS = 4096, PREDICT_ROWS_MAX = 200000 };

/* Percent of the clients, of one family. */
struct predict_family {
	double before[POLICY_REGIONS_MAX]; /* by region */
	double after[POLICY_REGIONS_MAX];
	double none_before, none_after; /* get no answer */
	double moved;   /* get an endpoint that they did not get before */
	double covered; /* of all clients; the above are of this part */
};

struct predict_service {
	size_t service; /* index in the policy */
	struct predict_family v4, v6;
	bool counted; /* by what was counted; else by address space */
	struct burden before, after; /* unknown, but for predict_loads() */
};

struct prediction {
	const struct policy *policy;      /* borrowed */
	struct predict_service *services; /* whose view differs; owned */
	size_t count;
};

/* Both of the same policy, classes and rates.  False with err set: out of
 * memory. */
bool predict_of(const struct burden_case *before,
		const struct burden_case *after, struct prediction *out,
		struct error *err);
/*
 * Adds what the endpoints of each service have to carry in both views.  False
 * with err set: out of memory.
 */
bool predict_loads(struct prediction *prediction,
		   const struct burden_case *before,
		   const struct burden_case *after, struct error *err);

void prediction_fini(struct prediction *prediction);

/* JSON for people's programs; a new reference, NULL when memory runs out. */
struct json_t *prediction_write(const struct prediction *prediction);

#endif
