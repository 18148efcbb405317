/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/coverage.h"

#include "policy/base/file.h"
#include "policy/decide/geo.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"
#include "policy/language/terms.h"
#include "policy/language/window.h"
#include "policy/review/trial.h"

#include <stdlib.h>

enum { NETWORKS_OCTETS_MAX = 256 << 20 }; /* as at load */

const char *coverage_kind_name(enum coverage_kind kind)
{
	static const char *const names[] = {
		[COVERAGE_SERVICE] = "service",
		[COVERAGE_ENDPOINT] = "endpoint",
		[COVERAGE_CLIENTS] = "clients",
		[COVERAGE_RESIDENCY] = "residency",
		[COVERAGE_WINDOW] = "window",
		[COVERAGE_CANARY] = "canary",
		[COVERAGE_NETWORK] = "network",
	};

	return names[kind];
}

/* The next rule; of a kind that is no less than that before. */
static struct coverage_rule *add(struct coverage *c, enum coverage_kind kind,
				 const char *name, struct place at)
{
	struct coverage_rule *rule = &c->rules[c->count];

	if (c->count == 0 || rule[-1].kind != kind)
		c->first[kind] = c->count;
	*rule = (struct coverage_rule){
		.kind = kind,
		.index = c->count - c->first[kind],
		.name = name,
		.at = at,
	};
	c->count++;
	return rule;
}

static void add_services(struct coverage *c, const struct policy *policy)
{
	for (size_t i = 0; i < policy->service_count; i++)
		add(c, COVERAGE_SERVICE, policy->services[i].name,
		    policy->services[i].at);
	for (size_t i = 0; i < policy->service_count; i++) {
		const struct policy_service *s = &policy->services[i];

		c->endpoints[i] = c->count;
		for (size_t e = 0; e < s->endpoint_count; e++)
			add(c, COVERAGE_ENDPOINT, s->endpoints[e].name,
			    s->endpoints[e].at)
				->service = s->name;
	}
}

/* Words of the language that are used as sets are none of the policy's. */
static void add_sets(struct coverage *c, const struct policy *policy)
{
	struct client_term builtin;

	for (size_t i = 0; i < policy->set_count; i++)
		if (!terms_builtin(policy->sets[i].name, &builtin))
			add(c, COVERAGE_CLIENTS, policy->sets[i].name,
			    policy->sets[i].at)
				->index = i;
}

static void add_rules(struct coverage *c, const struct policy *policy)
{
	add_services(c, policy);
	add_sets(c, policy);
	for (size_t i = 0; i < policy->residency_count; i++)
		add(c, COVERAGE_RESIDENCY, policy->residency[i].name,
		    policy->residency[i].at);
	for (size_t i = 0; i < policy->window_count; i++)
		add(c, COVERAGE_WINDOW, policy->windows[i].name,
		    policy->windows[i].at);
	for (size_t i = 0; i < policy->canary_count; i++)
		add(c, COVERAGE_CANARY, policy->canaries[i].name,
		    policy->canaries[i].at);
	for (size_t i = 0; i < c->corrections.count; i++)
		add(c, COVERAGE_NETWORK, NULL,
		    (struct place){ .file = policy->geo.networks,
				    .line = c->corrections.list[i].line })
			->network = c->corrections.list[i].prefix;
}

static bool read_corrections(struct coverage *c, struct errors *errs)
{
	const char *path = c->subject->policy->geo.networks;
	struct error err;
	size_t len;
	char *text;
	bool ok;

	if (path == NULL)
		return true;
	text = file_read(path, NETWORKS_OCTETS_MAX, &len, &err);
	if (text == NULL) {
		errors_add(errs, CODE_FILE_UNREADABLE,
			   (struct place){ .file = path }, "%s", err.text);
		return false;
	}
	ok = corrections_parse(text, len, path, &c->corrections, errs);
	free(text);
	return ok;
}

bool coverage_open(struct coverage *c, struct subject *subject,
		   struct errors *errs)
{
	const struct policy *policy = subject->policy;
	size_t count = policy->service_count + policy->set_count +
		       policy->residency_count + policy->window_count +
		       policy->canary_count + 1;

