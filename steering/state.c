/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/state.h"

#include "policy/base/error.h"
#include "policy/language/window.h"
#include "steering/canary.h"
#include "steering/spilling.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t endpoints_of(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->service_count; i++)
		count += policy->services[i].endpoint_count;
	return count;
}

/* One more than needed, so that nothing is not NULL. */
static bool state_alloc(struct state *state, const struct policy *policy)
{
	*state = (struct state){
		.policy = policy,
		.ramps =
			calloc(endpoints_of(policy) + 1, sizeof(*state->ramps)),
		.first = calloc(policy->service_count + 1,
				sizeof(*state->first)),
		.turnouts = calloc(endpoints_of(policy) + 1,
				   sizeof(*state->turnouts)),
		.commands = calloc(PLAN_COMMANDS_MAX, sizeof(*state->commands)),
		.canaries = calloc(policy->canary_count + 1,
				   sizeof(*state->canaries)),
		.rollouts = calloc(policy->canary_count + 1,
				   sizeof(*state->rollouts)),
		.changes = calloc(PLAN_CHANGES_MAX, sizeof(*state->changes)),
		.spilling = calloc(policy->service_count + 1,
				   sizeof(*state->spilling)),
		.surges = calloc(policy->service_count + 1,
				 sizeof(*state->surges)),
	};
	if (state->ramps != NULL && state->first != NULL &&
	    state->turnouts != NULL && state->commands != NULL &&
	    state->canaries != NULL && state->rollouts != NULL &&
	    state->changes != NULL && state->spilling != NULL &&
	    state->surges != NULL)
		return true;
	state_fini(state);
	return false;
}

static void init_canary(struct plan_canary *c, const struct policy_canary *of)
{
	audit_text(c->name, sizeof(c->name), "%s", of->name);
	audit_text(c->revision, sizeof(c->revision), "%s", canary_revision(of));
}

bool state_init(struct state *state, const struct policy *policy)
{
	size_t at = 0;

	if (!state_alloc(state, policy))
		return false;
	for (size_t i = 0; i < policy->service_count; i++) {
		state->first[i] = at;
		at += policy->services[i].endpoint_count;
	}
	for (size_t i = 0; i < policy->canary_count; i++)
		init_canary(&state->canaries[i], &policy->canaries[i]);
	return true;
}

static void take_changes(struct state *to, const struct plan_change *changes,
			 size_t count)
{
	to->change_count = count;
	if (count > 0)
		memcpy(to->changes, changes, count * sizeof(*changes));
}

bool state_copy(struct state *to, const struct state *from)
{
	const struct policy *policy = from->policy;

	if (!state_alloc(to, policy))
		return false;
	memcpy(to->ramps, from->ramps,
	       endpoints_of(policy) * sizeof(*to->ramps));
	memcpy(to->turnouts, from->turnouts,
	       endpoints_of(policy) * sizeof(*to->turnouts));
	memcpy(to->first, from->first,
	       policy->service_count * sizeof(*to->first));
	memcpy(to->commands, from->commands,
	       from->command_count * sizeof(*to->commands));
	memcpy(to->canaries, from->canaries,
	       policy->canary_count * sizeof(*to->canaries));
	memcpy(to->rollouts, from->rollouts,
	       policy->canary_count * sizeof(*to->rollouts));
	memcpy(to->spilling, from->spilling,
	       policy->service_count * sizeof(*to->spilling));
	memcpy(to->surges, from->surges,
	       policy->service_count * sizeof(*to->surges));
	to->command_count = from->command_count;
	take_changes(to, from->changes, from->change_count);
	if (plan_spills_copy(&to->spills, &from->spills))
		return true;
	state_fini(to);
	return false;
}

void state_fini(struct state *state)
{
	free(state->ramps);
	free(state->first);
	free(state->turnouts);
	free(state->commands);
	free(state->canaries);
	free(state->rollouts);
	free(state->changes);
	plan_spills_fini(&state->spills);
	free(state->spilling);
	free(state->surges);
	*state = (struct state){ 0 };
}

