/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/draft.h"

#include "steering/canary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rounding never makes nothing of something. */
static double rounded(double share)
{
	double r = floor(share * 10000 + 0.5) / 10000;

	return share > 0 && r <= 0 ? 0.0001 : r;
}

static double ramp_part(const struct state *state, size_t service,
			size_t endpoint, const struct draft_when *when)
{
	const struct ramp *ramp = state_ramp(state, service, endpoint);
	struct ramp_limits limits = state_limits(state, service);

	if (when->settled && ramp->state == RAMP_RISING)
		return 1;
	return ramp_share(ramp, &limits, when->now.now_ms);
}

static void stable_share(const struct effect *effect, const struct ramp *ramp,
			 double ramped, struct plan_share *out)
{
	out->share = rounded(effect->share < ramped ? effect->share : ramped);
	out->wall_since_ms = ramp_wall_since_ms(ramp);
	if (effect->by != NULL && effect->share <= ramped) {
		out->cause = PLAN_COMMAND;
		out->beneath = ramped < 1 ? rounded(ramped) : 0;
		memcpy(out->ref, effect->by->id, sizeof(out->ref));
	} else if (ramp->state != RAMP_FULL) {
		out->cause = ramp_cause(ramp);
	} else if (effect->weighed != NULL) {
		out->cause = PLAN_COMMAND;
		memcpy(out->ref, effect->weighed->id, sizeof(out->ref));
	}
}

/* Settled, a canary that was begun has the clients of its step. */
static void canary_part(const struct state *state,
			const struct policy_endpoint *e,
			const struct effect *effect, bool settled,
			struct plan_share *out)
{
	struct plan_canary at = state->canaries[e->canary];
	double share;

	if (settled && at.phase == CANARY_PRECHECK)
		at.phase = CANARY_STEP;
	share = canary_share(&state->policy->canaries[e->canary], &at,
			     e->region);
	out->share = rounded(effect->share < share ? effect->share : share);
	out->cause = PLAN_CANARY;
	memcpy(out->ref, at.name, sizeof(out->ref));
}

struct plan_share draft_share(const struct state *state, size_t service,
			      size_t endpoint, const struct draft_when *when)
{
	const struct policy_service *s = &state->policy->services[service];
	const struct policy_endpoint *e = &s->endpoints[endpoint];
	int64_t at_ms = when->settled ? EFFECT_SETTLED : when->now.wall_ms;
	struct effect effect = effect_of(state_commands(state), state->policy,
					 service, endpoint, at_ms);
	struct plan_share out = { .weight = -1 };

	audit_text(out.service, sizeof(out.service), "%s", s->name);
	audit_text(out.endpoint, sizeof(out.endpoint), "%s", e->name);
	if (effect.weighed != NULL)
		out.weight = effect.weight;
	if (e->canary != POLICY_NONE)
		canary_part(state, e, &effect, when->settled, &out);
	else
		stable_share(&effect, state_ramp(state, service, endpoint),
			     ramp_part(state, service, endpoint, when), &out);
	return out;
}

static bool is_said(const struct plan_share *share)
{
	return share->cause != PLAN_FULL || share->share < 1;
}

static void draft_shares(struct plan *plan, const struct state *state,
			 const struct draft_when *when)
{
	for (size_t i = 0; i < state->policy->service_count; i++)
		for (size_t j = 0;
		     j < state->policy->services[i].endpoint_count; j++) {
			struct plan_share s = draft_share(state, i, j, when);

			if (is_said(&s))
				plan->shares[plan->share_count++] = s;
		}
	plan_sort(plan);
}

static void draft_commands(struct plan *plan, const struct state *state,
			   const struct draft_when *when)
{
	plan->command_count = state->command_count;
	for (size_t i = 0; i < state->command_count; i++) {
		plan->commands[i] = state->commands[i];
		if (when->settled)
			plan->commands[i].over_ms = 0;
	}
}

