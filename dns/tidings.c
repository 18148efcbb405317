/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/tidings.h"

#include "policy/base/log.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>

/* A line for each endpoint that begins or ceases to be served though down. */
static void tell_deferred(const struct view *view)
{
	for (size_t s = 0; view->turned && s < view->policy->service_count;
	     s++) {
		const struct policy_service *service =
			&view->policy->services[s];
		const struct view_endpoint *e = view->services[s].endpoints;

		for (size_t i = 0; i < service->endpoint_count; i++)
			if (e[i].turned)
				log_event(LOG_LEVEL_WARN, "dns", "deferred",
					  "service=%s endpoint=%s state=%s",
					  service->name,
					  service->endpoints[i].name,
					  e[i].deferred ? "begins" : "ends");
	}
}

/* A line for each service in which panic begins or ends. */
static void tell_panic(const struct view *view)
{
	for (size_t s = 0; s < view->policy->service_count; s++) {
		const struct panic *panic = &view->services[s].panic;

		if (panic->turned)
			log_event(LOG_LEVEL_WARN, "dns", "panic",
				  "service=%s healthy=%u%% state=%s",
				  view->policy->services[s].name,
				  panic_left_pct(panic),
				  panic->anywhere ? "begins" : "ends");
	}
}

void tidings_tell(const struct view *view)
{
	tell_deferred(view);
	tell_panic(view);
}
