/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canaries -- every canary's rollout in a state, and what it is told of
 * health, measures and nodes.  Pure.
 */
#ifndef STEERING_CANARIES_H
#define STEERING_CANARIES_H

#include "policy/decide/view.h"
#include "steering/audit.h"
#include "steering/measure.h"
#include "steering/ramp.h"
#include "steering/registry.h"
#include "steering/state.h"

struct canaries_input {
	struct ramp_now now;
	const struct view *view; /* NULL: nothing is known */
	const struct measure
		*measures;           /* one a canary of the policy, or NULL */
	struct registry_floor acked; /* the plan that every node has */
	const char *agent;           /* who does it, for the audit */
};

/* Takes all of them on to this instant.  What it changes is told. */
void canaries_step(struct state *state, const struct canaries_input *in,
		   struct audit *audit);

/* The state is said in this plan: what was taken back is on its way. */
void canaries_given(struct state *state, uint64_t epoch, uint64_t sequence);

#endif
