/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/proof.h"

#include "policy/decide/geo.h"

#include <stdlib.h>
#include <string.h>

/* Services of one kind: alike in all that a claim looks at. */
struct kind {
	int service; /* the first of them */
	size_t count;
};

struct proving {
	struct proof *proof;
	const struct policy *policy;
	const struct geo *geo;
	struct view *view;
	const struct proof_goal *goal;
	struct realms realms;
	struct kind *kinds;
	bool *done;                          /* by realm */
	const struct client_class **classes; /* room for all */
	size_t class_count;
};

static bool endpoints_alike(const struct policy_endpoint *a,
			    const struct policy_endpoint *b)
{
	return a->region == b->region && a->shadowed_by == b->shadowed_by &&
	       (a->weight == 0) == (b->weight == 0) &&
	       (a->canary == POLICY_NONE) == (b->canary == POLICY_NONE);
}

static bool canaries_alike(const struct policy *policy, int a, int b)
{
	struct scenario_canaries of_a[SCENARIO_CANARIES_MAX];
	struct scenario_canaries of_b[SCENARIO_CANARIES_MAX];
	uint64_t steps_a, steps_b;
	bool whole_a, whole_b;
	size_t count = scenario_canaries(policy, a, of_a, &steps_a, &whole_a);

	if (scenario_canaries(policy, b, of_b, &steps_b, &whole_b) != count ||
	    steps_a != steps_b || whole_a != whole_b)
		return false;
	for (size_t i = 0; i < count; i++)
		if (memcmp(of_a[i].accept, of_b[i].accept,
			   sizeof(of_a[i].accept)) != 0)
			return false;
	return true;
}

/* In all that claim.c and chain_choose() read of a service. */
static bool services_alike(const struct policy *policy, int a, int b)
{
	const struct policy_service *x = &policy->services[a];
	const struct policy_service *y = &policy->services[b];

	if (x->endpoint_count != y->endpoint_count || x->panic != y->panic ||
	    (x->panic == PANIC_FALLBACK && x->fallback != y->fallback) ||
	    (policy_unmonitored(policy, x) == NULL) !=
		    (policy_unmonitored(policy, y) == NULL))
		return false;
	for (size_t i = 0; i < x->endpoint_count; i++)
		if (!endpoints_alike(&x->endpoints[i], &y->endpoints[i]))
			return false;
	return canaries_alike(policy, a, b);
}

static void find_kinds(struct proving *p)
{
	for (size_t i = 0; i < p->policy->service_count; i++) {
		size_t at = 0;

		while (at < p->proof->kinds &&
		       !services_alike(p->policy, p->kinds[at].service, (int)i))
			at++;
		if (at == p->proof->kinds)
			p->kinds[p->proof->kinds++].service = (int)i;
		p->kinds[at].count++;
	}
}

static uint64_t regions_of(const struct policy_service *service)
{
	uint64_t found = 0;

	for (size_t i = 0; i < service->endpoint_count; i++)
		found |= UINT64_C(1) << service->endpoints[i].region;
	return found;
}

static unsigned most_of(const struct proving *p, int service)
{
	unsigned regions = (unsigned)__builtin_popcountll(
		regions_of(&p->policy->services[service]));
	unsigned most = p->goal->most;

	if (most == 0)
		most = regions <= PROOF_ALL_MAX ? regions : PROOF_SOME;
	if (most < regions)
		p->proof->complete = false;
	return most < regions ? most : regions;
}

static struct proof_failure *add_failure(struct proof *proof)
{
	size_t cap = proof->failure_cap == 0 ? 16 : 2 * proof->failure_cap;
	struct proof_failure **list = proof->failures;

	if (proof->failure_count == proof->failure_cap) {
		list = realloc(list, cap * sizeof(struct proof_failure *));
		if (list == NULL) {
			proof->no_memory = true;
			return NULL;
		}
		proof->failures = list;
		proof->failure_cap = cap;
	}
	list[proof->failure_count] = calloc(1, sizeof(**list));
	if (list[proof->failure_count] == NULL) {
		proof->no_memory = true;
		return NULL;
	}
	return list[proof->failure_count++];
}

