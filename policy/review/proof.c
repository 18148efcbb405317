/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/proof.h"

#include "policy/decide/geo.h"
#include "policy/review/lead.h"

#include <stdlib.h>
#include <string.h>

/* Services of one kind: alike in all that a claim looks at. */
struct kind {
	int service; /* the first of them */
	size_t count;
};

/* Is a service one that the clients of a test are led to? */
enum follow { FOLLOW_NOT, FOLLOW_NEXT, FOLLOW_DONE };

struct proving {
	struct proof *proof;
	const struct policy *policy;
	const struct geo *geo;
	struct view *view;
	const struct proof_goal *goal;
	struct realms realms;
	struct kind *kinds;
	bool *done;                          /* by realm */
	enum follow *follow;                 /* by service */
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
	int outside = found->result.ways[0].outside;

	if (f == NULL)
		return;
	*f = *found;
	claim_settle(&f->result);
	if (f->test == NULL && f->name == NULL && outside != POLICY_NONE)
		f->rule = rule_against(p, f->class_ids[0],
				       s->endpoints[outside].region);
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
static bool try_claim(struct proving *p, const struct claim *what,
		      struct proof_failure *found)
{
	struct claim claim = *what;

	claim.policy = p->policy;
	claim.view = p->view;
	claim.service = found->service;
	claim.classes = p->classes;
	claim.class_count = p->class_count;
	claim.most = most_of(p, found->service);
	claim_try(&claim, &found->result);
	for (size_t i = 0; i < found->result.way_count; i++)
		found->class_ids[i] =
			(uint16_t)(p->classes[found->result.ways[i].at] -
				   geo_class(p->geo, 0));
	return found->result.held;
}

/* The same, of which account is given. */
static bool prove_claim(struct proving *p, const struct claim *what,
			struct proof_failure *found)
{
	bool held = try_claim(p, what, found);

