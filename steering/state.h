/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state -- everything the agent decides from, between two plans: where each
 * endpoint's failback ramp is, which commands are in force, where each canary
 * stands.  All of it can be read back from a plan, but what was measured of
 * canaries since.  Pure.
 */
#ifndef STEERING_STATE_H
#define STEERING_STATE_H

#include "policy/bus/plan.h"
#include "policy/language/policy.h"
#include "steering/audit.h"
#include "steering/effect.h"
#include "steering/ramp.h"
#include "steering/rollout.h"
#include "steering/turnout.h"

#include <stdbool.h>
#include <stddef.h>

/* Of one service: see surge. */
struct surge {
	bool held;   /* it waits for a person */
	bool passed; /* one let it happen, and no plan has it yet */
	char id[COMMAND_NAME_SIZE];
	double pct;   /* of its clients */
	bool counted; /* by the demand that was counted */
	int64_t wall_since_ms;
	int64_t due_ms; /* monotonic: when it is tried again */
};

struct state {
	const struct policy *policy; /* borrowed */
	struct ramp *ramps;          /* of every endpoint, see state_ramp() */
	size_t *first;               /* of a service in ramps */
	struct turnout *turnouts;    /* as ramps; in no plan */
	struct command *commands;    /* in force, oldest first, those of newer
				      * kinds after the others, as plans have
				      * them; room for PLAN_COMMANDS_MAX */
	size_t command_count;
	struct plan_canary *canaries; /* as policy->canaries */
	struct rollout *rollouts;     /* the same; what no plan says */
	struct plan_change *changes;  /* the newest, oldest first; room for
				       * PLAN_CHANGES_MAX; see undo */
	size_t change_count;
	struct plan_spills spills; /* what capacity leaves of shares */
	struct spilling *spilling; /* by service; what no plan says */
	struct surge *surges;      /* one a service; in no plan */
};

/* All full, no command, every canary off.  False: out of memory. */
bool state_init(struct state *state, const struct policy *policy);
bool state_copy(struct state *to, const struct state *from);

/* The same, without the commands that have expired, and of which the next tick
 * will tell. */
bool state_copy_now(struct state *to, const struct state *from,
		    int64_t wall_ms);

bool state_has_expired(const struct command *command, int64_t wall_ms);
/* Accepts a zeroed one. */
void state_fini(struct state *state);

static inline struct ramp *state_ramp(const struct state *state, size_t service,
				      size_t endpoint)
{
	return &state->ramps[state->first[service] + endpoint];
}

static inline struct turnout *state_turnout(const struct state *state,
					    size_t service, size_t endpoint)
{
	return &state->turnouts[state->first[service] + endpoint];
}

static inline struct commands state_commands(const struct state *state)
{
	return (struct commands){ state->commands, state->command_count };
}

/* How the policy lets an endpoint of this service come back. */
struct ramp_limits state_limits(const struct state *state, size_t service);

/* Does what comes back wait for a person then, or for a window to open? */
bool state_waits(const struct state *state, size_t service, int64_t wall_ms);

/*
 * Goes on from a plan: what the policy does not name any more is left out, and
 * told to audit.  state was initialised.
 */
void state_adopt(struct state *state, const struct plan *plan,
		 struct ramp_now now, struct audit *audit);

/* Goes on from the state under another policy, by name; canaries that are
 * not the same rollout any more are off. */
void state_carry(struct state *state, const struct state *old,
		 struct ramp_now now, struct audit *audit);

/* Where a plan would have it. */
void state_append(struct state *state, const struct command *command);
void state_remove(struct state *state, size_t index);

#endif
