/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/walls.h"

#include "policy/base/error.h"
#include "policy/decide/geo.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_SIZE = 120 };

/* Where the service's endpoints are. */
static uint64_t regions_of(const struct policy_service *s)
{
	uint64_t regions = 0;

	for (size_t i = 0; i < s->endpoint_count; i++)
		regions |= UINT64_C(1) << s->endpoints[i].region;
	return regions;
}

/* The rules that bind a class, as "a", "b", as far as there is room. */
static const char *rule_names(const struct policy *policy,
			      const struct client_class *class,
			      char buf[NAMES_SIZE])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < policy->residency_count && i < 64; i++)
		if ((class->residency >> i & 1) != 0 && used < NAMES_SIZE)
			used += (size_t)snprintf(buf + used, NAMES_SIZE - used,
						 "%s\"%s\"",
						 used == 0 ? "" : ", ",
						 policy->residency[i].name);
	return buf;
}

/* No rule alone leaves a service nothing: policy/language/survey. */
static void judge_service(const struct policy *policy, const struct geo *geo,
			  const struct policy_service *s, struct errors *errs)
{
	uint64_t regions = regions_of(s);
	char names[NAMES_SIZE];

	for (size_t i = 0; i < geo_class_count(geo); i++) {
		const struct client_class *class = geo_class(geo, (uint16_t)i);

		if ((class->regions & regions) != 0)
			continue;
		errors_warn(errs, CODE_RESIDENCY_CLASH, s->at,
			    "some clients are bound by residency %s at once, "
			    "and no region of service \"%s\" is within all of "
			    "them; give it an endpoint there, or take these "
			    "clients out of a rule",
			    rule_names(policy, class, names), s->name);
		return;
	}
}

static void judge_endpoints(const struct policy *policy, uint64_t reached,
			    const struct policy_service *s, struct errors *errs)
{
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];

		if ((reached >> e->region & 1) == 0)
			errors_warn(errs, CODE_ENDPOINT_UNREACHABLE, e->at,
				    "no client can get endpoint \"%s\" of "
				    "service \"%s\": residency keeps all of "
				    "them out of region \"%s\"",
				    e->name, s->name,
				    policy->regions[e->region].name);
	}
}

void walls_judge(const struct policy *policy, const struct geo *geo,
		 struct errors *errs)
{
	uint64_t reached = 0;

	for (size_t i = 0; i < geo_class_count(geo); i++)
		reached |= geo_class(geo, (uint16_t)i)->regions;
	for (size_t i = 0; i < policy->service_count; i++) {
		judge_service(policy, geo, &policy->services[i], errs);
		judge_endpoints(policy, reached, &policy->services[i], errs);
	}
}
