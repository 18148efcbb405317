/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/agent.h"

#include "policy/base/error.h"
#include "steering/describe.h"
#include "steering/draft.h"
#include "steering/failback.h"
#include "steering/freeze.h"
#include "steering/order.h"
#include "steering/pause.h"
#include "steering/recent.h"
#include "steering/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct agent {
	const struct policy *policy; /* borrowed */
	char name[PLAN_NAME_SIZE];
	struct state state;
	struct audit audit;
	struct recent recent;
	struct plan *last;       /* given out or adopted; NULL: none */
	uint64_t epoch;          /* highest seen */
	uint64_t sequence;       /* of the last one given out or adopted */
	bool silent;             /* nothing was given out since the adoption */
	int64_t published_ms;    /* monotonic, of last */
	int64_t ticked_ms;       /* monotonic */
	int64_t wall_adopted_ms; /* when the adopted plan was made */
	char trouble[240];
};

struct agent *agent_new(const struct policy *policy, const char *name)
{
	struct agent *agent = calloc(1, sizeof(*agent));

	if (agent == NULL)
		return NULL;
	agent->policy = policy;
	agent->silent = true;
	audit_text(agent->name, sizeof(agent->name), "%s", name);
	if (state_init(&agent->state, policy))
		return agent;
	free(agent);
	return NULL;
}

void agent_free(struct agent *agent)
{
	if (agent == NULL)
		return;
	state_fini(&agent->state);
	audit_fini(&agent->audit);
	plan_free(agent->last);
	free(agent);
}

uint64_t agent_epoch(const struct agent *agent)
{
	return agent->epoch;
}

struct audit *agent_audit(struct agent *agent)
{
	return &agent->audit;
}

const struct plan_canary *agent_canaries(const struct agent *agent)
{
	return agent->state.canaries;
}

const char *agent_trouble(const struct agent *agent)
{
	return agent->trouble;
}

enum ramp_state agent_ramp_state(const struct agent *agent, size_t service,
				 size_t endpoint)
{
	return state_ramp(&agent->state, service, endpoint)->state;
}

bool agent_adopt(struct agent *agent, const struct plan *plan,
		 struct ramp_now now)
{
	struct plan *copy = plan == NULL ? NULL : plan_copy(plan);
	struct state state;

	if ((plan != NULL && copy == NULL) ||
	    !state_init(&state, agent->policy)) {
		plan_free(copy);
		return false;
	}
	audit_clear(&agent->audit);
	if (plan != NULL) {
		state_adopt(&state, plan, now, &agent->audit);
		agent->wall_adopted_ms = plan->wall_made_ms;
		if (plan->epoch > agent->epoch)
			agent->epoch = plan->epoch;
		if (plan->sequence > agent->sequence)
			agent->sequence = plan->sequence;
	}
	state_fini(&agent->state);
	agent->state = state;
	plan_free(agent->last);
	agent->last = copy;
	agent->silent = true;
	return true;
}

bool agent_reload(struct agent *agent, const struct policy *policy,
		  struct ramp_now now)
{
	struct state state;

	if (!state_init(&state, policy))
		return false;
	state_carry(&state, &agent->state, now, &agent->audit);
	state_fini(&agent->state);
	agent->state = state;
	agent->policy = policy;
	return true;
}

/* Commands. */

static bool is_in_force(const struct agent *agent, const char *id)
{
	for (size_t i = 0; i < agent->state.command_count; i++)
		if (strcmp(agent->state.commands[i].id, id) == 0)
			return true;
	return false;
}

static bool is_fresh(const struct agent *agent, const struct command *c,
		     int64_t wall_ms, struct error *err)
{
	int64_t age_ms = wall_ms - c->wall_made_ms;
	const char *name = command_kind_name(c->kind);

	if (age_ms > AGENT_FRESH_MS || age_ms < -AGENT_FRESH_MS) {
		error_set(err, "%s: made %lld s %s; commands are good for %d s",
			  name,
			  (long long)(age_ms < 0 ? -age_ms : age_ms) / 1000,
			  age_ms < 0 ? "in the future" : "ago",
			  AGENT_FRESH_MS / 1000);
		return false;
	}
	if (recent_find(&agent->recent, c->id)) {
		error_set(err, "%s: command %s has been seen before", name,
			  c->id);
		return false;
	}
	if (c->wall_made_ms < agent->wall_adopted_ms) {
		error_set(err,
			  "%s: made %lld s before this agent took over; send "
			  "it again, and look at the clocks if that fails",
			  name,
			  (long long)(agent->wall_adopted_ms - c->wall_made_ms +
				      999) /
				  1000);
		return false;
	}
	return true;
}

static bool is_guarded(enum command_kind kind)
{
	return kind == COMMAND_DRAIN || kind == COMMAND_FAILOVER ||
	       kind == COMMAND_WEIGHT || kind == COMMAND_ROLLBACK;
}

