/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget -- how much of a service health may take out of it by itself.
 *
 * The large outages were machines that withdrew everything at once, for a
 * reason that they all shared.  So of the endpoints that are down, those that
 * exceed the budget are deferred: known to be down, and served all the same,
 * beside those that are well, until a person drains them, others recover, or
 * time has passed.
 *
 *   safety.max_capacity_opened           of the capacity of a service's
 *                                        endpoints, at any time
 *   safety.max_capacity_opened_at_once   of it, within BUDGET_WINDOW_MS
 *
 * What is in one place is always within both: a region, or an endpoint where
 * all of them are in one region.  So is a region that is down as a whole,
 * while no other is and what is out elsewhere is at most BUDGET_PARTS_PCT of
 * the service.  So the ordinary failure, of one region, is acted on at once in
 * every service, be it of two regions, of one that has most of the capacity,
 * or where some server elsewhere has been dead for days; a budget that kept
 * clients on the one region that is dead would do more harm than good.
 *
 * It goes through the past as it was: who went down goes out at once if it
 * fits, the longest down first, else as soon as what went before has left the
 * window.  All of that follows from how long each has been down by the
 * reports' own ages, and from nothing that a reader remembers: readers that
 * have the same reports agree, whenever they started; and while nothing but
 * time passes nobody who is out comes back.
 *
 * A prober that begins anew knows only since when it has seen an endpoint down:
 * where so many do within a window that no quorum of the others is left, what
 * was out beyond max_capacity_opened_at_once waits for a window again.
 *
 * It has no say where order is a list (failover, cost, schedule): there all
 * clients are on one endpoint, and to defer is to send every one of them to
 * what is known to be down.  Pure.
 */
#ifndef POLICY_DECIDE_BUDGET_H
#define POLICY_DECIDE_BUDGET_H

#include "policy/language/policy.h"

#include <stddef.h>
#include <stdint.h>

enum { BUDGET_WINDOW_MS = 300000, BUDGET_PARTS_PCT = 25 };

/* What of a service takes clients, but for health; a bit per endpoint. */
struct budget_state {
	uint64_t serving;        /* would take clients if it were up */
	uint64_t down;           /* of these, those that are down */
	const uint32_t *down_ms; /* by endpoint: for how long, of those */
};

/* Those of state->down that are beyond the budget. */
uint64_t budget_defer(const struct policy *policy, size_t service,
		      const struct budget_state *state);

#endif
