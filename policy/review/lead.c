/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/lead.h"

#include "policy/language/policy.h"

#include <string.h>

static int find_service(const struct policy *policy, const char *fqdn)
{
	for (size_t i = 0; i < policy->service_count; i++)
		if (strcmp(policy->services[i].fqdn, fqdn) == 0)
			return (int)i;
	return POLICY_NONE;
}

/* NULL: the service has no such records, or they name itself. */
static const char *target_of(const struct policy_binding *binding)
{
	bool onward =
		binding->at.line != 0 && strcmp(binding->target, ".") != 0;

	return onward ? binding->target : NULL;
}

bool lead_next(const struct policy *policy, int service, size_t *at,
	       struct lead *out)
{
	const struct policy_service *s = &policy->services[service];
	size_t aliases = policy_is_alias(s) ? s->endpoint_count : 0;

	*out = (struct lead){ .service = service, .name = NULL };
	for (; out->name == NULL && *at < aliases + 2; ++*at) {
		out->endpoint = *at < aliases ? (int)*at : POLICY_NONE;
		out->type = *at < aliases    ? "CNAME"
			    : *at == aliases ? "HTTPS"
					     : "SVCB";
		out->name = *at < aliases    ? s->endpoints[*at].cname
			    : *at == aliases ? target_of(&s->https)
					     : target_of(&s->svcb);
	}
	if (out->name != NULL)
		out->next = find_service(policy, out->name);
	return out->name != NULL;
}