/* Which rule keeps the class from the endpoint's region. */
static const struct policy_residency *
rule_against(const struct proving *p, uint16_t class_id, int region)
{
	const struct client_class *class = geo_class(p->geo, class_id);
	uint64_t carried = p->policy->regions[region].jurisdictions;

	for (size_t i = 0; i < p->policy->residency_count; i++) {
		const struct policy_residency *rule = &p->policy->residency[i];

		if (realm_is_bound(rule, class) &&
		    !(carried & rule->jurisdictions))
			return rule;
	}
	return NULL;
}

static void record(struct proving *p, const struct proof_failure *found)
{
	const struct policy_service *s = &p->policy->services[found->service];
	struct proof_failure *f = add_failure(p->proof);

	if (f == NULL)
		return;
	*f = *found;
	if (f->result.scenario.canaries != NULL)
		f->result.scenario.canaries = &f->result.moved;
	if (f->test == NULL && f->result.outside != POLICY_NONE && !f->name)
		f->rule = rule_against(p, f->class_id,
				       s->endpoints[f->result.outside].region);
}

static void count_result(struct proof *proof, const struct claim_result *r,
			 uint64_t classes)
{
	uint64_t covered;

	if (__builtin_mul_overflow(r->covered, classes, &covered) ||
	    __builtin_add_overflow(proof->covered, covered, &proof->covered))
		proof->covered = UINT64_MAX;
	proof->evaluated += r->evaluated;
	proof->complete &= r->complete;
}

/* Realms that are alike as far as the regions of a service go. */
static bool is_alike(const struct realm *a, const struct realm *b,
		     uint64_t regions)
{
	return ((a->regions ^ b->regions) & regions) == 0 &&
	       ((a->allowed ^ b->allowed) & regions) == 0 &&
	       a->none_healthy == b->none_healthy;
}

/* Takes the classes of all realms that are like the one at. */
static void take_alike(struct proving *p, size_t at, uint64_t regions)
{
	const struct realm *realm = &p->realms.list[at];

	p->class_count = 0;
	for (size_t i = at; i < p->realms.count; i++)
		p->done[i] |= is_alike(&p->realms.list[i], realm, regions);
	for (size_t i = 0; i < geo_class_count(p->geo); i++)
		if (is_alike(&p->realms.list[p->realms.of_class[i]], realm,
			     regions))
			p->classes[p->class_count++] =
				geo_class(p->geo, (uint16_t)i);
}

/* Of the classes taken; false when it does not hold. */
static bool prove_claim(struct proving *p, uint64_t allowed,
			struct proof_failure *found)
{
	const struct claim claim = {
		.policy = p->policy,
		.view = p->view,
		.service = found->service,
		.classes = p->classes,
		.class_count = p->class_count,
		.allowed = allowed,
		.most = most_of(p, found->service),
	};

	claim_try(&claim, &found->result);
	count_result(p->proof, &found->result, p->class_count * found->alike);
	if (found->result.held)
		return true;
	found->class_id =
		(uint16_t)(p->classes[found->result.at] - geo_class(p->geo, 0));
	record(p, found);
	return false;
}

static void prove_realm(struct proving *p, const struct kind *kind, size_t at)
{
	struct proof_failure found = {
		.service = kind->service,
		.alike = kind->count,
	};

	take_alike(p, at, regions_of(&p->policy->services[kind->service]));
	prove_claim(p, p->realms.list[at].allowed, &found);
	if (found.result.never_served)
		p->proof->unserved += kind->count;
}

static void prove_kind(struct proving *p, const struct kind *kind)
{
	memset(p->done, 0, p->realms.count * sizeof(*p->done));
	for (size_t i = 0; i < p->realms.count; i++)
		if (!p->done[i])
			prove_realm(p, kind, i);
}

static bool is_meant(const struct proving *p, const struct policy_test *test,
		     uint16_t class_id)
{
	if (test->client.family != NET_NONE)
		return geo_class_of(p->geo, &test->client) == class_id;
	return geo_class(p->geo, class_id)->sets >> test->clients & 1;
}

