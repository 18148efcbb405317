/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/metrics_health.h"

#include "dns/metrics.h"
#include "policy/base/openmetrics.h"
#include "policy/decide/parts.h"
#include "policy/decide/view.h"
#include "policy/language/expression.h"
#include "policy/language/policy.h"

#include <stddef.h>

static uint64_t count_down(const struct metrics *m, size_t service,
			   size_t endpoint, size_t part)
{
	uint64_t down = 0;

	for (size_t v = 0; v < m->view->policy->vantage_count; v++) {
		enum report_state state = parts_word(m->view, service, endpoint,
						     part, &m->reports[v])
						  .state;

		down += state == REPORT_OPEN || state == REPORT_HALF_OPEN;
	}
	return down;
}

static void put_part(struct openmetrics *out, const struct metrics *m,
		     size_t service, size_t endpoint)
{
	const struct policy *policy = m->view->policy;
	const struct policy_service *s = &policy->services[service];

	for (size_t i = 0; i < s->expression->check_count; i++) {
		uint64_t down = count_down(m, service, endpoint, i);
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
static void put_parts(struct openmetrics *out, const struct metrics *m,
		      size_t service)
{
	const struct policy_service *s = &m->view->policy->services[service];

	if (s->expression == NULL || m->reports == NULL)
		return;
	for (size_t e = 0; e < s->endpoint_count; e++)
		put_part(out, m, service, e);
}

void metrics_write_health(struct openmetrics *out, const struct metrics *m)
{
	static const struct metric_family parts = {
		"windrose_dns_down_parts",
		METRIC_GAUGE,
		NULL,
		"Vantages where a check of an endpoint is down, of services "
		"whose health is made of several, where there are any.",
	};

	openmetrics_family(out, &parts);
	for (size_t s = 0; s < m->view->policy->service_count; s++)
		put_parts(out, m, s);
}