struct ramp_limits state_limits(const struct state *state, size_t service)
{
	return ramp_limits_of(&state->policy->services[service]);
}

bool state_waits(const struct state *state, size_t service, int64_t wall_ms)
{
	const struct policy_service *s = &state->policy->services[service];

	switch (s->failback) {
	case FAILBACK_AUTO:
		return false;
	case FAILBACK_MANUAL:
		return true;
	case FAILBACK_WINDOW:
		return !window_any_open(state->policy, s->failback_windows,
					wall_ms / 1000);
	}
	return false;
}

void state_append(struct state *state, const struct command *command)
{
	size_t at = state->command_count++;

	assert(at < PLAN_COMMANDS_MAX);
	while (!command_is_newer(command->kind) && at > 0 &&
	       command_is_newer(state->commands[at - 1].kind)) {
		state->commands[at] = state->commands[at - 1];
		at--;
	}
	state->commands[at] = *command;
}

void state_remove(struct state *state, size_t index)
{
	state->command_count--;
	memmove(&state->commands[index], &state->commands[index + 1],
		(state->command_count - index) * sizeof(*state->commands));
}

bool state_has_expired(const struct command *command, int64_t wall_ms)
{
	return command->wall_expires_ms != 0 &&
	       command->wall_expires_ms <= wall_ms;
}

bool state_copy_now(struct state *to, const struct state *from, int64_t wall_ms)
{
	if (!state_copy(to, from))
		return false;
	for (size_t i = to->command_count; i-- > 0;)
		if (state_has_expired(&to->commands[i], wall_ms))
			state_remove(to, i);
	return true;
}

static void tell_dropped(struct audit *audit, const struct command *c,
			 const char *why, int64_t wall_ms)
{
	struct audit_event event = { .wall_ms = wall_ms };

	audit_text(event.kind, sizeof(event.kind), "dropped");
	audit_text(event.id, sizeof(event.id), "%s", c->id);
	audit_text(event.who, sizeof(event.who), "%s", c->author);
	audit_text(event.what, sizeof(event.what), "%s %s", command_verb(c),
		   c->target);
	audit_text(event.why, sizeof(event.why), "%s", why);
	audit_add(audit, &event);
}

/*
 * The times of a command in force were judged when it was accepted; under a
 * shorter safety.max_override it lasts no longer than that from now on.
 */
static void take_command(struct state *state, const struct command *command,
			 int64_t wall_ms, struct audit *audit)
{
	int64_t most_ms = state->policy->safety.max_override_ms;
	struct command c = *command;
	struct command judged;
	struct error err;

	if (state_has_expired(&c, wall_ms)) {
		tell_dropped(audit, &c, "it has expired", wall_ms);
		return;
	}
	if (c.wall_expires_ms - wall_ms > most_ms)
		c.wall_expires_ms = wall_ms + most_ms;
	judged = c;
	judged.wall_made_ms = 0;
	judged.over_ms = 0;
	if (!command_check(&judged, state->policy, wall_ms, &err)) {
		tell_dropped(audit, &c, err.text, wall_ms);
		return;
	}
	state_append(state, &c);
}

static void tell_canary(struct audit *audit, const struct plan_canary *c,
			const char *why, int64_t wall_ms)
{
	struct audit_event event = { .wall_ms = wall_ms };

	audit_text(event.kind, sizeof(event.kind), "canary");
	audit_text(event.what, sizeof(event.what), "canary %s is off", c->name);
	audit_text(event.why, sizeof(event.why), "%s", why);
	audit_text(event.before, sizeof(event.before), "%s, stage %u, step %u",
		   plan_canary_state_name(c->state), c->stage + 1, c->step + 1);
	audit_add(audit, &event);
}

