/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canary -- how far a new version has been let in, region by region.
 *
 *         start             promote past the last step
 *   OFF ---------> RUNNING ----------------------------> DONE
 *    ^              |   ^  \                              |
 *    |       pause  v   |   \ abort                       | abort
 *    |            PAUSED     +------> ABORTED <-----------+
 *    |  (resume goes back)              |
 *    +-- a policy that changed it       +-- start: RUNNING again, step one
 *
 * A person advances it; nothing here does by itself.  Abort is possible in
 * every state but OFF and stays until the canary is started again.  DONE must
 * be aborted before it is started over, so that a start by mistake does not
 * throw a version that carries everything back to its first percent.  Pure.
 */
#ifndef STEERING_CANARY_H
#define STEERING_CANARY_H

#include "policy/bus/plan.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * Carries a canary command out on state.  False with err set and state
 * untouched when it is not possible there.
 */
bool canary_command(const struct policy_canary *canary, enum command_kind kind,
		    struct plan_canary *state, int64_t wall_ms,
		    struct error *err);

/* The acceptance in [0, 1] of its endpoint in a region: earlier stages at
 * their last percent, the current one at its step's, later ones 0. */
double canary_share(const struct policy_canary *canary,
		    const struct plan_canary *state, int region);

/* How much of the current stage's bake time is left; 0 when it is over or the
 * canary is not RUNNING. */
int64_t canary_bake_left_ms(const struct policy_canary *canary,
			    const struct plan_canary *state, int64_t wall_ms);

/* Do stage and step exist?  A state read from a plan may be older than the
 * policy. */
bool canary_state_fits(const struct policy_canary *canary,
		       const struct plan_canary *state);

/*
 * Is canary ia of policy a the same rollout as ib of b: same service, stages
 * and percents, same endpoints with the same addresses?  Regions are compared
 * by name.
 */
bool canary_same(const struct policy *a, size_t ia, const struct policy *b,
		 size_t ib);

#endif
