/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/undo.h"

#include "policy/base/error.h"
#include "policy/bus/target.h"
#include "steering/canary.h"
#include "steering/rollout.h"

#include <stdio.h>
#include <string.h>

enum { MACHINE_MAX = PLAN_CHANGES_MAX / 2 };

#define NOT_FOUND SIZE_MAX

static size_t find_id(const struct state *state, const char *id)
{
	for (size_t i = 0; i < state->command_count; i++)
		if (strcmp(state->commands[i].id, id) == 0)
			return i;
	return NOT_FOUND;
}

/* What it did. */

static void note_commands(const struct state *after, const struct state *before,
			  struct plan_change *c)
{
	for (size_t i = 0; i < after->command_count; i++) {
		const char *id = after->commands[i].id;

		if (find_id(before, id) != NOT_FOUND)
			continue;
		if (c->added_count == PLAN_CHANGE_COMMANDS_MAX)
			c->partial = true;
		else
			snprintf(c->added[c->added_count++],
				 sizeof(c->added[0]), "%s", id);
	}
	for (size_t i = 0; i < before->command_count; i++) {
		if (find_id(after, before->commands[i].id) != NOT_FOUND)
			continue;
		if (c->removed_count == PLAN_CHANGE_COMMANDS_MAX)
			c->partial = true;
		else
			c->removed[c->removed_count++] = before->commands[i];
	}
}

static void note_canary(const struct state *after, const struct state *before,
			struct plan_change *c)
{
	for (size_t i = 0; i < after->policy->canary_count; i++) {
		const struct plan_canary *is = &after->canaries[i];
		const struct plan_canary *was = &before->canaries[i];

		if (is->state == was->state && is->stage == was->stage &&
		    is->step == was->step)
			continue;
		c->canary = *was;
		c->to_state = is->state;
		c->to_stage = is->stage;
		c->to_step = is->step;
		return;
	}
}

static bool was_released(const struct ramp *is, const struct ramp *was)
{
	return (was->state == RAMP_WAITING && is->state == RAMP_RISING) ||
	       (was->state == RAMP_RISING && is->state == RAMP_FULL);
}

static void note_release(const struct state *after, const struct state *before,
			 struct plan_change *c)
{
	for (size_t i = 0; i < after->policy->service_count; i++) {
		const struct policy_service *s = &after->policy->services[i];

		for (size_t j = 0; j < s->endpoint_count; j++)
			if (was_released(state_ramp(after, i, j),
					 state_ramp(before, i, j)))
				audit_text(c->released, sizeof(c->released),
					   "%s/%s", s->name,
					   s->endpoints[j].name);
	}
}

static void forget(struct state *state, size_t i)
{
	state->change_count--;
	memmove(&state->changes[i], &state->changes[i + 1],
		(state->change_count - i) * sizeof(state->changes[0]));
}

static void make_room(struct state *state)
{
	size_t machine = 0, oldest = NOT_FOUND;

	if (state->change_count < PLAN_CHANGES_MAX)
		return;
	for (size_t i = state->change_count; i-- > 0;)
		if (state->changes[i].machine) {
			machine++;
			oldest = i;
		}
	forget(state, machine >= MACHINE_MAX ? oldest : 0);
}

void undo_note(struct state *after, const struct state *before,
	       struct plan_change *change)
{
	note_commands(after, before, change);
	note_canary(after, before, change);
	note_release(after, before, change);
	if (change->added_count + change->removed_count == 0 &&
	    !change->partial && change->canary.name[0] == '\0' &&
	    change->released[0] == '\0')
		return;
	make_room(after);
	after->changes[after->change_count++] = *change;
}

static bool is_kept(const struct state *state, const char *id)
{
	for (size_t i = 0; i < state->change_count; i++)
		if (strcmp(state->changes[i].id, id) == 0)
			return true;
	return false;
}

void undo_note_machine(struct state *state, struct audit_event *event,
		       struct plan_change *change)
{
	unsigned n = 0;

	do
		audit_text(event->id, sizeof(event->id), "m-%llx-%u",
			   (unsigned long long)event->wall_ms, n++);
	while (is_kept(state, event->id));
	change->machine = true;
	change->wall_ms = event->wall_ms;
	audit_text(change->id, sizeof(change->id), "%s", event->id);
	audit_text(change->author, sizeof(change->author), "%s", event->who);
	audit_text(change->what, sizeof(change->what), "%s", event->what);
	make_room(state);
	state->changes[state->change_count++] = *change;
}

const struct plan_change *undo_find(const struct state *state, const char *id,
				    struct error *err)
{
	bool last = strcmp(id, UNDO_LAST) == 0;

	for (size_t i = state->change_count; i-- > 0;) {
		const struct plan_change *c = &state->changes[i];

		if (last ? !c->machine : strcmp(c->id, id) == 0)
			return c;
	}
	if (last)
		error_set(err, "undo: no change of a person is kept that "
			       "could be undone");
	else
		error_set(err,
			  "undo: %s is none of the last changes that are kept; "
			  "see windrose history, and windrose plans",
			  id);
	return NULL;
}

/* And back. */

/* Drain and undrain of one target are two ends of the same. */
static bool is_instead(const struct command *a, const struct command *b)
{
	bool drains =
		(a->kind == COMMAND_DRAIN || a->kind == COMMAND_UNDRAIN) &&
		(b->kind == COMMAND_DRAIN || b->kind == COMMAND_UNDRAIN);

	return (drains || a->kind == b->kind) &&
	       strcmp(a->target, b->target) == 0 &&
	       strcmp(a->clients, b->clients) == 0;
}

