/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canary -- how far a new version has been let in, region by region, and what
 * people may do with it.
 *
 *         start             past the last step
 *   OFF ---------> RUNNING -------------------> DONE
 *    ^              |   ^  \                      |
 *    |       pause  v   |   \ abort               | abort
 *    |            PAUSED     +------> ABORTED <---+
 *    |  (resume goes back)              |
 *    +-- a policy that changed it       +-- start: RUNNING again, step one
 *
 * What happens by itself while it is RUNNING is steering/rollout's.  promote
 * goes one step on whatever is measured; before the first clients of a stage it
 * goes without the wait for healthy endpoints.  Abort is possible in every
 * state but OFF and stays until the canary is started again; after a rollback
 * by the agent a start takes another revision.  DONE must be aborted before it
 * is started over, so that a start by mistake does not throw a version that
 * carries everything back to its first percent.  Pure.
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

/* One step on, or to DONE from the last. */
void canary_advance(const struct policy_canary *canary,
		    struct plan_canary *state);

/* The acceptance in [0, 1] of its endpoint in a region: earlier stages at
 * their last percent, the current one at its step's (0 in PRECHECK), later
 * ones 0. */
double canary_share(const struct policy_canary *canary,
		    const struct plan_canary *state, int region);

/* How much of the current step's bake time is left; 0 when it is over or the
 * canary is not RUNNING. */
int64_t canary_bake_left_ms(const struct policy_canary *canary,
			    const struct plan_canary *state);

/* Its revision, "" when the policy gives it none. */
const char *canary_revision(const struct policy_canary *canary);

/* Do stage and step exist, and is it of this revision?  A state read from a
 * plan may be older than the policy. */
bool canary_state_fits(const struct policy_canary *canary,
		       const struct plan_canary *state);

/*
 * Is canary ia of policy a the same rollout as ib of b: same service, revision,
 * stages and percents, same endpoints with the same addresses?  Regions are
 * compared by name.
 */
bool canary_same(const struct policy *a, size_t ia, const struct policy *b,
		 size_t ib);

#endif
