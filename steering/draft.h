/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft -- the plan that a state amounts to at an instant.
 *
 * An endpoint's share is the least of what its failback ramp and the commands
 * leave; a canary's endpoint has its canary's share, less what commands take.
 * Shares are in ten-thousandths, as people read them.
 *
 * A settled draft is what remains when every ramp of today is over: what a
 * prediction compares.  Pure.
 */
#ifndef STEERING_DRAFT_H
#define STEERING_DRAFT_H

#include "steering/held.h"
#include "steering/state.h"

struct draft_when {
	struct ramp_now now;
	bool settled;
	struct plan_rum_list rum;        /* what the plan is to tell of users */
	struct plan_demand_list demands; /* of what the spills are */
	const struct held *held;         /* and of who waits; NULL: nobody */
};

/* What a plan says of one endpoint, said or not. */
struct plan_share draft_share(const struct state *state, size_t service,
			      size_t endpoint, const struct draft_when *when);

/*
 * Epoch, sequence and agent are left to the caller, who owns the plan.  NULL:
 * out of memory.
 */
struct plan *draft_plan(const struct state *state,
			const struct draft_when *when);

enum draft_change {
	DRAFT_SAME,
	DRAFT_GRADUAL, /* only shares moved, none to or from 0 */
	DRAFT_CHANGED,
};

/* Of what both say, not of who said it when. */
enum draft_change draft_compare(const struct plan *a, const struct plan *b);

#endif
