/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/condition.h"

#include "policy/base/openmetrics.h"
#include "policy/decide/parts.h"
#include "policy/decide/view.h"
#include "policy/language/expression.h"

#include <stddef.h>

/* What health says of an endpoint and what is made of it, in one word. */
enum word { UNKNOWN, UP, DOWN, DEFERRED, WORDS };

static enum word word_of(const struct view_endpoint *e)
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

static void put_words(struct openmetrics *out, const struct view *view,
		      size_t service)
{
	static const char *const words[WORDS] = {
		[UNKNOWN] = "unknown",
		[UP] = "up",
		[DOWN] = "down",
		[DEFERRED] = "deferred",
	};
	const struct policy_service *s = &view->policy->services[service];
	uint64_t counts[WORDS] = { 0 };

	for (size_t e = 0; e < s->endpoint_count; e++)
		counts[word_of(&view->services[service].endpoints[e])]++;
	for (size_t i = 0; i < WORDS; i++) {
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

static uint64_t count_down(const struct condition *c, size_t service,
			   size_t endpoint, size_t part)
{
	uint64_t down = 0;

	for (size_t v = 0; v < c->view->policy->vantage_count; v++) {
		enum report_state state = parts_word(c->view, service, endpoint,
						     part, &c->reports[v])
						  .state;

		down += state == REPORT_OPEN || state == REPORT_HALF_OPEN;
	}
	return down;
}

static void put_part(struct openmetrics *out, const struct condition *c,
		     size_t service, size_t endpoint)
{
	const struct policy *policy = c->view->policy;
	const struct policy_service *s = &policy->services[service];

	for (size_t i = 0; i < s->expression->check_count; i++) {
		uint64_t down = count_down(c, service, endpoint, i);
		const struct metric_label labels[] = {
			{ "service", s->name },
			{ "endpoint", s->endpoints[endpoint].name },
			{ "check",
			  policy->checks[s->expression->checks[i]].name },
		};

		if (down > 0)
			openmetrics_count(out,
					  (struct metric_labels){ labels, 3 },
					  down);
	}
}

/* Why the whole is down, or may soon be. */
static void put_parts(struct openmetrics *out, const struct condition *c,
		      size_t service)
{
	const struct policy_service *s = &c->view->policy->services[service];

	if (s->expression == NULL || c->reports == NULL)
		return;
	for (size_t e = 0; e < s->endpoint_count; e++)
		put_part(out, c, service, e);
}

void condition_put(struct openmetrics *out, const struct condition *c)
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
	static const struct metric_family parts = {
		"windrose_dns_down_parts",
		METRIC_GAUGE,
		NULL,
		"Vantages where a check of an endpoint is down, of services "
		"whose health is made of several, where there are any.",
	};
	size_t count = c->view->policy->service_count;

	openmetrics_family(out, &endpoints);
	for (size_t s = 0; s < count; s++)
		put_words(out, c->view, s);
	openmetrics_family(out, &votes);
	for (size_t s = 0; s < count; s++)
		put_votes(out, c->view, s);
	put_panics(out, c->view);
	openmetrics_family(out, &parts);
	for (size_t s = 0; s < count; s++)
		put_parts(out, c, s);
}
