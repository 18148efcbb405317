/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/condition.h"

#include "policy/base/openmetrics.h"
#include "policy/decide/view.h"

#include <stddef.h>

/* What health says of an endpoint and what is made of it, in one word. */
enum condition { UNKNOWN, UP, DOWN, DEFERRED, CONDITIONS };

static enum condition condition_of(const struct view_endpoint *e)
{
	switch (e->health.verdict) {
	case VERDICT_UNKNOWN:
		return UNKNOWN;
	case VERDICT_UP:
		return UP;
	case VERDICT_DOWN:
		return e->deferred ? DEFERRED : DOWN;
	}
	return UNKNOWN;
}

static void put_conditions(struct openmetrics *out, const struct view *view,
			   size_t service)
{
	static const char *const words[CONDITIONS] = {
		[UNKNOWN] = "unknown",
		[UP] = "up",
		[DOWN] = "down",
		[DEFERRED] = "deferred",
	};
	const struct policy_service *s = &view->policy->services[service];
	uint64_t counts[CONDITIONS] = { 0 };

	for (size_t e = 0; e < s->endpoint_count; e++)
		counts[condition_of(&view->services[service].endpoints[e])]++;
	for (size_t i = 0; i < CONDITIONS; i++) {
		const struct metric_label labels[] = {
			{ "service", s->name },
			{ "health", words[i] },
		};

		openmetrics_count(out, (struct metric_labels){ labels, 2 },
				  counts[i]);
	}
}

/* Against whom somebody votes: of the others there is nothing to tell. */
static void put_votes(struct openmetrics *out, const struct view *view,
		      size_t service)
{
	const struct policy_service *s = &view->policy->services[service];

	for (size_t e = 0; e < s->endpoint_count; e++) {
		const struct view_endpoint *seen =
			&view->services[service].endpoints[e];
		const struct metric_label labels[] = {
			{ "service", s->name },
			{ "endpoint", s->endpoints[e].name },
		};

		if (seen->health.down > 0)
			openmetrics_count(out,
					  (struct metric_labels){ labels, 2 },
					  seen->health.down);
	}
}

static void put_panics(struct openmetrics *out, const struct view *view)
{
	static const struct metric_family panics = {
		"windrose_dns_panic",
		METRIC_GAUGE,
		NULL,
		"1 while too little of a service is healthy for health to be "
		"obeyed, else 0.",
	};
	static const struct metric_family healthy = {
		"windrose_dns_healthy_capacity_percent",
		METRIC_GAUGE,
		"percent",
		"Of the capacity of a service's endpoints that take clients.",
	};
	const struct policy *policy = view->policy;

	for (int i = 0; i < 2; i++) {
		openmetrics_family(out, i == 0 ? &panics : &healthy);
		for (size_t s = 0; s < policy->service_count; s++) {
			const struct panic *p = &view->services[s].panic;
			const struct metric_label name = {
				"service", policy->services[s].name
			};

			openmetrics_count(out,
					  (struct metric_labels){ &name, 1 },
					  i == 0 ? p->anywhere
						 : panic_left_pct(p));
		}
	}
}

void condition_put(struct openmetrics *out, const struct view *view)
{
	static const struct metric_family endpoints = {
		"windrose_dns_endpoints",
		METRIC_GAUGE,
		NULL,
		"Endpoints of a service, by health; deferred is down, and "
		"served all the same.",
	};
	static const struct metric_family votes = {
		"windrose_dns_down_votes",
		METRIC_GAUGE,
		NULL,
		"Votes of vantages that an endpoint is down, where there are "
		"any.",
	};

	openmetrics_family(out, &endpoints);
	for (size_t s = 0; s < view->policy->service_count; s++)
		put_conditions(out, view, s);
	openmetrics_family(out, &votes);
	for (size_t s = 0; s < view->policy->service_count; s++)
		put_votes(out, view, s);
	put_panics(out, view);
}
