/* SPDX-License-Identifier: Apache-2.0 */
/* panic -- it begins when it must, and ends when it must. */
#include "fleet.h"

/* Of what takes clients, by the view: all capacities are alike here. */
struct supply {
	unsigned serving, well;
	bool flawed;     /* one is down, be it drained or not */
	uint32_t ago_ms; /* else: when the last was, UINT32_MAX: none ever */
	bool by_canary;  /* one is as well as its canary is */
};

static struct supply supply_of(const struct fleet *f, const struct view *view,
			       size_t service)
{
	const struct policy_service *s = &f->policy->services[service];
	const struct view_endpoint *v = view->services[service].endpoints;
	struct supply supply = { .ago_ms = UINT32_MAX };

	for (size_t e = 0; e < s->endpoint_count; e++) {
		supply.by_canary |= view_is_replaced(s, v, e);
		supply.flawed |= v[e].health.verdict == VERDICT_DOWN;
		if (v[e].outage.lasted_ms > 0 &&
		    v[e].outage.up_ms < supply.ago_ms)
			supply.ago_ms = v[e].outage.up_ms;
		if (s->endpoints[e].canary != POLICY_NONE ||
		    view_is_drained(&v[e]) || v[e].weight == 0)
			continue;
		supply.serving++;
		supply.well += v[e].health.verdict != VERDICT_DOWN;
	}
	return supply;
}

bool panic_check(struct fleet *f, size_t r, size_t service)
{
	const struct view *view = f->responders[r].world.view;
	const struct policy_service *s = &f->policy->services[service];
	const struct panic *panic = &view->services[service].panic;
	struct supply supply = supply_of(f, view, service);

	f->totals.panics += panic->anywhere && panic->turned;
	if (s->steer == STEER_FAILOVER || supply.by_canary)
		return s->steer != STEER_FAILOVER || !panic->anywhere ||
		       fleet_broken(f, "responder %zu panics over a list", r);
	if (panic->anywhere && !supply.flawed &&
	    supply.ago_ms >= PANIC_LEAVE_MS)
		return fleet_broken(f,
				    "responder %zu is in panic over %s, all of "
				    "which is well for %u ms",
				    r, s->name, supply.ago_ms);
	return panic->everywhere || supply.serving - supply.well <= 1 ||
	       2 * supply.well >= supply.serving ||
	       fleet_broken(f,
			    "responder %zu sends all to %u of %u endpoints of "
			    "%s",
			    r, supply.well, supply.serving, s->name);
}
