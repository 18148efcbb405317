/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollouts -- invariants of canaries from one plan to the next: none goes on
 * unasked, or before it has settled and baked, whoever leads; one that was
 * taken back stays so, and none is without a cause.
 */
#include "fleet.h"

#include "steering/rollout.h"

/* How long ago what was measured may have been missing. */
enum { LATELY_MS = 40000 };

/* Was one of its endpoints ever seen down, does it fail, could it not be
 * measured? */
static bool had_cause(const struct fleet *f, size_t canary)
{
	const struct traffic *t = &f->traffic[canary];

	if (policy_measures(&f->policy->canaries[canary]) &&
	    (t->bad || (f->now_ms > t->away_from_ms &&
			f->now_ms - t->away_until_ms < LATELY_MS)))
		return true;
	for (size_t i = 0; i < f->target_count; i++)
		if (fleet_endpoint(f, i)->canary == (int)canary &&
		    f->history.seen_down[i])
			return true;
	return false;
}

static bool is_taken_back(const struct plan_canary *a,
			  const struct plan_canary *b)
{
	return b->rolled_back && b->state == CANARY_ABORTED &&
	       (a->state == CANARY_RUNNING || a->state == CANARY_PAUSED);
}

static bool is_moved(const struct plan_canary *a, const struct plan_canary *b)
{
	return a->state != b->state || a->stage != b->stage ||
	       a->step != b->step;
}

/* Its clients become more with it. */
static bool is_begun(const struct plan_canary *a, const struct plan_canary *b)
{
	return a->stage != b->stage || a->step != b->step ||
	       rollout_is_watched(a) != rollout_is_watched(b) ||
	       (a->phase == CANARY_PRECHECK && b->phase != CANARY_PRECHECK);
}

/* Exactly one step from a to b? */
static bool is_step(const struct policy_canary *c, const struct plan_canary *a,
		    const struct plan_canary *b)
{
	bool last = a->step + 1 == c->stages[a->stage].percent_count;

	if (a->state != CANARY_RUNNING)
		return false;
	if (b->state == CANARY_DONE)
		return last && a->stage + 1 == c->stage_count;
	if (b->state != CANARY_RUNNING)
		return false;
	return last ? b->stage == a->stage + 1 && b->step == 0
		    : b->stage == a->stage && b->step == a->step + 1;
}

/* The least time from one step to the next. */
static int64_t due_ms(const struct fleet *f, size_t canary, uint32_t stage)
{
	const struct policy_canary *c = &f->policy->canaries[canary];

	return INT64_C(2000) * f->policy->services[c->service].ttl.steady_s +
	       c->stages[stage].bake_ms;
}

static void tell_move(struct fleet *f, const struct plan_canary *a,
		      const struct plan_canary *b, const char *why)
{
	fleet_broken(f, "canary %s went from %s %u %u to %s %u %u (%s), %s",
		     a->name, plan_canary_state_name(a->state), a->stage,
		     a->step, plan_canary_state_name(b->state), b->stage,
		     b->step, b->reason, why);
}

/* By itself. */
static void check_move(struct fleet *f, size_t canary,
		       const struct plan_canary *a, const struct plan_canary *b,
		       int64_t made_ms)
{
	const struct policy_canary *c = &f->policy->canaries[canary];
	int64_t since_ms = f->history.step_ms[canary];

	if (is_taken_back(a, b)) {
		f->totals.rollbacks++;
		if (!had_cause(f, canary))
			tell_move(f, a, b, "without a cause");
	} else if (!policy_measures(c) || !is_step(c, a, b)) {
		tell_move(f, a, b, "which nobody asked for");
	} else if (made_ms - since_ms < due_ms(f, canary, a->stage)) {
		tell_move(f, a, b, "before it was baked");
	} else {
		f->totals.promotions++;
	}
}

void rollouts_check(struct fleet *f, const struct plan *plan, int64_t made_ms)
{
	struct history *h = &f->history;

	for (size_t i = 0; h->last != NULL && i < f->policy->canary_count;
	     i++) {
		const struct plan_canary *a = &h->last->canaries[i];
		const struct plan_canary *b = &plan->canaries[i];
		bool asked = h->canary_ms[i] >= h->made_ms;

		if (a->rolled_back && !b->rolled_back)
			tell_move(f, a, b, "after it was rolled back");
		if (is_moved(a, b) && !asked)
			check_move(f, i, a, b, made_ms);
		if (is_begun(a, b))
			h->step_ms[i] = made_ms;
	}
}

void rollouts_forget(struct fleet *f)
{
	for (size_t i = 0; i < FLEET_CANARIES; i++)
		f->history.step_ms[i] = INT64_MIN / 2;
}
