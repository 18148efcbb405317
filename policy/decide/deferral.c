/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/deferral.h"

#include "policy/decide/budget.h"
#include "policy/decide/view.h"

#include <stdio.h>

void deferral_apply(struct view *view, size_t service)
{
	const struct policy_service *declared =
		&view->policy->services[service];
	struct view_endpoint *endpoints = view->services[service].endpoints;
	uint32_t down_ms[POLICY_ENDPOINTS_MAX];
	struct budget_state state = { .down_ms = down_ms };
	uint64_t deferred;

	for (size_t i = 0; i < declared->endpoint_count; i++) {
		const struct view_endpoint *e = &endpoints[i];

		if (declared->endpoints[i].canary != POLICY_NONE ||
		    view_is_drained(e) || e->weight == 0 ||
		    view_is_replaced(declared, endpoints, i))
			continue;
		state.serving |= UINT64_C(1) << i;
		if (e->health.verdict == VERDICT_DOWN)
			state.down |= UINT64_C(1) << i;
		down_ms[i] = e->down_ms;
	}
	deferred = budget_defer(view->policy, service, &state);
	for (size_t i = 0; i < declared->endpoint_count; i++)
		endpoints[i].deferred = deferred >> i & 1;
	view->deferred += (size_t)__builtin_popcountll(deferred);
}

static void put_first(const struct view *view, char *buf, size_t size)
{
	for (size_t s = 0; s < view->policy->service_count; s++) {
		const struct policy_service *service =
			&view->policy->services[s];
		const struct view_endpoint *e = view->services[s].endpoints;

		for (size_t i = 0; i < service->endpoint_count; i++) {
			if (!e[i].deferred)
				continue;
			snprintf(buf, size, "%.30s/%.30s", service->name,
				 service->endpoints[i].name);
			return;
		}
	}
}

const char *deferral_text(const struct view *view, char *buf, size_t size)
{
	char first[64] = "", more[32] = "";

	buf[0] = '\0';
	if (view->deferred == 0)
		return buf;
	put_first(view, first, sizeof(first));
	if (view->deferred > 1)
		snprintf(more, sizeof(more), " and %zu more",
			 view->deferred - 1);
	snprintf(buf, size,
		 "down and still served: %s%s; safety.max_capacity_opened is "
		 "reached",
		 first, more);
	return buf;
}
