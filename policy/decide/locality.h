/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locality -- endpoints that cannot be reached from one part of the world.
 *
 * All vantages together may find an endpoint up while the few that are nearest
 * to some clients cannot reach it: a cut cable, a provider's broken route.  It
 * is then out for those clients alone.  As many votes must agree as the check's
 * quorum says, those of the voters that are nearest to the place; so where a
 * policy has no more than twice as many votes as the quorum less one, what they
 * say in common is always the verdict for everybody.
 *
 * Clients whose place is not known get the verdict alone.  Pure.
 */
#ifndef POLICY_DECIDE_LOCALITY_H
#define POLICY_DECIDE_LOCALITY_H

#include "policy/decide/electorate.h"
#include "policy/decide/latency.h"
#include "policy/decide/view.h"

#include <stdint.h>

/* Of one service and view, the same from every place; both are borrowed. */
struct locality {
	const struct policy *policy;
	const struct view_service *view;
	struct electorate electorate; /* only filled when some are split */
	uint32_t needed;              /* votes that have to agree */
	uint64_t split; /* endpoints on which that many may agree though they
			 * are up; a bit each; most often none */
};

struct locality locality_of(const struct policy *policy,
			    const struct view *view, size_t service);

/*
 * Endpoints that are out for clients of the place that ways are from: of
 * split, a bit each.
 */
uint64_t locality_away(const struct locality *locality,
		       const struct latency_ways *ways);

#endif