/* The test's classes of one realm. */
static void take_meant(struct proving *p, const struct policy_test *test,
		       size_t realm)
{
	p->class_count = 0;
	for (size_t i = 0; i < geo_class_count(p->geo); i++)
		if (p->realms.of_class[i] == realm &&
		    is_meant(p, test, (uint16_t)i))
			p->classes[p->class_count++] =
				geo_class(p->geo, (uint16_t)i);
}

/* Each realm that the test's clients are of, until one fails. */
static void prove_test(struct proving *p, const struct policy_test *test)
{
	uint64_t allowed = realm_regions(p->policy, test->jurisdictions);
	bool held = true;

	p->proof->tests++;
	for (size_t i = 0; held && i < p->realms.count; i++) {
		struct proof_failure found = {
			.service = test->service,
			.alike = 1,
			.test = test,
		};

		take_meant(p, test, i);
		if (p->class_count > 0)
			held = prove_claim(p, allowed, &found);
	}
}

/* Does the name belong to a service, of which all this is proved too? */
static bool is_service(const struct policy *policy, const char *cname)
{
	for (size_t i = 0; i < policy->service_count; i++)
		if (strcmp(policy->services[i].fqdn, cname) == 0)
			return true;
	return false;
}

/* A name outside, that clients of a realm with a wall may be given. */
static void prove_names(struct proving *p, int service)
{
	const struct policy_service *s = &p->policy->services[service];

	for (size_t i = 0; policy_is_alias(s) && i < s->endpoint_count; i++) {
		uint64_t region = UINT64_C(1) << s->endpoints[i].region;

		if (is_service(p->policy, s->endpoints[i].cname))
			continue;
		for (size_t j = 0; j < p->realms.count; j++) {
			const struct realm *realm = &p->realms.list[j];
			struct proof_failure found = {
				.service = service,
				.alike = 1,
				.class_id = realm->class_id,
				.name = true,
				.result.outside = (int)i,
			};

			if (realm->allowed == UINT64_MAX ||
			    !(realm->regions & region))
				continue;
			record(p, &found);
			break;
		}
	}
}

static void prove_all(struct proving *p)
{
	find_kinds(p);
	p->proof->realms = p->realms.count;
	for (size_t i = 0; i < p->proof->kinds; i++)
		prove_kind(p, &p->kinds[i]);
	for (size_t i = 0; i < p->policy->test_count; i++)
		if (p->policy->tests[i].expect == TEST_ALWAYS_WITHIN)
			prove_test(p, &p->policy->tests[i]);
	for (size_t i = 0;
	     !p->goal->trusts_names && i < p->policy->service_count; i++)
		prove_names(p, (int)i);
}

void proof_make(struct view *view, const struct geo *geo,
		const struct proof_goal *goal, struct proof *out)
{
	const struct policy *policy = view->policy;
	struct proving p = {
		.proof = out,
		.policy = policy,
		.geo = geo,
		.view = view,
		.goal = goal,
	};

	*out = (struct proof){
		.policy = policy,
		.most = goal->most,
		.trusts_names = goal->trusts_names,
		.complete = true,
		.services = policy->service_count,
		.classes = geo_class_count(geo),
	};
	p.kinds = calloc(policy->service_count + 1, sizeof(*p.kinds));
	p.classes = calloc(out->classes, sizeof(*p.classes));
	if (realms_find(policy, geo, &p.realms))
		p.done = calloc(p.realms.count + 1, sizeof(*p.done));
	if (p.kinds != NULL && p.classes != NULL && p.done != NULL)
		prove_all(&p);
	else
		out->no_memory = true;
	free(p.done);
	free(p.classes);
	free(p.kinds);
	realms_fini(&p.realms);
}

void proof_fini(struct proof *proof)
{
	for (size_t i = 0; i < proof->failure_count; i++)
		free(proof->failures[i]);
	free(proof->failures);
	*proof = (struct proof){ .policy = NULL };
}
