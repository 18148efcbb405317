/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orders -- what an edge goes by: the newest plan, and what a person commanded
 * of this node alone.
 *
 * An edge has no policy.  So a command's region is the endpoint of that name,
 * which is the region an endpoint is in unless the policy says another; an
 * endpoint "CANARY/ENDPOINT" is in that of ENDPOINT.
 *
 * Pure.
 */
#ifndef STEERING_EDGE_ORDERS_H
#define STEERING_EDGE_ORDERS_H

#include <stdint.h>

struct local;
struct plan;
struct plan_share;

struct orders {
	const struct plan *plan;   /* borrowed */
	const struct local *local; /* borrowed; NULL: none */
	int64_t wall_ms;           /* now: commands may ramp */
	uint64_t serial; /* another one is another plan, or other commands */
};

struct orders_word {
	const struct plan_share *row; /* the plan's, borrowed; NULL: none */
	double share;   /* of its clients that the endpoint takes, [0, 1] */
	int64_t weight; /* -1: as given at the edge */
};

/* A canary's endpoint that the plan does not name takes nobody. */
struct orders_word orders_on(const struct orders *orders, const char *service,
			     const char *endpoint);

#endif