	count_result(p->proof, &found->result, p->class_count * found->alike);
	if (!held)
		record(p, found);
	return held;
}

static void prove_realm(struct proving *p, const struct kind *kind, size_t at)
{
	struct proof_failure found = {
		.service = kind->service,
		.alike = kind->count,
	};

	const struct claim claim = { .allowed = p->realms.list[at].allowed };

	take_alike(p, at, regions_of(&p->policy->services[kind->service]));
	prove_claim(p, &claim, &found);
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

/* The classes of one realm, of a test's clients unless that is NULL. */
static void take_realm(struct proving *p, size_t realm,
		       const struct policy_test *test)
{
	p->class_count = 0;
	for (size_t i = 0; i < geo_class_count(p->geo); i++)
		if (p->realms.of_class[i] == realm &&
		    (test == NULL || is_meant(p, test, (uint16_t)i)))
			p->classes[p->class_count++] =
				geo_class(p->geo, (uint16_t)i);
}

/* Is it known, of a test or a rule? */
static bool is_recorded(const struct proof *proof, const struct lead *lead)
{
	for (size_t i = 0; i < proof->failure_count; i++) {
		const struct proof_failure *f = proof->failures[i];

		if (f->service == lead->service && f->name == lead->name)
			return true;
	}
	return false;
}

/* May the classes taken, of one realm, be given it?  When, into *found. */
static bool is_led(struct proving *p, const struct lead *lead, size_t realm,
		   struct proof_failure *found)
{
	const struct policy_service *s = &p->policy->services[lead->service];
	const struct claim claim = {
		.barred = lead->endpoint == POLICY_NONE
				  ? 0
				  : UINT64_C(1) << lead->endpoint,
	};

	*found = (struct proof_failure){
		.service = lead->service,
		.alike = 1,
		.name = lead->name,
		.type = lead->type,
		.result = {
			.ways[0].outside = POLICY_NONE,
			.way_count = 1,
		},
		.class_ids[0] =
			(uint16_t)(p->classes[0] - geo_class(p->geo, 0)),
	};
	if ((regions_of(s) & p->realms.list[realm].regions) == 0)
		return false;
	return claim.barred == 0 || !try_claim(p, &claim, found);
}

/* A name outside, that clients of a realm with a wall may be given. */
static void prove_names(struct proving *p, int service)
{
	struct proof_failure found;
	struct lead lead;

	for (size_t at = 0; lead_next(p->policy, service, &at, &lead);) {
		bool led = lead.next != POLICY_NONE ||
			   is_recorded(p->proof, &lead);

		for (size_t j = 0; !led && j < p->realms.count; j++) {
			if (p->realms.list[j].allowed == UINT64_MAX)
				continue;
			take_realm(p, j, NULL);
			led = is_led(p, &lead, j, &found);
			if (led)
				record(p, &found);
		}
	}
}

/* The clients of a test that are of one realm. */
struct meant {
	const struct policy_test *test;
	struct claim claim; /* that the test makes */
	size_t realm;
};

/* False when it leads out of all that the policy knows. */
static bool prove_lead(struct proving *p, const struct meant *meant,
		       const struct lead *lead)
{
	struct proof_failure found;

	if (lead->next != POLICY_NONE) {
		if (p->follow[lead->next] == FOLLOW_NOT &&
		    is_led(p, lead, meant->realm, &found))
			p->follow[lead->next] = FOLLOW_NEXT;
		return true;
	}
	if (p->goal->trusts_names || !is_led(p, lead, meant->realm, &found))
		return true;
	found.test = meant->test;
	if (!is_recorded(p->proof, lead))
		record(p, &found);
	return false;
}

/* Of the classes taken, that a service keeps them within, and all that it leads
 * to is followed.  False when it does not hold. */
static bool prove_meant(struct proving *p, const struct meant *meant,
			int service)
{
	struct proof_failure found = {
		.service = service,
		.alike = 1,
		.test = meant->test,
	};
	bool held = prove_claim(p, &meant->claim, &found);
	struct lead lead;

	p->follow[service] = FOLLOW_DONE;
	if (meant->claim.barred != 0)
		return held;
	for (size_t at = 0; held && lead_next(p->policy, service, &at, &lead);)
		held = prove_lead(p, meant, &lead);
	return held;
}

/* The test's service, and whatever that leads these clients to. */
static bool prove_followed(struct proving *p, const struct meant *meant)
{
	size_t count = p->policy->service_count, i = 0;
	bool held = true;

	memset(p->follow, 0, count * sizeof(*p->follow));
	p->follow[meant->test->service] = FOLLOW_NEXT;
	while (held && i < count) {
		bool next = p->follow[i] == FOLLOW_NEXT;

		held = !next || prove_meant(p, meant, (int)i);
		i = next ? 0 : i + 1;
	}
	return held;
}

/* Each realm that the test's clients are of, until one fails. */
static void prove_test(struct proving *p, const struct policy_test *test)
{
	struct meant meant = {
		.test = test,
		.claim = {
			.allowed = realm_regions(p->policy,
						 test->jurisdictions),
			.barred = test->endpoints,
		},
	};
	bool held = true;

	p->proof->tests++;
	for (; held && meant.realm < p->realms.count; meant.realm++) {
		take_realm(p, meant.realm, test);
		if (p->class_count > 0)
			held = prove_followed(p, &meant);
	}
}

static void prove_all(struct proving *p)
{
	find_kinds(p);
	p->proof->realms = p->realms.count;
	for (size_t i = 0; i < p->proof->kinds; i++)
		prove_kind(p, &p->kinds[i]);
	for (size_t i = 0; i < p->policy->test_count; i++)
		if (policy_is_always(&p->policy->tests[i]))
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
	p.follow = calloc(policy->service_count + 1, sizeof(*p.follow));
	if (realms_find(policy, geo, &p.realms))
		p.done = calloc(p.realms.count + 1, sizeof(*p.done));
	if (p.kinds != NULL && p.classes != NULL && p.follow != NULL &&
	    p.done != NULL)
		prove_all(&p);
	else
		out->no_memory = true;
	free(p.done);
	free(p.follow);
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
