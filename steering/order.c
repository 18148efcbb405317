/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/order.h"

#include "policy/base/error.h"
#include "policy/bus/target.h"
#include "steering/canary.h"
#include "steering/generations.h"
#include "steering/surge.h"
#include "steering/undo.h"

#include <string.h>

#define NOT_FOUND SIZE_MAX

static size_t find_command(const struct state *state, enum command_kind kind,
			   const char *target)
{
	for (size_t i = 0; i < state->command_count; i++)
		if (state->commands[i].kind == kind &&
		    strcmp(state->commands[i].target, target) == 0)
			return i;
	return NOT_FOUND;
}

/* What a drain or undrain leaves of its target now. */
static double target_share(const struct state *state, const struct command *c,
			   int64_t wall_ms)
{
	const struct policy *policy = state->policy;
	double least = 1;

	for (size_t i = 0; i < policy->service_count; i++)
		for (size_t j = 0; j < policy->services[i].endpoint_count;
		     j++) {
			double share = effect_share(c, policy, i, j, wall_ms);

			least = share < least ? share : least;
		}
	return least;
}

/*
 * Ends what drains or undrains this target and says in *share what it left.
 * False when nothing does.
 */
static bool end_drain(struct state *state, const char *target, int64_t wall_ms,
		      double *share)
{
	size_t i = find_command(state, COMMAND_DRAIN, target);

	if (i == NOT_FOUND)
		i = find_command(state, COMMAND_UNDRAIN, target);
	if (i == NOT_FOUND)
		return false;
	*share = target_share(state, &state->commands[i], wall_ms);
	state_remove(state, i);
	return true;
}

/*
 * The command begins now whatever the sender's clock says, less the part of
 * its way that is behind it already.
 */
static int64_t begun_wall_ms(const struct command *c, double done,
			     int64_t wall_ms)
{
	int64_t begun_ms = wall_ms - (int64_t)(done * (double)c->over_ms);

	return begun_ms > 0 ? begun_ms : 0;
}

static bool apply_drain(struct state *state, const struct command *command,
			struct ramp_now now, struct error *err)
{
	struct command c = *command;
	double share = 1;

	(void)err;
	end_drain(state, c.target, now.wall_ms, &share);
	c.wall_made_ms = begun_wall_ms(&c, 1 - share, now.wall_ms);
	state_append(state, &c);
	return true;
}

static bool release(struct state *state, const struct command *command,
		    struct ramp_now now, struct error *err)
{
	struct ramp *ramp;
	int s, e;

	if (!target_endpoint(command->target, state->policy, &s, &e)) {
		error_set(err, "undrain: %s is not drained", command->target);
		return false;
	}
	ramp = state_ramp(state, (size_t)s, (size_t)e);
	if (command->over_ms != 0 && ramp->state != RAMP_FULL) {
		error_set(err,
			  "undrain: %s comes back after an outage at its "
			  "policy's pace; leave --over out",
			  command->target);
		return false;
	}
	if (ramp_release(ramp, now))
		return true;
	error_set(err, "undrain: %s is %s", command->target,
		  ramp->state == RAMP_DOWN
			  ? "down; it comes back when it is healthy"
			  : "neither drained by that name nor held");
	return false;
}

static bool apply_undrain(struct state *state, const struct command *command,
			  struct ramp_now now, struct error *err)
{
	struct command c = *command;
	double share;

	if (!end_drain(state, c.target, now.wall_ms, &share))
		return release(state, command, now, err);
	if (c.over_ms == 0 || share >= 1)
		return true;
	c.wall_made_ms = begun_wall_ms(&c, share, now.wall_ms);
	c.wall_expires_ms = c.wall_made_ms + c.over_ms;
	state_append(state, &c);
	return true;
}

static bool apply_replacing(struct state *state, const struct command *command,
			    struct ramp_now now, struct error *err)
{
	size_t i = find_command(state, command->kind, command->target);

	(void)now, (void)err;
	if (i != NOT_FOUND)
		state_remove(state, i);
	state_append(state, command);
	return true;
}

/* One a service and set. */
static bool apply_pin(struct state *state, const struct command *command,
		      struct ramp_now now, struct error *err)
{
	(void)now, (void)err;
	for (size_t i = state->command_count; i-- > 0;) {
		const struct command *c = &state->commands[i];

		if (c->kind == COMMAND_PIN &&
		    strcmp(c->target, command->target) == 0 &&
		    strcmp(c->clients, command->clients) == 0)
			state_remove(state, i);
	}
	state_append(state, command);
	return true;
}

