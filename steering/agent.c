/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/agent.h"

#include "policy/base/error.h"
#include "steering/agent_impl.h"
#include "steering/describe.h"
#include "steering/draft.h"
#include "steering/failback.h"
#include "steering/rescue.h"
#include "steering/spilling.h"
#include "steering/surge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	release_fini(&agent->release);
	drill_fini(&agent->drill);
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

const struct state *agent_state(const struct agent *agent)
{
	return &agent->state;
}

const char *agent_trouble(const struct agent *agent)
{
	return agent->trouble;
}

bool agent_holds(const struct agent *agent, const char *id)
{
	return surge_is_held(&agent->state, id);
}

const struct surge *agent_surge(const struct agent *agent,
				const struct policy *policy, size_t service)
{
	const struct surge *surge = &agent->state.surges[service];

	return agent->policy == policy && surge->held ? surge : NULL;
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
	if (!release_adopt(&agent->release,
			   plan == NULL ? NULL : &plan->release)) {
		state_fini(&state);
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
	agent->ticked_ms = now.now_ms; /* what was before is another's */
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
	drill_lose(&agent->drill);
	return true;
}

void agent_expire(struct agent *agent, int64_t wall_ms)
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

/* Policies that go out. */

static struct release_input release_input_of(const struct agent *agent,
					     const struct agent_input *in)
{
	return (struct release_input){
		.registry = in->registry,
		.rollout = &agent->policy->rollout,
		.agent = agent->name,
		.tried = in->tried == NULL ? "" : in->tried,
		.failure = in->failure == NULL ? "" : in->failure,
		.confirm_ms = held_publish_ms(agent->policy),
		.now_ms = in->now.now_ms,
		.wall_ms = in->now.wall_ms,
	};
}

bool agent_publish(struct agent *agent, const struct release_request *request,
		   const struct agent_input *in, struct error *err)
{
	const struct release_input input = release_input_of(agent, in);

	return release_ask(&agent->release, request, &input, &agent->audit,
			   err);
}

const struct plan_release *agent_release(const struct agent *agent)
{
	return &agent->release.said;
}

/* The tick. */

void agent_step(const struct agent *agent, const struct agent_input *in,
		struct state *state, struct audit *audit)
{
	const struct failback_input ramps = {
		.now = in->now,
		.view = in->view,
		.passed_ms = in->now.now_ms - agent->ticked_ms,
		.classes = in->classes,
		.rates = in->rates,
		.counted = in->counted,
		.agent = agent->name,
	};
	const struct canaries_input canaries = {
		.now = in->now,
		.view = in->view,
		.measures = in->measures,
		.acked = in->acked,
		.agent = agent->name,
	};

	failback_step(state, &ramps, audit);
	canaries_step(state, &canaries, audit);
}

/* The steps of this tick on trial: which services would move too many? */
static void weigh_steps(struct agent *agent, const struct agent_input *in)
{
	const struct draft_when when = { .now = in->now };
	struct surge_case c = {
		.inputs = in->inputs,
		.view = in->view,
		.classes = in->classes,
		.rates = in->rates,
		.now = in->now,
		.agent = agent->name,
	};
	struct audit unheard = { .list = NULL };
	struct plan *before, *after;
	struct state trial;

	if (agent->policy->safety.max_change_pct >= 100 ||
	    !state_copy(&trial, &agent->state))
		return;
	surge_forget(&trial);
	c.before = before = draft_plan(&trial, &when);
	agent_step(agent, in, &trial, &unheard);
	c.after = after = draft_plan(&trial, &when);
	if (before != NULL && after != NULL)
		surge_weigh(&agent->state, &c, &agent->audit);
	plan_free(before);
	plan_free(after);
	audit_fini(&unheard);
	state_fini(&trial);
}

static void step_spilling(struct agent *agent, const struct agent_input *in)
{
	const struct spilling_input input = {
		in->now,   in->view,  in->classes,
		in->rates, in->waits, agent->name
	};

	spilling_step(&agent->state, &input, &agent->audit);
}

static struct plan *draft_checked(struct agent *agent,
				  const struct agent_input *in)
{
	const struct draft_when when = { in->now, false, in->rum, in->demands,
					 in->held };
	struct error err = { .text = "out of memory" };
	struct plan *plan = draft_plan(&agent->state, &when);

	agent->trouble[0] = '\0';
	if (plan != NULL &&
	    !plan_release_copy(&agent->release.said, &plan->release)) {
		plan_free(plan);
		plan = NULL;
	}
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

	if (agent->silent || agent->last == NULL ||
	    !plan_release_same(&agent->last->release, &plan->release))
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
	const struct release_input release = release_input_of(agent, in);
	struct plan *plan;

	if (in->epoch == 0 || in->epoch < agent->epoch)
		return NULL;
	release_step(&agent->release, &release, &agent->audit);
	agent_expire(agent, in->now.wall_ms);
	weigh_steps(agent, in);
	agent_step(agent, in, &agent->state, &agent->audit);
	agent->ticked_ms = in->now.now_ms;
	drill_step(&agent->drill, &agent->state, in, agent->name,
		   &agent->audit);
	step_spilling(agent, in);
	rescue_services(&agent->state, &agent->audit, in->now.wall_ms);
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
	surge_given(&agent->state);
	drill_given(&agent->drill, plan);
	plan_free(agent->last);
	agent->last = plan;
	agent->silent = false;
	agent->published_ms = in->now.now_ms;
	return plan;
}