static void adopt_share(struct state *state, const struct plan *plan,
			const struct plan_share *share, struct ramp_now now)
{
	int service = policy_find_service(state->policy, share->service);
	const struct policy_service *s;
	struct ramp_limits limits;
	int endpoint;

	if (service < 0)
		return;
	limits = state_limits(state, (size_t)service);
	s = &state->policy->services[service];
	endpoint = policy_find_endpoint(s, share->endpoint);
	if (endpoint < 0 || s->endpoints[endpoint].canary != POLICY_NONE ||
	    policy_unmonitored(state->policy, s) != NULL)
		return;
	*state_ramp(state, (size_t)service, (size_t)endpoint) =
		ramp_adopt(share, &limits, plan->wall_made_ms, now);
}

/* A rollback that the plan has is in it. */
static void adopt_canary(struct state *state, const struct plan *plan,
			 const struct plan_canary *c, int64_t wall_ms,
			 struct audit *audit)
{
	int i = policy_find_canary(state->policy, c->name);

	if (i < 0 || !canary_state_fits(&state->policy->canaries[i], c)) {
		tell_canary(audit, c, "the policy changed it", wall_ms);
		return;
	}
	state->canaries[i] = *c;
	rollout_adopt(&state->canaries[i], &state->rollouts[i]);
	state->rollouts[i].back_epoch = plan->epoch;
	state->rollouts[i].back_sequence = plan->sequence;
}

/* Of services that spill; out of memory, none: they are found again. */
static void take_spills(struct state *state, const struct plan_spills *from)
{
	if (!plan_spills_init(&state->spills, from->count, from->part_count))
		return;
	for (size_t i = 0; i < from->count; i++) {
		const struct plan_spill *s = &from->list[i];
		int service = policy_find_service(state->policy, s->service);

		if (service < 0 ||
		    state->policy->services[service].spill != SPILL_CAPACITY)
			continue;
		plan_spills_add(&state->spills, s->service, s->home);
		for (size_t k = 0; k < s->count; k++)
			plan_spills_put(&state->spills, s->parts[k].endpoint,
					s->parts[k].share);
	}
}

void state_adopt(struct state *state, const struct plan *plan,
		 struct ramp_now now, struct audit *audit)
{
	take_spills(state, &plan->spills);
	for (size_t i = 0; i < plan->share_count; i++)
		adopt_share(state, plan, &plan->shares[i], now);
	for (size_t i = 0; i < plan->command_count; i++)
		take_command(state, &plan->commands[i], now.wall_ms, audit);
	for (size_t i = 0; i < plan->canary_count; i++)
		adopt_canary(state, plan, &plan->canaries[i], now.wall_ms,
			     audit);
	take_changes(state, plan->changes, plan->change_count);
}

static void carry_ramps(struct state *state, const struct state *old,
			size_t service)
{
	const struct policy_service *s = &state->policy->services[service];
	int from = policy_find_service(old->policy, s->name);

	if (from < 0 || policy_unmonitored(state->policy, s) != NULL)
		return;
	for (size_t i = 0; i < s->endpoint_count; i++) {
		int e = policy_find_endpoint(&old->policy->services[from],
					     s->endpoints[i].name);

		if (e >= 0 && s->endpoints[i].canary == POLICY_NONE)
			*state_ramp(state, service, i) =
				*state_ramp(old, (size_t)from, (size_t)e);
	}
}

void state_carry(struct state *state, const struct state *old,
		 struct ramp_now now, struct audit *audit)
{
	take_changes(state, old->changes, old->change_count);
	take_spills(state, &old->spills);
	for (size_t i = 0; i < state->policy->service_count; i++)
		carry_ramps(state, old, i);
	for (size_t i = 0; i < old->command_count; i++)
		take_command(state, &old->commands[i], now.wall_ms, audit);
	for (size_t i = 0; i < old->policy->canary_count; i++) {
		const struct plan_canary *c = &old->canaries[i];
		int j = policy_find_canary(state->policy, c->name);

		if (j >= 0 &&
		    canary_same(old->policy, i, state->policy, (size_t)j)) {
			state->canaries[j] = *c;
			state->rollouts[j] = old->rollouts[i];
			state->rollouts[j].base.number = 0;
		} else if (c->state != CANARY_OFF)
			tell_canary(audit, c, "the policy changed it",
				    now.wall_ms);
	}
}
