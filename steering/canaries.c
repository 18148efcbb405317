/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/canaries.h"

#include "steering/canary.h"
#include "steering/effect.h"
#include "steering/freeze.h"
#include "steering/pause.h"
#include "steering/undo.h"

/* More rules in a row than there are phases would be a circle. */
enum { TURNS_MAX = CANARY_PHASES };

static bool is_down(const struct canaries_input *in, const struct state *state,
		    size_t service, size_t endpoint)
{
	return in->view != NULL && in->view->policy == state->policy &&
	       in->view->services[service].endpoints[endpoint].health.verdict ==
		       VERDICT_DOWN;
}

static bool is_up(const struct canaries_input *in, const struct state *state,
		  size_t service, size_t endpoint)
{
	const struct policy_service *s = &state->policy->services[service];

	if (policy_unmonitored(state->policy, s) != NULL)
		return true;
	return in->view != NULL && in->view->policy == state->policy &&
	       in->view->services[service].endpoints[endpoint].health.verdict ==
		       VERDICT_UP;
}

/* Does the stable endpoint keep clients beside this canary's? */
static bool is_shared(const struct state *state, size_t service,
		      const struct policy_endpoint *e, double share)
{
	struct effect effect =
		effect_of(state_commands(state), state->policy, service,
			  (size_t)e->shadows, EFFECT_SETTLED);

	return share < 1 && effect_takes(&effect);
}

static struct rollout_health health_of(const struct state *state,
				       const struct canaries_input *in,
				       size_t canary)
{
	const struct policy_canary *c = &state->policy->canaries[canary];
	const struct plan_canary *at = &state->canaries[canary];
	size_t service = (size_t)c->service;
	const struct policy_service *s = &state->policy->services[service];
	struct rollout_health h = { .ready = true };

	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];
		double share;

		if (e->canary != (int)canary)
			continue;
		share = canary_share(c, at, e->region);
		if (share > 0 && is_down(in, state, service, i) &&
		    !is_down(in, state, service, (size_t)e->shadows))
			h.failing = e->name;
		if ((c->stages[at->stage].regions >> e->region & 1) == 0)
			continue;
		h.ready = h.ready && is_up(in, state, service, i);
		h.compares = h.compares || is_shared(state, service, e, share);
	}
	return h;
}

static bool is_acked(const struct rollout *r, const struct registry_floor *a)
{
	return r->back_sequence != 0 &&
	       (a->epoch > r->back_epoch ||
		(a->epoch == r->back_epoch && a->sequence >= r->back_sequence));
}

/* Another percent, or another stage, is a change that can be undone. */
static void note(struct state *state, const struct plan_canary *was,
		 const struct plan_canary *is, struct audit_event *event)
{
	struct plan_change change = {
		.canary = *was,
		.to_state = is->state,
		.to_stage = is->stage,
		.to_step = is->step,
	};

	if (was->stage != is->stage || was->step != is->step ||
	    (is->state == CANARY_DONE && was->state != CANARY_DONE))
		undo_note_machine(state, event, &change);
}

static void tell(struct state *state, const struct canaries_input *in,
		 const struct plan_canary *was, size_t canary,
		 struct audit *audit)
{
	const struct plan_canary *is = &state->canaries[canary];
	struct audit_event event = { .wall_ms = in->now.wall_ms };

	audit_text(event.kind, sizeof(event.kind), "canary");
	audit_text(event.who, sizeof(event.who), "%s", in->agent);
	audit_text(event.what, sizeof(event.what), "canary %s", is->name);
	audit_text(event.why, sizeof(event.why), "%s", is->reason);
	audit_text(event.before, sizeof(event.before), "%s",
		   plan_canary_phase_name(was->phase));
	audit_text(event.after, sizeof(event.after),
		   is->state == CANARY_DONE ? "done" : "%s, stage %u, step %u",
		   plan_canary_phase_name(is->phase), is->stage + 1,
		   is->step + 1);
	note(state, was, is, &event);
	audit_add(audit, &event);
}

static void step_one(struct state *state, const struct canaries_input *in,
		     size_t canary, struct audit *audit)
{
	const struct policy_canary *c = &state->policy->canaries[canary];
	struct plan_canary *at = &state->canaries[canary];
	struct rollout *r = &state->rollouts[canary];
	struct rollout_input input = {
		.canary = c,
		.health = health_of(state, in, canary),
		.measure = in->measures == NULL ? NULL : &in->measures[canary],
		.settle_ms = INT64_C(2000) *
			     state->policy->services[c->service].ttl.steady_s,
		.acknowledged = is_acked(r, &in->acked),
		.panics = pause_holds(in->view, state->policy,
				      (size_t)c->service),
		.frozen = state->surges[c->service].held ||
			  freeze_of_canary(state_commands(state), state->policy,
					   canary, in->now.wall_ms) != NULL,
		.now_ms = in->now.now_ms,
		.wall_ms = in->now.wall_ms,
	};

	if (input.measure != NULL && input.measure->number == 0)
		input.measure = NULL;
	rollout_hear(&input, at, r);
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		const struct plan_canary was = *at;

		if (!rollout_turn(&input, at, r))
			return;
		tell(state, in, &was, canary, audit);
		/* With another percent other endpoints have clients. */
		input.health = health_of(state, in, canary);
	}
}

void canaries_step(struct state *state, const struct canaries_input *in,
		   struct audit *audit)
{
	for (size_t i = 0; i < state->policy->canary_count; i++)
		step_one(state, in, i, audit);
}

void canaries_given(struct state *state, uint64_t epoch, uint64_t sequence)
{
	for (size_t i = 0; i < state->policy->canary_count; i++) {
		struct rollout *r = &state->rollouts[i];

		if (state->canaries[i].phase != CANARY_ROLLBACK) {
			r->back_epoch = r->back_sequence = 0;
		} else if (r->back_sequence == 0) {
			r->back_epoch = epoch;
			r->back_sequence = sequence;
		}
	}
}