static bool apply_cancel(struct state *state, const struct command *command,
			 struct ramp_now now, struct error *err)
{
	(void)now;
	for (size_t i = 0; i < state->command_count; i++) {
		const struct command *c = &state->commands[i];

		if (strcmp(c->id, command->target) != 0)
			continue;
		if (c->kind == COMMAND_DRAIN || c->kind == COMMAND_UNDRAIN) {
			error_set(err, "cancel: %s is a drain; undrain %s",
				  c->id, c->target);
			return false;
		}
		state_remove(state, i);
		return true;
	}
	error_set(err, "cancel: no command %s is in force", command->target);
	return false;
}

static bool apply_unfreeze(struct state *state, const struct command *command,
			   struct ramp_now now, struct error *err)
{
	size_t i = find_command(state, COMMAND_FREEZE, command->target);

	(void)now;
	if (i == NOT_FOUND) {
		error_set(err, "unfreeze: %s is not frozen by that name",
			  command->target);
		return false;
	}
	state_remove(state, i);
	return true;
}

static bool apply_canary(struct state *state, const struct command *command,
			 struct ramp_now now, struct error *err)
{
	int i = policy_find_canary(state->policy, command->target);

	return canary_command(&state->policy->canaries[i], command->kind,
			      &state->canaries[i], now.wall_ms, err);
}

/*
 * The commands that were in force then, as far as they have not ended since
 * and the policy still knows what they are about, and no others.  Ramps and
 * canaries stay where they are: what is healthy is known better now, and a
 * canary has a way back of its own.
 */
static bool roll_back(struct state *state, const struct plan *to,
		      struct ramp_now now, struct error *err)
{
	struct audit dropped = { .list = NULL };
	struct state then;
	bool same;

	if (!state_init(&then, state->policy)) {
		error_set(err, "out of memory");
		return false;
	}
	state_adopt(&then, to, now, &dropped);
	audit_fini(&dropped);
	same = then.command_count == state->command_count;
	for (size_t i = 0; same && i < then.command_count; i++)
		same = strcmp(then.commands[i].id, state->commands[i].id) == 0;
	if (!same) {
		state->command_count = then.command_count;
		memcpy(state->commands, then.commands,
		       then.command_count * sizeof(*state->commands));
	} else {
		error_set(err,
			  "rollback: what plan %llu/%llu decided and has not "
			  "ended is in force, and nothing else",
			  (unsigned long long)to->epoch,
			  (unsigned long long)to->sequence);
	}
	state_fini(&then);
	return !same;
}

/* What people command is approved before it comes here. */
static bool apply_approve(struct state *state, const struct command *command,
			  struct ramp_now now, struct error *err)
{
	(void)now;
	if (surge_approve(state, command->target))
		return true;
	error_set(err, "approve: no command %s waits for approval here",
		  command->target);
	return false;
}

typedef bool apply(struct state *state, const struct command *command,
		   struct ramp_now now, struct error *err);

/* clang-format off */
static apply *const applies[] = {
	[COMMAND_DRAIN]          = apply_drain,
	[COMMAND_UNDRAIN]        = apply_undrain,
	[COMMAND_FAILOVER]       = apply_replacing,
	[COMMAND_WEIGHT]         = apply_replacing,
	[COMMAND_CANCEL]         = apply_cancel,
	[COMMAND_ROLLBACK]       = NULL, /* see roll_back() */
	[COMMAND_CANARY_START]   = apply_canary,
	[COMMAND_CANARY_PROMOTE] = apply_canary,
	[COMMAND_CANARY_PAUSE]   = apply_canary,
	[COMMAND_CANARY_RESUME]  = apply_canary,
	[COMMAND_CANARY_ABORT]   = apply_canary,
	[COMMAND_APPROVE]        = apply_approve,
	[COMMAND_FREEZE]         = apply_replacing,
	[COMMAND_UNFREEZE]       = apply_unfreeze,
	[COMMAND_UNDO]           = NULL, /* see undo_apply() */
	[COMMAND_PIN]            = apply_pin,
};
/* clang-format on */

_Static_assert(sizeof(applies) / sizeof(applies[0]) == COMMAND_PIN + 1,
	       "a way to carry out each kind");

bool order_apply(struct state *state, const struct command *command,
		 const struct generations *past, struct ramp_now now,
		 struct error *err)
{
	const struct plan *to;

	if (command->kind == COMMAND_UNDO)
		return undo_apply(state, command->target, now, err);
	if (command->kind == COMMAND_ROLLBACK) {
		to = generations_find(past, command->target, err);
		return to != NULL && roll_back(state, to, now, err);
	}
	if (state->command_count >= PLAN_COMMANDS_MAX - 1) {
		error_set(err,
			  "%d commands are in force, which is the limit; end "
			  "some first",
			  PLAN_COMMANDS_MAX - 1);
		return false;
	}
	return applies[command->kind](state, command, now, err);
}
