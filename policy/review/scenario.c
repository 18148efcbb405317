/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/scenario.h"

#include "policy/decide/pin.h"

#include <string.h>

/* Any share that is neither nothing nor all. */
#define SOME UINT32_C(0x80000000)

static bool is_drained(const struct scenario *s,
		       const struct policy_endpoint *e, size_t i)
{
	if (s->order == SUPPOSE_DRAIN)
		return (size_t)s->target == i;
	if (s->order == SUPPOSE_DRAIN_ALL)
		return s->target == e->region;
	return s->order == SUPPOSE_FAILOVER && s->target != e->region;
}

static void apply_canary(const struct scenario *s, const struct policy *policy,
			 const struct policy_endpoint *e, size_t i,
			 struct view_endpoint *at)
{
	at->accept = s->canaries == NULL ? ACCEPT_NONE : s->canaries->accept[i];
	at->cause = SHARE_CANARY;
	at->cause_ref = policy->canaries[e->canary].name;
	if (is_drained(s, e, i))
		at->accept = ACCEPT_NONE;
}

static void apply_stable(const struct scenario *s,
			 const struct policy_endpoint *e, size_t i,
			 struct view_endpoint *at)
{
	at->accept = ACCEPT_ALL;
	at->cause = SHARE_FULL;
	if (is_drained(s, e, i)) {
		at->accept = ACCEPT_NONE;
		at->cause = SHARE_COMMAND;
		at->cause_ref = "that --order supposes";
	} else if (s->order == SUPPOSE_HOLD && (size_t)s->target == i) {
		at->accept = ACCEPT_NONE;
		at->cause = SHARE_RAMP;
	}
}

static void apply_pin(const struct scenario *s,
		      const struct policy_service *service,
		      struct view_service *view)
{
	view->pin_count = 0;
	if (s->order != SUPPOSE_PIN && s->order != SUPPOSE_PIN_ALL)
		return;
	view->pins[view->pin_count++] = (struct pin){
		.endpoints = s->order == SUPPOSE_PIN_ALL
				     ? policy_stable_in(service, s->target)
				     : UINT64_C(1) << s->target,
		.ref = "that --order supposes",
		.author = "",
		.reason = "",
		.set = (uint8_t)s->set,
	};
}

void scenario_apply(const struct scenario *s, const struct policy *policy,
		    int service, struct view_service *view)
{
	const struct policy_service *declared = &policy->services[service];
	struct view_endpoint *at = view->endpoints;
	bool watched = policy_unmonitored(policy, declared) == NULL;

	view->panic = (struct panic){
		.anywhere = s->panic,
		.everywhere = s->panic,
		.rules = s->panic ? UINT64_MAX : 0,
	};
	apply_pin(s, declared, view);
	for (size_t i = 0; i < declared->endpoint_count; i++) {
		const struct policy_endpoint *e = &declared->endpoints[i];
		bool canary = e->canary != POLICY_NONE;
		bool down = watched && ((s->failed >> e->region & 1) ||
					(canary && s->canaries_failed));

		at[i].health = (struct quorum_result){
			.verdict = down ? VERDICT_DOWN : VERDICT_UNKNOWN,
		};
		at[i].deferred = down && s->deferred;
		at[i].weight = e->weight;
		if (s->order == SUPPOSE_WEIGHTLESS && (size_t)s->target == i)
			at[i].weight = 0;
		at[i].cause_ref = "";
		if (canary)
			apply_canary(s, policy, e, i, &at[i]);
		else
			apply_stable(s, e, i, &at[i]);
	}
}

unsigned scenario_size(const struct scenario *s)
{
	return (unsigned)__builtin_popcountll(s->failed) +
	       (s->order != SUPPOSE_NO_ORDER) + s->deferred + s->panic +
	       s->canaries_failed +
	       (s->canaries != NULL && s->canaries->moved != NULL);
}

unsigned scenario_kinds(const struct scenario *s)
{
	bool moved = s->canaries != NULL && s->canaries->moved != NULL;

	return (unsigned)(s->failed != 0) | (unsigned)s->deferred << 1 |
	       (unsigned)s->panic << 2 | (unsigned)s->canaries_failed << 3 |
	       (unsigned)(s->order != SUPPOSE_NO_ORDER) << 4 |
	       (unsigned)moved << 5;
}

static uint32_t accept_at(const struct policy_canary *canary, uint32_t stage,
			  uint32_t step, int region)
{
	uint32_t pct = 0;

	for (size_t i = 0; i <= stage; i++) {
		const struct canary_stage *s = &canary->stages[i];

		if (s->regions >> region & 1)
			pct = i < stage ? s->percents[s->percent_count - 1]
					: s->percents[step];
	}
	return pct == 0 ? ACCEPT_NONE : pct == 100 ? ACCEPT_ALL : SOME;
}

/* Puts one canary at a step, beside what out says of others. */
static void put_at_step(const struct policy *policy, int canary, uint32_t stage,
			uint32_t step, struct scenario_canaries *out)
{
	const struct policy_canary *c = &policy->canaries[canary];
	const struct policy_service *s = &policy->services[c->service];

	out->moved = c;
	out->stage = stage;
	out->step = step;
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].canary == canary)
			out->accept[i] = accept_at(c, stage, step,
						   s->endpoints[i].region);
}

void scenario_suppose(struct scenario *s, const struct policy *policy,
		      const struct supposition *supposed,
		      struct scenario_canaries *canaries)
{
	s->order = supposed->order;
	s->target = supposed->target;
	s->set = supposed->set;
	s->panic = supposed->panic;
	if (supposed->canary == NULL)
		return;
	*canaries = (struct scenario_canaries){ .moved = NULL };
	put_at_step(policy, (int)(supposed->canary - policy->canaries),
		    supposed->stage, supposed->step, canaries);
	s->canaries = canaries;
}

static bool is_new(const struct scenario_canaries *list, size_t count,
		   const struct scenario_canaries *one)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(list[i].accept, one->accept, sizeof(one->accept)) ==
		    0)
			return false;
	return true;
}

/* Takes every step of one canary beside each of what there is. */
static size_t add_canary(const struct policy *policy, int canary,
			 struct scenario_canaries *out, size_t count)
{
	const struct policy_canary *c = &policy->canaries[canary];
	size_t before = count;

	for (size_t base = 0; base < before; base++)
		for (uint32_t i = 0; i < c->stage_count; i++)
			for (uint32_t j = 0; j < c->stages[i].percent_count;
			     j++) {
				struct scenario_canaries one = out[base];

				put_at_step(policy, canary, i, j, &one);
				if (!is_new(out, count, &one))
					continue;
				if (count == SCENARIO_CANARIES_MAX)
					return count + 1;
				out[count++] = one;
			}
	return count;
}

size_t scenario_canaries(const struct policy *policy, int service,
			 struct scenario_canaries out[SCENARIO_CANARIES_MAX],
			 uint64_t *covered, bool *complete)
{
	size_t count = 1;

	out[0] = (struct scenario_canaries){ .moved = NULL };
	*covered = 1;
	*complete = true;
	for (size_t i = 0; *complete && i < policy->canary_count; i++) {
		const struct policy_canary *c = &policy->canaries[i];
		uint64_t steps = 1;

		if (c->service != service)
			continue;
		for (size_t j = 0; j < c->stage_count; j++)
			steps += c->stages[j].percent_count;
		*covered *= steps;
		count = add_canary(policy, (int)i, out, count);
		*complete = count <= SCENARIO_CANARIES_MAX;
	}
	return *complete ? count : SCENARIO_CANARIES_MAX;
}
