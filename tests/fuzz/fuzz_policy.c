/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as a policy file: either at least one located error, or a policy
 * in which everything that readers rely on holds.
 */
#include "policy/base/arena.h"
#include "policy/language/expression.h"
#include "policy/language/load.h"
#include "policy/language/policy.h"
#include "policy/language/reach.h"
#include "policy/language/sources.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

/* assert() may be compiled out; a fuzzer must notice. */
static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_endpoints(const struct policy *p,
			    const struct policy_service *s)
{
	expect(s->endpoint_count >= 1 &&
	       s->endpoint_count <= POLICY_ENDPOINTS_MAX);
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];

		expect(e->region >= 0 && (size_t)e->region < p->region_count);
		expect((e->cname != NULL) == policy_is_alias(s));
		expect((e->a_count + e->aaaa_count > 0) == (e->cname == NULL));
		expect(e->a_count <= POLICY_ADDRESSES_MAX);
		expect(reach_probes(p->checks, s, e) <= EXPRESSION_PROBES_MAX);
		expect(strlen(e->name) <= POLICY_NAME_MAX);
		expect((e->canary == POLICY_NONE) ==
		       (e->shadows == POLICY_NONE));
		if (e->shadows != POLICY_NONE)
			expect(s->endpoints[e->shadows].shadowed_by == (int)i);
	}
}

static void check_binding(const struct policy_service *s,
			  const struct policy_binding *b)
{
	size_t octets = 0;

	if (b->at.line == 0)
		return;
	expect(!policy_is_alias(s) && b->target != NULL);
	expect(b->priority != 0 ||
	       (b->alpn_count == 0 && b->port == 0 && b->ech_octets == 0));
	expect(!b->no_default_alpn || b->alpn_count > 0);
	for (size_t i = 0; i < b->alpn_count; i++)
		octets += 1 + strlen(b->alpn[i]);
	expect(octets <= POLICY_ALPN_OCTETS_MAX);
	expect(b->ech_octets <= POLICY_ECH_OCTETS_MAX);
}

static void check_check(const struct policy_check *c)
{
	expect(c->port > 0 || c->type == CHECK_EXTERNAL);
	expect(c->timeout_ms < c->interval_ms);
	expect(c->status_count > 0 && c->rcode < POLICY_RCODES);
	for (size_t i = 0; i < c->status_count; i++)
		expect(c->statuses[i].first >= 100 &&
		       c->statuses[i].first <= c->statuses[i].last &&
		       c->statuses[i].last <= 599);
	for (size_t i = 0; i < c->header_count; i++)
		expect(strpbrk(c->headers[i].name, ": \r\n") == NULL &&
		       strpbrk(c->headers[i].value, "\r\n") == NULL);
	expect(c->type != CHECK_DNS || c->query_type != 0);
	expect(c->rdata == NULL || c->type == CHECK_DNS);
	expect((c->program != NULL) == (c->type == CHECK_EXTERNAL));
	expect(c->program == NULL || strchr(c->program, '/') == NULL);
	expect(c->argument_count <= POLICY_ARGUMENTS_MAX);
}

static void check_expression(const struct policy *p,
			     const struct policy_service *s)
{
	const struct policy_expression *x = s->expression;

	if (x == NULL)
		return;
	expect(x->check_count > 0 && x->check_count <= EXPRESSION_PARTS_MAX &&
	       x->gate_count <= EXPRESSION_GATES_MAX);
	expect((x->gate_count == 0) == (x->counted == 0));
	for (size_t i = 0; i < x->check_count; i++) {
		const struct policy_check *c = &p->checks[x->checks[i]];

		expect(x->checks[i] >= 0 && c->shadow != (x->counted >> i & 1));
	}
	/* All up is up, all down is down, and no gate hangs over the end. */
	expect(expression_holds(x, x->counted));
	expect(x->counted == 0 || !expression_holds(x, ~x->counted));
}

static void check_policy(const struct policy *p)
{
	bool soa = false;

	expect(strlen(p->digest) == 64);
	expect(p->region_count <= POLICY_REGIONS_MAX);
	expect(p->set_count <= POLICY_SETS_MAX);
	for (size_t i = 0; i < p->service_count; i++) {
		check_endpoints(p, &p->services[i]);
		check_binding(&p->services[i], &p->services[i].https);
		check_binding(&p->services[i], &p->services[i].svcb);
		check_expression(p, &p->services[i]);
		expect(p->services[i].check < (int)p->check_count);
	}
	for (size_t i = 0; i < p->check_count; i++)
		check_check(&p->checks[i]);
	for (size_t i = 0; i < p->residency_count; i++)
		expect(p->residency[i].clients >= 0 &&
		       p->residency[i].jurisdictions != 0);
	for (size_t i = 0; i < p->canary_count; i++)
		expect(p->canaries[i].service >= 0 &&
		       p->canaries[i].stage_count > 0);
	for (size_t i = 0; i < p->test_count; i++)
		expect(p->tests[i].service >= 0 &&
		       (p->tests[i].client.family != NET_NONE ||
			p->tests[i].clients >= 0));
	for (size_t i = 0; i < p->zones[0].record_count; i++)
		soa |= p->zones[0].records[i].type == 6;
	expect(soa);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct arena *arena = arena_new();
	struct sources s = { .arena = arena, .folder = "", .sealed = true };
	struct errors errs = { 0 };
	struct policy *policy;

	if (arena == NULL ||
	    !sources_add(&s, "fuzz.yaml", (const char *)octets, len)) {
		arena_free(arena);
		return 0;
	}
	policy = load_policy(&s, "fuzz.yaml", &errs);
	expect((policy != NULL) == (errs.fatal == 0));
	if (policy != NULL)
		check_policy(policy);
	policy_free(policy);
	errors_fini(&errs);
	return 0;
}
