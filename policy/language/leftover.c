/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/leftover.h"

#include "policy/language/draft.h"
#include "policy/language/expression.h"

/* Sets that residency, tests or other sets name: a bit each. */
static uint64_t sets_used(const struct policy *p)
{
	uint64_t used = 0;

	for (size_t i = 0; i < p->residency_count; i++)
		used |= UINT64_C(1) << p->residency[i].clients;
	for (size_t i = 0; i < p->test_count; i++)
		if (p->tests[i].clients != POLICY_NONE)
			used |= UINT64_C(1) << p->tests[i].clients;
	for (size_t i = 0; i < p->set_count; i++)
		for (size_t k = 0; k < p->sets[i].term_count; k++)
			if (p->sets[i].terms[k].kind == TERM_SET)
				used |= UINT64_C(1) << p->sets[i].terms[k].set;
	return used;
}

/* Only what a section of clients names has a place to be found at. */
static void judge_sets(struct draft *d)
{
	const struct policy *p = d->policy;
	uint64_t used = sets_used(p);

	for (size_t i = 0; i < p->set_count; i++)
		if ((used >> i & 1) == 0 && p->sets[i].at.line > 0)
			errors_warn(d->errs, CODE_SET_UNUSED, p->sets[i].at,
				    "client set \"%s\" is used by nothing; "
				    "write the rule that it is for, or remove "
				    "it",
				    p->sets[i].name);
}

static void judge_regions(struct draft *d)
{
	const struct policy *p = d->policy;
	uint64_t used = 0;

	for (size_t i = 0; i < p->service_count; i++)
		for (size_t k = 0; k < p->services[i].endpoint_count; k++)
			used |= UINT64_C(1)
				<< p->services[i].endpoints[k].region;
	for (size_t i = 0; i < p->region_count; i++)
		if ((used >> i & 1) == 0)
			errors_warn(d->errs, CODE_REGION_UNUSED,
				    p->regions[i].at,
				    "region \"%s\" has no endpoint, so no "
				    "client is ever sent there; write one, or "
				    "remove it",
				    p->regions[i].name);
}

static bool is_check_used(const struct policy *p, int check)
{
	for (size_t i = 0; i < p->service_count; i++) {
		const struct policy_expression *x = p->services[i].expression;

		if (p->services[i].check == check)
			return true;
		for (size_t k = 0; x != NULL && k < x->check_count; k++)
			if (x->checks[k] == check)
				return true;
	}
	return false;
}

static void judge_checks(struct draft *d)
{
	const struct policy *p = d->policy;

	for (size_t i = 0; i < p->check_count; i++)
		if (!is_check_used(p, (int)i))
			errors_warn(d->errs, CODE_CHECK_UNUSED, p->checks[i].at,
				    "check \"%s\" is used by no service; write "
				    "check: at one, or remove it",
				    p->checks[i].name);
}

static void judge_rules(struct draft *d)
{
	const struct policy *p = d->policy;
	uint64_t all =
		p->region_count == 0
			? 0
			: UINT64_MAX >> (POLICY_REGIONS_MAX - p->region_count);

	for (size_t i = 0; i < p->residency_count; i++)
		if (p->residency[i].regions == all)
			errors_warn(d->errs, CODE_RESIDENCY_IDLE,
				    p->residency[i].at,
				    "residency \"%s\" forbids nothing: every "
				    "region is within it; correct "
				    "jurisdictions, or remove it",
				    p->residency[i].name);
}

static void judge_canaries(struct draft *d)
{
	const struct policy *p = d->policy;

	for (size_t i = 0; i < p->canary_count; i++)
		if (!policy_measures(&p->canaries[i]))
			errors_warn(d->errs, CODE_CANARY_UNGUARDED,
				    p->canaries[i].at,
				    "canary \"%s\" has no metrics, so nothing "
				    "takes it back; write metrics:",
				    p->canaries[i].name);
}

void leftover_judge(struct draft *d)
{
	judge_sets(d);
	judge_regions(d);
	judge_checks(d);
	judge_rules(d);
	judge_canaries(d);
}
