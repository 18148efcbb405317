/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/survey.h"

#include "policy/language/code.h"

#include <string.h>

/* All regions of the service's endpoints; false when one is not known. */
static bool regions_of_service(const struct policy_service *s, uint64_t *out)
{
	uint64_t regions = 0;

	for (size_t i = 0; i < s->endpoint_count; i++) {
		if (s->endpoints[i].region == POLICY_NONE)
			return false;
		regions |= UINT64_C(1) << s->endpoints[i].region;
	}
	*out = regions;
	return s->endpoint_count > 0;
}

static void survey_rule(struct draft *d, const struct policy_residency *rule,
			const struct tree *node)
{
	struct tree *within;

	if (!draft_usable(node, "within", &within) || within == NULL)
		return;
	for (size_t i = 0; i < d->policy->service_count; i++) {
		const struct policy_service *s = &d->policy->services[i];
		uint64_t regions;

		if (regions_of_service(s, &regions) &&
		    (regions & rule->regions) == 0)
			errors_add(d->errs, CODE_RESIDENCY_EMPTY, within->at,
				   "residency \"%s\" leaves service \"%s\" no "
				   "region; give it an endpoint within, or "
				   "widen the rule",
				   rule->name, s->name);
	}
}

static bool is_one(uint64_t bits)
{
	return bits != 0 && (bits & (bits - 1)) == 0;
}

/*
 * Who is bound to one region has none to fail over to: said once of a rule
 * that allows no other, else of each service that has others elsewhere.
 */
static void survey_single(struct draft *d, const struct policy_residency *rule,
			  const struct tree *node)
{
	const struct policy *p = d->policy;
	struct tree *within;

	if (d->errs->fatal > 0 || !draft_usable(node, "within", &within) ||
	    within == NULL)
		return;
	if (is_one(rule->regions) && p->region_count > 1) {
		errors_warn(d->errs, CODE_JURISDICTION_SINGLE, within->at,
			    "residency \"%s\" is within one region, \"%s\": "
			    "when that fails its clients have no other; add "
			    "one",
			    rule->name,
			    p->regions[__builtin_ctzll(rule->regions)].name);
		return;
	}
	for (size_t i = 0; i < p->service_count; i++) {
		const struct policy_service *s = &p->services[i];
		uint64_t regions;

		if (regions_of_service(s, &regions) && !is_one(regions) &&
		    is_one(regions & rule->regions))
			errors_warn(
				d->errs, CODE_JURISDICTION_SINGLE, s->at,
				"residency \"%s\" leaves service \"%s\" one "
				"region: when that fails its clients have "
				"no other; give it another endpoint within",
				rule->name, s->name);
	}
}

static void survey_residency(struct draft *d)
{
	struct policy *p = d->policy;
	struct tree *section = d->sections[SECTION_RESIDENCY];
	struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < p->residency_count;
	     i++, node = node->next) {
		struct policy_residency *rule = &p->residency[i];

		for (size_t r = 0; r < p->region_count; r++)
			if ((p->regions[r].jurisdictions &
			     rule->jurisdictions) != 0)
				rule->regions |= UINT64_C(1) << r;
		survey_rule(d, rule, node);
		survey_single(d, rule, node);
	}
}

static void survey_jurisdictions(struct draft *d)
{
	struct policy *p = d->policy;
	struct tree *section = d->sections[SECTION_REGIONS];
	struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < p->region_count;
	     i++, node = node->next) {
		struct tree *written;

		if (p->residency_count > 0 &&
		    p->regions[i].jurisdictions == 0 &&
		    draft_usable(node, "jurisdictions", &written))
			errors_warn(d->errs, CODE_REGION_LAWLESS,
				    p->regions[i].at,
				    "region \"%s\" has no jurisdictions, so no "
				    "client bound by residency is sent there",
				    p->regions[i].name);
	}
}

/* More at once than ever. */
static void survey_budget(struct draft *d)
{
	const struct policy_safety *safety = &d->policy->safety;
	struct tree *map = d->sections[SECTION_SAFETY], *at_once, *ever;

	if (map != NULL &&
	    draft_usable(map, "max_capacity_opened_at_once", &at_once) &&
	    at_once != NULL &&
	    draft_usable(map, "max_capacity_opened", &ever) &&
	    safety->max_capacity_at_once_pct > safety->max_capacity_opened_pct)
		errors_warn(d->errs, CODE_BUDGET_ORDER, at_once->at,
			    "max_capacity_opened_at_once is more than "
			    "max_capacity_opened (%u%%%s), which is reached "
			    "first",
			    safety->max_capacity_opened_pct,
			    ever == NULL ? " by default" : "");
}

static void survey_safety(struct draft *d)
{
	struct tree *map = d->sections[SECTION_SAFETY], *least;

	if (map == NULL || !draft_knows(d, SECTION_REGIONS) ||
	    !draft_usable(map, "min_regions_in_service", &least) ||
	    least == NULL)
		return;
	if (d->policy->safety.min_regions_in_service > d->policy->region_count)
		errors_add(d->errs, CODE_SAFETY_IMPOSSIBLE, least->at,
			   "min_regions_in_service is %u and there are %zu "
			   "regions; no command could ever be carried out",
			   d->policy->safety.min_regions_in_service,
			   d->policy->region_count);
}