static bool take_away(struct state *state, const struct plan_change *c,
		      struct error *err)
{
	for (size_t i = 0; i < c->added_count; i++) {
		size_t at = find_id(state, c->added[i]);

		if (at != NOT_FOUND) {
			state_remove(state, at);
		} else if (c->removed_count == 0) {
			error_set(err,
				  "undo: %s (%s by %s) is not in force any "
				  "more",
				  c->added[i], c->what, c->author);
			return false;
		}
	}
	return true;
}

static bool may_return(const struct state *state, const struct command *c,
		       struct ramp_now now, struct error *err)
{
	struct command judged = *c;

	for (size_t i = 0; i < state->command_count; i++) {
		const struct command *other = &state->commands[i];

		if (!is_instead(c, other))
			continue;
		error_set(err,
			  "undo: %s %s (%s by %s) has taken the place of %s "
			  "since; undo that first",
			  command_kind_name(other->kind), other->target,
			  other->id, other->author, c->id);
		return false;
	}
	if (state->command_count == PLAN_COMMANDS_MAX) {
		error_set(err, "undo: too many commands are in force");
		return false;
	}
	judged.wall_made_ms = judged.over_ms = 0;
	return command_check(&judged, state->policy, now.wall_ms, err);
}

/* Those that would have ended by now have. */
static bool bring_back(struct state *state, const struct plan_change *c,
		       struct ramp_now now, struct error *err)
{
	size_t ended = 0;

	for (size_t i = 0; i < c->removed_count; i++) {
		if (state_has_expired(&c->removed[i], now.wall_ms)) {
			ended++;
			continue;
		}
		if (!may_return(state, &c->removed[i], now, err))
			return false;
		state_append(state, &c->removed[i]);
	}
	if (ended == 0 || ended < c->removed_count || c->added_count > 0)
		return true;
	error_set(err,
		  "undo: %s %s would have ended by itself meanwhile; command "
		  "it again",
		  command_kind_name(c->removed[0].kind), c->removed[0].target);
	return false;
}

/* To where it stood, and no further by itself. */
static void step_back(struct state *state, size_t canary,
		      const struct plan_canary *was, int64_t wall_ms)
{
	struct plan_canary *is = &state->canaries[canary];
	struct plan_canary back = {
		.state = CANARY_PAUSED,
		.stage = was->stage,
		.step = was->step,
		.phase = was->phase == CANARY_PRECHECK ? CANARY_PRECHECK
						       : CANARY_STEP,
		.wall_since_ms = wall_ms,
		.reason = "undo",
	};

	memcpy(back.name, is->name, sizeof(back.name));
	memcpy(back.revision, is->revision, sizeof(back.revision));
	*is = back;
	rollout_adopt(is, &state->rollouts[canary]);
}

static bool move_canary(struct state *state, const struct plan_change *c,
			struct ramp_now now, struct error *err)
{
	const struct plan_canary *was = &c->canary;
	int i = policy_find_canary(state->policy, was->name);
	struct plan_canary *is;

	if (i < 0) {
		error_set(err, "undo: the policy has no canary %s any more",
			  was->name);
		return false;
	}
	is = &state->canaries[i];
	if (is->state != c->to_state || is->stage != c->to_stage ||
	    is->step != c->to_step) {
		error_set(err,
			  "undo: canary %s has moved on: it is %s, stage %u, "
			  "step %u now",
			  was->name, plan_canary_state_name(is->state),
			  is->stage + 1, is->step + 1);
		return false;
	}
	if (is->state == CANARY_ABORTED) {
		error_set(err,
			  "undo: every node was told that canary %s takes "
			  "nobody; start it again",
			  was->name);
		return false;
	}
	if (was->state == CANARY_OFF || was->state == CANARY_ABORTED)
		return canary_command(&state->policy->canaries[i],
				      COMMAND_CANARY_ABORT, is, now.wall_ms,
				      err);
	if (was->stage == is->stage && was->step == is->step &&
	    is->state != CANARY_DONE)
		return canary_command(&state->policy->canaries[i],
				      was->state == CANARY_PAUSED
					      ? COMMAND_CANARY_PAUSE
					      : COMMAND_CANARY_RESUME,
				      is, now.wall_ms, err);
	step_back(state, (size_t)i, was, now.wall_ms);
	return true;
}

static bool hold_again(struct state *state, const struct plan_change *c,
		       struct ramp_now now, struct error *err)
{
	int service, endpoint;
	struct ramp *ramp;

	if (!target_endpoint(c->released, state->policy, &service, &endpoint)) {
		error_set(err, "undo: the policy has no %s any more",
			  c->released);
		return false;
	}
	ramp = state_ramp(state, (size_t)service, (size_t)endpoint);
	if (ramp_hold(ramp, now))
		return true;
	error_set(err, "undo: %s is %s now", c->released,
		  ramp_state_name(ramp->state));
	return false;
}

bool undo_apply(struct state *state, const char *target, struct ramp_now now,
		struct error *err)
{
	const struct plan_change *found = undo_find(state, target, err);
	struct plan_change c;

	if (found == NULL)
		return false;
	c = *found;
	if (c.partial) {
		error_set(err,
			  "undo: %s changed more commands at once than are "
			  "kept; see windrose plans, and rollback plan",
			  c.id);
		return false;
	}
	return take_away(state, &c, err) && bring_back(state, &c, now, err) &&
	       (c.canary.name[0] == '\0' || move_canary(state, &c, now, err)) &&
	       (c.released[0] == '\0' || hold_again(state, &c, now, err));
}
