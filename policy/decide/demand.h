/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demand -- how much each class of clients asks of a service, in the unit of
 * capacities.
 *
 * What responders and edges counted, when they tell it: by the region that is
 * nearest to the clients, of those that residency leaves them, and within it by
 * address space; or where only edges tell, by address space alone.  Else what
 * the policy states of the service, by address space; without databases every
 * class counts as one.  Pure.
 */
#ifndef POLICY_DECIDE_DEMAND_H
#define POLICY_DECIDE_DEMAND_H

#include "policy/decide/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The regions, and one for clients who have none, or whose place nobody
 * knows. */
enum { DEMAND_NOWHERE = POLICY_REGIONS_MAX, DEMAND_HOMES };

/* Of one service, a second. */
struct demand_rates {
	double home[DEMAND_HOMES]; /* by region; sum 0: nobody knows by whom */
	double whole; /* then: of all of them; 0: as the policy states */
};

/* Every class of clients that there is; NULL, 0 when none is known. */
struct demand_classes {
	const struct client_class *const *list;
	size_t count;
};

/* The home of a class whichever the service: of the regions that residency
 * leaves it, the nearest; DEMAND_NOWHERE where it is not located. */
size_t demand_home(const struct policy *policy,
		   const struct client_class *class);

/* Rates are followed over about so long: what is counted in a second says
 * little. */
enum { DEMAND_SMOOTH_MS = 60000 };

/* How far what is followed goes towards what was counted over passed_ms. */
double demand_part(int64_t passed_ms);

/*
 * What was counted over the last passed_ms, by home, into what is known: the
 * first count is taken as it is.
 */
void demand_follow(struct demand_rates *rates,
		   const struct demand_rates *counted, int64_t passed_ms);

/* Is it known by whom?  rates NULL: no. */
bool demand_is_counted(const struct demand_rates *rates);

/* What parts of clients are parts of, for people: "counted demand", "address
 * space". */
const char *demand_by(bool counted);

/*
 * From what classes weigh, in out, to what they ask by what was counted: each
 * home's among its classes as they weigh, or alike where all weigh nothing.
 */
void demand_share(const struct policy *policy, struct demand_classes classes,
		  const struct demand_rates *rates, double *out);

/*
 * By class, into out.  rates is what was counted, NULL: nothing.  False, and
 * zeros: nothing is known.
 */
bool demand_spread(const struct policy *policy, size_t service,
		   struct demand_classes classes,
		   const struct demand_rates *rates, double *out);

#endif
