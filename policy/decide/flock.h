/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flock -- clients whom capacity sends elsewhere together.
 *
 * An endpoint that is full passes clients on (policy/decide/allot says which
 * part of whom).  Were it the same part of all, those who are free would not
 * make room for those whom residency binds to it, nor those from far away for
 * those who are at home there.  So acceptance is told apart by what never
 * changes about a client: which of the service's stable endpoints residency
 * leaves him, and which of these is nearest to him, his home.  Neither health
 * nor latency nor commands make a client change flocks.  Where the service
 * orders by no distance, or the client's place is not known, there is no home.
 *
 * A flock only takes shares of what the chain left; it adds nothing, and where
 * it would leave nothing it is not looked at (policy/decide/chain).  Pure.
 */
#ifndef POLICY_DECIDE_FLOCK_H
#define POLICY_DECIDE_FLOCK_H

#include "policy/bus/plan_demand.h"
#include "policy/bus/plan_spill.h"
#include "policy/decide/tiers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view;
struct view_service;

#define FLOCK_NO_HOME UINT8_MAX

struct flock {
	uint64_t among; /* endpoints that residency leaves: a bit each */
	uint8_t home;   /* one of these, or FLOCK_NO_HOME */
	const uint32_t *accept; /* by endpoint of the service */
};

/*
 * The home of clients at a place (ways; NULL: not known) to whom residency
 * leaves these endpoints.
 */
uint8_t flock_home(const struct tiers_ground *ground,
		   const struct latency_ways *ways, uint64_t among);

/* What the view's plan says of these clients, by endpoint; NULL: nothing, they
 * are taken as shares say. */
const uint32_t *flock_find(const struct view_service *service, uint64_t among,
			   uint8_t home);

/*
 * Puts what a plan says (NULL: nothing) into a view, in whose arena it is kept.
 * A spill that names what the policy does not have is left out.  False: out of
 * memory.
 */
bool flocks_fill(struct view *view, const struct plan_spills *spills);

/* The same of one service, by what a node says of it. */
bool flocks_fill_service(struct view *view, size_t service,
			 const struct plan_spills *spills);

/* What these are of, as a plan says it, into a view, which copies it.  False:
 * out of memory. */
bool flocks_fill_demands(struct view *view, struct plan_demand_list demands);

/* Does a service take the same parts of the same clients in both? */
bool flocks_same(const struct view_service *a, const struct view_service *b,
		 size_t endpoint_count);

/* What a view's service says, under the names of its policy: out is the
 * caller's.  False: out of memory. */
bool flocks_tell(const struct view *view, size_t service,
		 struct plan_spills *out);

#endif
