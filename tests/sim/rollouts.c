/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollouts -- invariants of canaries from one plan to the next: none goes on
 * unasked, one that was taken back stays so, and none is without a cause.
 */
#include "fleet.h"

/* Was one of its endpoints ever seen down? */
static bool had_cause(const struct fleet *f, size_t canary)
{
	for (size_t t = 0; t < f->target_count; t++)
		if (fleet_endpoint(f, t)->canary == (int)canary &&
		    f->history.seen_down[t])
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

static void tell_move(struct fleet *f, const struct plan_canary *a,
		      const struct plan_canary *b, const char *why)
{
	fleet_broken(f, "canary %s went from %s %u %u to %s %u %u, %s", a->name,
		     plan_canary_state_name(a->state), a->stage, a->step,
		     plan_canary_state_name(b->state), b->stage, b->step, why);
}

void rollouts_check(struct fleet *f, const struct plan *plan)
{
	const struct history *h = &f->history;

	for (size_t i = 0; h->last != NULL && i < f->policy->canary_count;
	     i++) {
		const struct plan_canary *a = &h->last->canaries[i];
		const struct plan_canary *b = &plan->canaries[i];
		bool asked = h->canary_ms[i] >= h->made_ms;

		if (a->rolled_back && !b->rolled_back)
			tell_move(f, a, b, "after it was rolled back");
		if (!is_moved(a, b))
			continue;
		if (is_taken_back(a, b)) {
			f->totals.rollbacks++;
			if (!had_cause(f, i))
				tell_move(f, a, b, "without a cause");
		} else if (!asked) {
			tell_move(f, a, b, "which nobody asked for");
		}
	}
}