struct plan *draft_plan(const struct state *state,
			const struct draft_when *when)
{
	const struct policy *policy = state->policy;
	struct plan *plan = calloc(1, sizeof(*plan));
	size_t endpoints = 0;

	if (plan == NULL)
		return NULL;
	for (size_t i = 0; i < policy->service_count; i++)
		endpoints += policy->services[i].endpoint_count;
	plan->shares = calloc(endpoints + 1, sizeof(*plan->shares));
	plan->commands =
		calloc(state->command_count + 1, sizeof(*plan->commands));
	plan->canaries =
		calloc(policy->canary_count + 1, sizeof(*plan->canaries));
	plan->changes = calloc(state->change_count + 1, sizeof(*plan->changes));
	plan->held = calloc(PLAN_HELD_MAX, sizeof(*plan->held));
	plan->rum = calloc(when->rum.count + 1, sizeof(*plan->rum));
	plan->demands = calloc(when->demands.count + 1, sizeof(*plan->demands));
	if (plan->shares == NULL || plan->commands == NULL ||
	    plan->canaries == NULL || plan->changes == NULL ||
	    plan->held == NULL || plan->rum == NULL || plan->demands == NULL) {
		plan_free(plan);
		return NULL;
	}
	memcpy(plan->policy_digest, policy->digest,
	       sizeof(plan->policy_digest));
	plan->wall_made_ms = when->now.wall_ms;
	plan->canary_count = policy->canary_count;
	memcpy(plan->canaries, state->canaries,
	       policy->canary_count * sizeof(*plan->canaries));
	if (!plan_spills_copy(&plan->spills, &state->spills)) {
		plan_free(plan);
		return NULL;
	}
	draft_shares(plan, state, when);
	draft_commands(plan, state, when);
	plan->change_count = state->change_count;
	if (plan->change_count > 0)
		memcpy(plan->changes, state->changes,
		       plan->change_count * sizeof(*plan->changes));
	if (when->held != NULL && when->held->count > 0) {
		plan->held_count = when->held->count;
		memcpy(plan->held, when->held->list,
		       plan->held_count * sizeof(*plan->held));
	}
	plan->rum_count = when->rum.count;
	if (plan->rum_count > 0)
		memcpy(plan->rum, when->rum.list,
		       plan->rum_count * sizeof(*plan->rum));
	plan->demand_count = when->demands.count;
	if (plan->demand_count > 0)
		memcpy(plan->demands, when->demands.list,
		       plan->demand_count * sizeof(*plan->demands));
	return plan;
}

static bool canaries_same(const struct plan *a, const struct plan *b)
{
	if (a->canary_count != b->canary_count)
		return false;
	for (size_t i = 0; i < a->canary_count; i++) {
		const struct plan_canary *x = &a->canaries[i];
		const struct plan_canary *y = &b->canaries[i];

		if (strcmp(x->name, y->name) != 0 || x->state != y->state ||
		    x->stage != y->stage || x->step != y->step ||
		    x->wall_since_ms != y->wall_since_ms ||
		    x->phase != y->phase || x->rolled_back != y->rolled_back ||
		    strcmp(x->reason, y->reason) != 0)
			return false;
	}
	return true;
}

/* Ids are unique, but a command may be shortened by a new policy. */
static bool commands_same(const struct plan *a, const struct plan *b)
{
	if (a->command_count != b->command_count)
		return false;
	for (size_t i = 0; i < a->command_count; i++) {
		const struct command *x = &a->commands[i];
		const struct command *y = &b->commands[i];

		if (strcmp(x->id, y->id) != 0 ||
		    x->wall_expires_ms != y->wall_expires_ms)
			return false;
	}
	return true;
}

static bool held_same(const struct plan *a, const struct plan *b)
{
	if (a->held_count != b->held_count)
		return false;
	for (size_t i = 0; i < a->held_count; i++)
		if (strcmp(a->held[i].command.id, b->held[i].command.id) != 0)
			return false;
	return true;
}

static bool share_same(const struct plan_share *x, const struct plan_share *y)
{
	return strcmp(x->service, y->service) == 0 &&
	       strcmp(x->endpoint, y->endpoint) == 0 &&
	       strcmp(x->ref, y->ref) == 0 && x->cause == y->cause &&
	       x->weight == y->weight && x->wall_since_ms == y->wall_since_ms &&
	       (x->share > 0) == (y->share > 0);
}

static bool rum_same(const struct plan *a, const struct plan *b)
{
	if (a->rum_count != b->rum_count)
		return false;
	for (size_t i = 0; i < a->rum_count; i++) {
		const struct plan_rum *x = &a->rum[i], *y = &b->rum[i];

		if (strcmp(x->region, y->region) != 0 ||
		    x->cell_lat != y->cell_lat || x->cell_lon != y->cell_lon ||
		    x->ms != y->ms)
			return false;
	}
	return true;
}

enum draft_change draft_compare(const struct plan *a, const struct plan *b)
{
	enum draft_change change =
		plan_spills_compare(&a->spills, &b->spills) == PLAN_SPILLS_SAME
			? DRAFT_SAME
			: DRAFT_GRADUAL;

	if (strcmp(a->policy_digest, b->policy_digest) != 0 ||
	    plan_spills_compare(&a->spills, &b->spills) ==
		    PLAN_SPILLS_CHANGED ||
	    a->share_count != b->share_count || !commands_same(a, b) ||
	    !canaries_same(a, b) || !held_same(a, b) || !rum_same(a, b))
		return DRAFT_CHANGED;
	for (size_t i = 0; i < a->share_count; i++) {
		if (!share_same(&a->shares[i], &b->shares[i]))
			return DRAFT_CHANGED;
		/* Both are rounded: a difference is a step, not noise. */
		if (fabs(a->shares[i].share - b->shares[i].share) > 0)
			change = DRAFT_GRADUAL;
	}
	return change;
}