/* The state with the command carried out.  False with err set. */
static bool may_try(const struct agent *agent, const struct command *c,
		    const struct agent_input *in, struct error *err)
{
	if (!command_check(c, agent->policy, in->now.wall_ms, err) ||
	    !pause_allows(c, agent->policy, in->view, err) ||
	    !freeze_allows(c, state_commands(&agent->state), agent->policy,
			   in->now.wall_ms, err))
		return false;
	if (is_in_force(agent, c->id)) {
		error_set(err, "%s: command %s has been seen before",
			  command_kind_name(c->kind), c->id);
		return false;
	}
	return in->repeats || is_fresh(agent, c, in->now.wall_ms, err);
}

/* What a command would make of the state. */
struct change {
	struct state before, after;
};

static void change_fini(struct change *change)
{
	state_fini(&change->before);
	state_fini(&change->after);
}

static bool change_make(const struct agent *agent, const struct command *c,
			const struct agent_input *in, struct change *out,
			struct error *err)
{
	*out = (struct change){ .before = { 0 } };
	if (!may_try(agent, c, in, err))
		return false;
	if (!state_copy_now(&out->before, &agent->state, in->now.wall_ms) ||
	    !state_copy(&out->after, &out->before))
		error_set(err, "out of memory");
	else if (order_apply(&out->after, c, in->past, in->now, err))
		return true;
	change_fini(out);
	return false;
}

static struct guard_case case_of(const struct agent_input *in,
				 const struct change *change)
{
	return (struct guard_case){
		.policy = change->before.policy,
		.view = in->view,
		.before = state_commands(&change->before),
		.after = state_commands(&change->after),
		.classes = in->classes,
		.wall_ms = in->now.wall_ms,
		.approved = in->approved,
	};
}

static bool judge(const struct command *c, const struct guard_case *g,
		  struct error *err)
{
	return !is_guarded(c->kind) || guard_check(g, err);
}

void agent_refuse(struct agent *agent, const struct command *command,
		  int64_t wall_ms, const struct error *err)
{
	struct audit_event event = describe_command(command, wall_ms);

	audit_text(event.kind, sizeof(event.kind), "refused");
	audit_text(event.after, sizeof(event.after), "%s", err->text);
	audit_add(&agent->audit, &event);
}

static void expire_commands(struct agent *agent, int64_t wall_ms)
{
	for (size_t i = agent->state.command_count; i-- > 0;) {
		const struct command c = agent->state.commands[i];
		struct audit_event event;

		if (!state_has_expired(&c, wall_ms))
			continue;
		event = describe_command(&c, wall_ms);
		audit_text(event.kind, sizeof(event.kind), "expired");
		audit_add(&agent->audit, &event);
		state_remove(&agent->state, i);
	}
}

bool agent_command(struct agent *agent, const struct command *command,
		   const struct agent_input *in, struct error *err)
{
	struct audit_event event = describe_command(command, in->now.wall_ms);
	struct change change;
	struct guard_case g;

	if (!change_make(agent, command, in, &change, err)) {
		agent_refuse(agent, command, in->now.wall_ms, err);
		return false;
	}
	g = case_of(in, &change);
	if (!judge(command, &g, err) ||
	    (!in->repeats &&
	     !recent_add(&agent->recent, command->id, command->wall_made_ms,
			 in->now.wall_ms, err))) {
		change_fini(&change);
		agent_refuse(agent, command, in->now.wall_ms, err);
		return false;
	}
	describe_change(&event, &change.before, &change.after, in->now);
	expire_commands(agent, in->now.wall_ms);
	audit_add(&agent->audit, &event);
	state_fini(&agent->state);
	agent->state = change.after;
	state_fini(&change.before);
	return true;
}

bool agent_preview(const struct agent *agent, const struct command *command,
		   const struct agent_input *in, struct agent_preview *out,
		   struct error *err)
{
	const struct draft_when when = { in->now, true, in->rum };
	struct agent_preview preview = { 0 };
	struct error rule = { .text = "" };
	struct change change;
	struct guard_case g;

	if (!change_make(agent, command, in, &change, err))
		return false;
	g = case_of(in, &change);
	guard_warn(&g, &preview.warnings);
	judge(command, &g, &rule);
	audit_text(preview.refused, sizeof(preview.refused), "%s", rule.text);
	g.approved = true;
	preview.yields = rule.text[0] != '\0' && guard_check(&g, &rule);
	preview.before = draft_plan(&change.before, &when);
	preview.after = draft_plan(&change.after, &when);
	change_fini(&change);
	if (preview.before != NULL && preview.after != NULL) {
		*out = preview;
		return true;
	}
	plan_free(preview.before);
	plan_free(preview.after);
	error_set(err, "out of memory");
	return false;
}

/* The tick. */