/* Words that no command has would guard nothing. */
static void survey_confirm(struct draft *d)
{
	static const char *const words[] = {
		"drain",  "undrain",      "failover",       "weight", "pin",
		"cancel", "canary-start", "canary-promote", "publish"
	};
	const struct policy_safety *safety = &d->policy->safety;
	struct tree *map = d->sections[SECTION_SAFETY], *confirm;

	if (map == NULL || !draft_usable(map, "confirm", &confirm) ||
	    confirm == NULL)
		return;
	for (size_t i = 0; i < safety->confirm_count; i++) {
		bool known = false;

		for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
			known |= strcmp(words[w], safety->confirm[i]) == 0;
		if (!known)
			errors_add(d->errs, CODE_WORD_UNKNOWN, confirm->at,
				   "confirm has \"%.40s\"; write drain, "
				   "undrain, failover, weight, pin, cancel, "
				   "canary-start, canary-promote or publish",
				   safety->confirm[i]);
	}
}

/* Keys of a verification of nobody, or by nobody, would do nothing. */
static void survey_verify(struct draft *d)
{
	struct tree *map = d->sections[SECTION_VERIFY], *responders;

	if (map == NULL || !draft_usable(map, "responders", &responders))
		return;
	if (responders == NULL)
		errors_add(d->errs, CODE_KEY_MISSING,
			   draft_place(map, "responders"),
			   "verify has no key \"responders\"; write whom to "
			   "ask, like responders: {dns-a: 192.0.2.53}");
	else if (draft_knows(d, SECTION_VANTAGES) &&
		 d->policy->vantage_count == 0)
		errors_warn(d->errs, CODE_VERIFY_UNASKED, map->key->at,
			    "verify names responders and there are no "
			    "vantages, so nobody asks; write vantages:");
}

static void survey_vantages(struct draft *d)
{
	if (d->policy->check_count == 0 || !draft_knows(d, SECTION_VANTAGES))
		return;
	if (d->policy->vantage_count == 0)
		errors_warn(d->errs, CODE_VANTAGES_MISSING,
			    d->sections[SECTION_CHECKS]->key->at,
			    "there are checks and no vantages, so nothing is "
			    "probed; write vantages:");
	else if (policy_vote_count(d->policy) == 0)
		errors_warn(d->errs, CODE_VANTAGES_MUTE,
			    d->sections[SECTION_VANTAGES]->key->at,
			    "no vantage has a vote, so no endpoint is ever "
			    "down; leave vote: no out at some");
}

/* Does the service say that nothing probes it? */
static bool is_unmonitored(const struct draft *d, int service)
{
	const struct tree *section = d->sections[SECTION_SERVICES];
	struct tree *node = section == NULL ? NULL : section->first;
	struct tree *check;

	for (int i = 0; node != NULL && i < service; i++)
		node = node->next;
	return node != NULL && draft_usable(node, "check", &check) &&
	       check == NULL;
}

/* And for what reason, if so; NULL: something probes it, and counts. */
static const char *why_unnoticed(const struct draft *d, int service)
{
	const struct policy_service *s = &d->policy->services[service];

	if (is_unmonitored(d, service))
		return "no check";
	return s->check == POLICY_NONE ? NULL
				       : policy_unmonitored(d->policy, s);
}

static void survey_tests(struct draft *d)
{
	struct policy *p = d->policy;
	struct tree *section = d->sections[SECTION_TESTS];
	struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < p->test_count;
	     i++, node = node->next) {
		int service = p->tests[i].service;
		const char *lacks = service == POLICY_NONE
					    ? NULL
					    : why_unnoticed(d, service);
		struct tree *down;

		if (lacks != NULL && draft_usable(node, "down", &down) &&
		    down != NULL)
			errors_warn(d->errs, CODE_TEST_UNNOTICED, down->at,
				    "service \"%s\" has %s, so nobody would "
				    "notice that a region is down; give it "
				    "one that counts or remove down",
				    p->services[service].name, lacks);
	}
}

/* What was put into shadow for a while is easily forgotten there. */
static void survey_shadows(struct draft *d)
{
	struct policy *p = d->policy;

	for (size_t i = 0; i < p->service_count; i++) {
		const struct policy_service *s = &p->services[i];

		if (s->check == POLICY_NONE || policy_unmonitored(p, s) == NULL)
			continue;
		if (s->expression == NULL)
			errors_warn(d->errs, CODE_SERVICE_SHADOW, s->at,
				    "service \"%s\" is unmonitored: its check "
				    "\"%s\" is in shadow",
				    s->name, p->checks[s->check].name);
		else
			errors_warn(d->errs, CODE_SERVICE_SHADOW, s->at,
				    "service \"%s\" is unmonitored: its checks "
				    "are in shadow",
				    s->name);
	}
}

void survey_policy(struct draft *d)
{
	survey_residency(d);
	survey_jurisdictions(d);
	survey_safety(d);
	survey_confirm(d);
	survey_verify(d);
	survey_budget(d);
	survey_vantages(d);
	survey_tests(d);
	survey_shadows(d);
}
