/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/reach.h"

#include "policy/language/code.h"
#include "policy/language/draft.h"
#include "policy/language/expression.h"
#include "policy/language/policy.h"

const char *reach_name(enum check_addresses addresses)
{
	static const char *const words[] = {
		[CHECK_ADDRESSES_FIRST] = "first",
		[CHECK_ADDRESSES_ALL] = "all",
		[CHECK_ADDRESSES_ANY] = "any",
	};

	return words[addresses];
}

size_t reach_addresses(const struct policy_endpoint *endpoint)
{
	return endpoint->cname != NULL
		       ? 1
		       : endpoint->a_count + endpoint->aaaa_count;
}

size_t reach_count(const struct policy_check *check,
		   const struct policy_endpoint *endpoint)
{
	size_t count = reach_addresses(endpoint);

	return count > 1 && check->addresses == CHECK_ADDRESSES_FIRST ? 1
								      : count;
}

const struct net_addr *reach_addr(const struct policy_endpoint *endpoint,
				  size_t nth)
{
	if (nth < endpoint->a_count)
		return &endpoint->a[nth];
	nth -= endpoint->a_count;
	return nth < endpoint->aaaa_count ? &endpoint->aaaa[nth] : NULL;
}

size_t reach_checks(const struct policy_service *service)
{
	return service->check == POLICY_NONE ? 0
	       : service->expression == NULL ? 1
					     : service->expression->check_count;
}

const struct policy_check *reach_check(const struct policy_check *checks,
				       const struct policy_service *service,
				       size_t nth)
{
	return &checks[service->expression == NULL
			       ? service->check
			       : service->expression->checks[nth]];
}

size_t reach_probes(const struct policy_check *checks,
		    const struct policy_service *service,
		    const struct policy_endpoint *endpoint)
{
	size_t found = 0;

	for (size_t i = 0; i < reach_checks(service); i++)
		found += reach_count(reach_check(checks, service, i), endpoint);
	return found;
}

static void judge_count(struct draft *d, const struct policy_service *service)
{
	for (size_t i = 0; i < service->endpoint_count; i++) {
		const struct policy_endpoint *e = &service->endpoints[i];
		size_t probes = reach_probes(d->policy->checks, service, e);

		if (probes > EXPRESSION_PROBES_MAX)
			errors_add(d->errs, CODE_TOO_MANY, e->at,
				   "endpoint \"%s\" takes %zu probes, one for "
				   "each of its addresses and checks; at most "
				   "%d are made: let fewer checks probe all "
				   "addresses",
				   e->name, probes, EXPRESSION_PROBES_MAX);
	}
}

/* Does a check of the service that counts probe more than first addresses? */
static bool sees_all(const struct draft *d, const struct policy_service *s)
{
	for (size_t i = 0; i < reach_checks(s); i++) {
		const struct policy_check *check =
			reach_check(d->policy->checks, s, i);

		if (check->addresses != CHECK_ADDRESSES_FIRST && !check->shadow)
			return true;
	}
	return false;
}

static bool has_check(const struct draft *d, const struct policy_service *s,
		      const struct policy_check *check)
{
	for (size_t i = 0; i < reach_checks(s); i++)
		if (reach_check(d->policy->checks, s, i) == check)
			return true;
	return false;
}

/* Where the check is the reason that addresses are not probed: the first. */
static const struct policy_endpoint *
find_unseen(const struct draft *d, const struct policy_check *check,
	    const struct policy_service **of)
{
	for (size_t i = 0; i < d->policy->service_count; i++) {
		const struct policy_service *s = &d->policy->services[i];

		if (!has_check(d, s, check) || sees_all(d, s))
			continue;
		for (size_t e = 0; e < s->endpoint_count; e++) {
			*of = s;
			if (reach_addresses(&s->endpoints[e]) > 1)
				return &s->endpoints[e];
		}
	}
	return NULL;
}

/* Once a check: it is there that it is mended. */
static void judge_unseen(struct draft *d, const struct policy_check *check,
			 const struct tree *node)
{
	const struct policy_endpoint *endpoint;
	const struct policy_service *of;
	struct tree *written;

	if (check->shadow || !draft_usable(node, "addresses", &written) ||
	    written != NULL)
		return;
	endpoint = find_unseen(d, check, &of);
	if (endpoint != NULL)
		errors_warn(d->errs, CODE_ADDRESSES_UNPROBED, check->at,
			    "check \"%s\" probes the first of the %zu "
			    "addresses of endpoint \"%s\" of service \"%s\" "
			    "alone; write addresses: all, any or first",
			    check->name, reach_addresses(endpoint),
			    endpoint->name, of->name);
}

void reach_judge(struct draft *d)
{
	struct tree *section = d->sections[SECTION_CHECKS];
	struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; i < d->policy->service_count; i++)
		judge_count(d, &d->policy->services[i]);
	/* What is refused may have been an answer. */
	if (d->errs->fatal > 0 || d->file_missing)
		return;
	for (size_t i = 0; node != NULL && i < d->policy->check_count;
	     i++, node = node->next)
		judge_unseen(d, &d->policy->checks[i], node);
}