	*c = (struct coverage){ .subject = subject };
	if (!read_corrections(c, errs))
		return false;
	for (size_t i = 0; i < policy->service_count; i++)
		count += policy->services[i].endpoint_count;
	c->rules = calloc(count + c->corrections.count, sizeof(*c->rules));
	c->endpoints = calloc(policy->service_count + 1, sizeof(*c->endpoints));
	if (c->rules == NULL || c->endpoints == NULL) {
		errors_add(errs, CODE_MEMORY, (struct place){ .file = NULL },
			   "out of memory");
		return false;
	}
	add_rules(c, policy);
	return true;
}

void coverage_fini(struct coverage *c)
{
	corrections_fini(&c->corrections);
	free(c->endpoints);
	free(c->rules);
	*c = (struct coverage){ .subject = NULL };
}

static void try_rule(struct coverage *c, enum coverage_kind kind, size_t index)
{
	c->rules[c->first[kind] + index].tried = true;
}

static void try_endpoints(struct coverage *c, const struct policy_test *test,
			  uint64_t set)
{
	for (; set != 0; set &= set - 1)
		c->rules[c->endpoints[test->service] +
			 (size_t)__builtin_ctzll(set)]
			.tried = true;
}

/* Has the service an endpoint that this rule takes from whom it binds? */
static bool takes(const struct policy_residency *rule,
		  const struct policy_service *service)
{
	for (size_t i = 0; i < service->endpoint_count; i++)
		if (!(rule->regions >> service->endpoints[i].region & 1))
			return true;
	return false;
}

static void try_class(struct coverage *c, const struct policy_test *test,
		      uint16_t class_id)
{
	const struct policy *policy = c->subject->policy;
	const struct client_class *class = geo_class(c->subject->geo, class_id);

	for (size_t i = c->first[COVERAGE_CLIENTS];
	     i < c->count && c->rules[i].kind == COVERAGE_CLIENTS; i++)
		c->rules[i].tried |= class->sets >> c->rules[i].index & 1;
	for (size_t i = 0; i < policy->residency_count; i++)
		if ((class->residency >> i & 1) &&
		    takes(&policy->residency[i],
			  &policy->services[test->service]))
			try_rule(c, COVERAGE_RESIDENCY, i);
	try_endpoints(c, test, trial_given(c->subject, test, class_id));
}

static void try_windows(struct coverage *c, const struct policy_test *test)
{
	const struct policy *policy = c->subject->policy;
	const struct policy_service *s = &policy->services[test->service];

	for (size_t i = 0; i < policy->window_count && test->at_s != 0; i++) {
		bool asked = false;

		for (size_t e = 0; e < s->endpoint_count; e++)
			asked |= s->endpoints[e].open >> i & 1;
		if (asked && window_is_open(&policy->windows[i], test->at_s))
			try_rule(c, COVERAGE_WINDOW, i);
	}
}

/* The longest around the client counts, alone. */
static void try_network(struct coverage *c, const struct net_addr *client)
{
	struct coverage_rule *best = NULL;

	for (size_t i = 0; i < c->corrections.count; i++) {
		struct coverage_rule *rule =
			&c->rules[c->first[COVERAGE_NETWORK] + i];

		if (net_within(&rule->network, client) &&
		    (best == NULL || rule->network.bits > best->network.bits))
			best = rule;
	}
	if (best != NULL)
		best->tried = true;
}

void coverage_add(struct coverage *c, const struct policy_test *test)
{
	const struct policy *policy = c->subject->policy;
	size_t classes = geo_class_count(c->subject->geo);

	try_rule(c, COVERAGE_SERVICE, (size_t)test->service);
	try_endpoints(c, test,
		      test->expect == TEST_NEVER ? test->endpoints : 0);
	try_windows(c, test);
	if (test->supposed.canary != NULL)
		try_rule(c, COVERAGE_CANARY,
			 (size_t)(test->supposed.canary - policy->canaries));
	if (test->client.family != NET_NONE)
		try_network(c, &test->client);
	for (size_t i = 0; i < classes; i++)
		if (trial_asks(c->subject->geo, test, (uint16_t)i))
			try_class(c, test, (uint16_t)i);
}

size_t coverage_tried(const struct coverage *c)
{
	size_t tried = 0;

	for (size_t i = 0; i < c->count; i++)
		tried += c->rules[i].tried;
	return tried;
}