static void step_ramps(struct agent *agent, const struct agent_input *in)
{
	const struct failback_input input = {
		.now = in->now,
		.view = in->view,
		.passed_ms = in->now.now_ms - agent->ticked_ms,
		.agent = agent->name,
	};

	failback_step(&agent->state, &input, &agent->audit);
	agent->ticked_ms = in->now.now_ms;
}

static void step_canaries(struct agent *agent, const struct agent_input *in)
{
	const struct canaries_input input = {
		.now = in->now,
		.view = in->view,
		.measures = in->measures,
		.acked = in->acked,
		.agent = agent->name,
	};

	canaries_step(&agent->state, &input, &agent->audit);
}

static bool is_served(const struct state *state, size_t service)
{
	const struct policy_service *s = &state->policy->services[service];

	for (size_t i = 0; i < s->endpoint_count; i++) {
		struct effect effect =
			effect_of(state_commands(state), state->policy, service,
				  i, EFFECT_SETTLED);

		if (s->endpoints[i].canary == POLICY_NONE &&
		    effect_takes(&effect))
			return true;
	}
	return false;
}

static bool bears_on(const struct command *c, const struct policy *policy,
		     size_t service)
{
	const struct commands one = { c, 1 };

	for (size_t i = 0; i < policy->services[service].endpoint_count; i++) {
		struct effect effect =
			effect_of(one, policy, service, i, EFFECT_SETTLED);

		if (effect.by != NULL || effect.weighed != NULL)
			return true;
	}
	return false;
}

/*
 * A set of commands that was fine can stop being so: a weight command ends
 * where the policy's own weight is 0, a policy takes an endpoint away.  Then
 * the newest of those that bear on the service goes, until it is served.
 */
static bool drop_newest(struct agent *agent, size_t service, int64_t wall_ms)
{
	for (size_t i = agent->state.command_count; i-- > 0;) {
		const struct command *c = &agent->state.commands[i];
		struct audit_event event;

		if (!bears_on(c, agent->policy, service))
			continue;
		event = describe_command(c, wall_ms);
		audit_text(event.kind, sizeof(event.kind), "dropped");
		audit_text(event.after, sizeof(event.after),
			   "%s would have no endpoint left",
			   agent->policy->services[service].name);
		audit_add(&agent->audit, &event);
		state_remove(&agent->state, i);
		return true;
	}
	return false;
}

static void keep_served(struct agent *agent, int64_t wall_ms)
{
	for (size_t i = 0; i < agent->policy->service_count; i++)
		while (!is_served(&agent->state, i) &&
		       drop_newest(agent, i, wall_ms))
			continue;
}

static struct plan *draft_checked(struct agent *agent,
				  const struct agent_input *in)
{
	const struct draft_when when = { in->now, false, in->rum };
	struct error err = { .text = "out of memory" };
	struct plan *plan = draft_plan(&agent->state, &when);

	agent->trouble[0] = '\0';
	if (plan != NULL && plan_check(plan, agent->policy, &err))
		return plan;
	audit_text(agent->trouble, sizeof(agent->trouble), "%s", err.text);
	plan_free(plan);
	return NULL;
}

static bool is_due(const struct agent *agent, const struct plan *plan,
		   int64_t now_ms)
{
	int64_t silence_ms = now_ms - agent->published_ms;

	if (agent->silent || agent->last == NULL)
		return true;
	switch (draft_compare(agent->last, plan)) {
	case DRAFT_SAME:
		return silence_ms >= AGENT_PERIOD_MS;
	case DRAFT_GRADUAL:
		return silence_ms >= AGENT_STEP_MS;
	case DRAFT_CHANGED:
		return true;
	}
	return true;
}

const struct plan *agent_tick(struct agent *agent, const struct agent_input *in)
{
	struct plan *plan;

	if (in->epoch == 0 || in->epoch < agent->epoch)
		return NULL;
	expire_commands(agent, in->now.wall_ms);
	step_ramps(agent, in);
	step_canaries(agent, in);
	keep_served(agent, in->now.wall_ms);
	plan = draft_checked(agent, in);
	if (plan == NULL)
		return NULL;
	if (!is_due(agent, plan, in->now.now_ms)) {
		plan_free(plan);
		return NULL;
	}
	/* A new leader numbers on from the plan that it goes on from, not from
	 * what it gave out in vain: the store can tell then whether it has
	 * missed one. */
	if (in->epoch > agent->epoch && agent->silent)
		agent->sequence =
			agent->last == NULL ? 0 : agent->last->sequence;
	if (agent->last != NULL) {
		plan->base_epoch = agent->last->epoch;
		plan->base_sequence = agent->last->sequence;
	}
	plan->epoch = agent->epoch = in->epoch;
	plan->sequence = ++agent->sequence;
	memcpy(plan->agent, agent->name, sizeof(plan->agent));
	canaries_given(&agent->state, plan->epoch, plan->sequence);
	plan_free(agent->last);
	agent->last = plan;
	agent->silent = false;
	agent->published_ms = in->now.now_ms;
	return plan;
}
