/* SPDX-License-Identifier: Apache-2.0 */
/* view.h's comparisons. */
#include "policy/decide/flock.h"
#include "policy/decide/pin.h"
#include "policy/decide/view.h"

/* For whom is an endpoint out alone?  See policy/decide/locality. */
static bool splits_same(const struct quorum_result *a,
			const struct quorum_result *b)
{
	if (a->split != b->split)
		return false;
	return !a->split || (a->up_by == b->up_by && a->down_by == b->down_by);
}

/* Unknown counts as healthy, so going from one to the other is no change. */
bool view_endpoint_same(const struct view_endpoint *a,
			const struct view_endpoint *b)
{
	return (a->health.verdict == VERDICT_DOWN) ==
		       (b->health.verdict == VERDICT_DOWN) &&
	       splits_same(&a->health, &b->health) &&
	       a->deferred == b->deferred && a->trickle == b->trickle &&
	       a->accept == b->accept && a->weight == b->weight &&
	       (a->cause == SHARE_COMMAND) == (b->cause == SHARE_COMMAND);
}

static bool hears_same(const struct view_endpoint *a,
		       const struct view_endpoint *b, size_t vantages)
{
	for (size_t i = 0; i < vantages; i++)
		if (a->latency_ms[i] != b->latency_ms[i])
			return false;
	return true;
}

static bool stretches_same(const struct latency_stretch *a,
			   const struct latency_stretch *b, size_t vantages)
{
	for (size_t i = 0; i < vantages; i++)
		if (a->vantages[i] != b->vantages[i])
			return false;
	return a->region == b->region;
}

bool view_same(const struct view *a, const struct view *b, size_t service)
{
	const struct view_service *x = &a->services[service];
	const struct view_service *y = &b->services[service];
	const struct policy_service *declared = &a->policy->services[service];

	if (a->policy != b->policy || x->changing != y->changing ||
	    x->panic.everywhere != y->panic.everywhere ||
	    x->panic.rules != y->panic.rules ||
	    x->opening.open != y->opening.open ||
	    !flocks_same(x, y, declared->endpoint_count) ||
	    !pins_same(x->pins, x->pin_count, y->pins, y->pin_count))
		return false;
	if (declared->steer == STEER_LATENCY &&
	    (a->rum.mark != b->rum.mark ||
	     !stretches_same(&a->stretch, &b->stretch,
			     a->policy->vantage_count)))
		return false;
	for (size_t i = 0; i < declared->endpoint_count; i++) {
		const struct view_endpoint *e = &x->endpoints[i];
		const struct view_endpoint *f = &y->endpoints[i];

		if (!view_endpoint_same(e, f) ||
		    e->health.held != f->health.held ||
		    (e->cause == SHARE_RAMP) != (f->cause == SHARE_RAMP))
			return false;
		if (declared->steer == STEER_LATENCY &&
		    !hears_same(e, f, a->policy->vantage_count))
			return false;
	}
	return true;
}
