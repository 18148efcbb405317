/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/civil.h"
#include "policy/base/error.h"
#include "policy/base/nearest.h"
#include "policy/review/scenario.h"

#include <stdlib.h>
#include <string.h>

/* How each order is written and said. */
static const struct word {
	const char *option; /* before its colon */
	const char *said;   /* behind the name, or before it */
	bool before, region;
} words[] = {
	/* clang-format off */
	[SCENARIO_DRAIN]      = { "drain",      " is drained",             false, false },
	[SCENARIO_DRAIN_ALL]  = { "drain",      " is drained",             false, true },
	[SCENARIO_FAILOVER]   = { "failover",   "all fails over to ",      true,  true },
	[SCENARIO_WEIGHTLESS] = { "weightless", " has weight 0",           false, false },
	[SCENARIO_HOLD]       = { "hold",       " waits after an outage",  false, false },
	/* clang-format on */
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

static const char *target_name(const struct scenario *s,
			       const struct policy *policy, int service)
{
	return words[s->order].region
		       ? policy->regions[s->target].name
		       : policy->services[service].endpoints[s->target].name;
}

static const char *print_failed(const struct scenario *s,
				const struct policy *policy, FILE *out)
{
	const char *sep = "";

	for (size_t i = 0; i < policy->region_count; i++) {
		if (!(s->failed >> i & 1))
			continue;
		fprintf(out, "%s%s has failed", sep, policy->regions[i].name);
		sep = ", ";
	}
	if (s->deferred) {
		fprintf(out, "%smore than health may take out", sep);
		sep = ", ";
	}
	if (s->panic) {
		fprintf(out, "%sso much that it is panic", sep);
		sep = ", ";
	}
	return sep;
}

void scenario_print(const struct scenario *s, const struct policy *policy,
		    int service, FILE *out)
{
	const char *sep = print_failed(s, policy, out);
	const struct word *word = &words[s->order];
	char at[CIVIL_TEXT_SIZE];

	if (s->order != SCENARIO_NO_ORDER) {
		const char *name = target_name(s, policy, service);

		fprintf(out, "%s%s%s", sep, word->before ? word->said : name,
			word->before ? name : word->said);
		sep = ", ";
	}
	if (s->canaries != NULL && s->canaries->moved != NULL) {
		const struct policy_canary *c = s->canaries->moved;
		uint32_t stage = s->canaries->stage, step = s->canaries->step;

		fprintf(out, "%scanary %s is at %u%% of stage %u", sep, c->name,
			c->stages[stage].percents[step], stage + 1);
		sep = ", ";
	}
	if (s->canaries_failed) {
		fprintf(out, "%scanaries' own endpoints have failed", sep);
		sep = ", ";
	}
	if (*sep == '\0')
		fprintf(out, "nothing is wrong");
	if (s->at_s != 0)
		fprintf(out, ", at %s", civil_text(s->at_s, at));
}

void scenario_print_options(const struct scenario *s,
			    const struct policy *policy, int service, FILE *out)
{
	char at[CIVIL_TEXT_SIZE];

	for (size_t i = 0; i < policy->region_count; i++)
		if (s->failed >> i & 1)
			fprintf(out, " --down %s", policy->regions[i].name);
	if (s->deferred)
		fprintf(out, " --deferred");
	if (s->panic)
		fprintf(out, " --panic");
	if (s->order != SCENARIO_NO_ORDER)
		fprintf(out, " --order %s:%s%s%s", words[s->order].option,
			s->order == SCENARIO_DRAIN
				? policy->services[service].name
				: "",
			s->order == SCENARIO_DRAIN ? "/" : "",
			target_name(s, policy, service));
	if (s->canaries != NULL && s->canaries->moved != NULL)
		fprintf(out, " --canary %s:%u.%u", s->canaries->moved->name,
			s->canaries->stage + 1, s->canaries->step + 1);
	if (s->canaries_failed)
		fprintf(out, " --canaries-down");
	if (s->at_s != 0)
		fprintf(out, " --at %s", civil_text(s->at_s, at));
}

/* The order that text begins with; SCENARIO_NO_ORDER: none does. */
static enum scenario_order order_of(const char *text, size_t len)
{
	for (size_t i = 1; i < WORDS; i++)
		if (strlen(words[i].option) == len &&
		    memcmp(words[i].option, text, len) == 0)
			return (enum scenario_order)i;
	return SCENARIO_NO_ORDER;
}

static int find_target(const struct scenario *s, const struct policy *policy,
		       int service, const char *name)
{
	const struct policy_service *declared = &policy->services[service];
	size_t len = strlen(declared->name);

	if (words[s->order].region)
		return policy_find_region(policy, name);
	if (s->order == SCENARIO_DRAIN &&
	    strncmp(name, declared->name, len) == 0 && name[len] == '/')
		name += len + 1;
	return policy_find_endpoint(declared, name);
}

bool scenario_read_order(struct scenario *s, const struct policy *policy,
			 int service, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	struct scenario read = *s;

	if (colon != NULL)
		read.order = order_of(text, (size_t)(colon - text));
	if (colon == NULL || read.order == SCENARIO_NO_ORDER) {
		error_set(err,
			  "\"%.60s\" is no order; drain:REGION, "
			  "drain:SERVICE/ENDPOINT, failover:REGION, "
			  "weightless:ENDPOINT or hold:ENDPOINT",
			  text);
		return false;
	}
	if (read.order == SCENARIO_DRAIN && strchr(colon, '/') == NULL)
		read.order = SCENARIO_DRAIN_ALL;
	read.target = find_target(&read, policy, service, colon + 1);
	if (read.target < 0) {
		error_set(err, "%s \"%.60s\" is not in the policy%s%s",
			  words[read.order].region ? "region" : "endpoint",
			  colon + 1,
			  words[read.order].region ? "" : " of service ",
			  words[read.order].region
				  ? ""
				  : policy->services[service].name);
		return false;
	}
	*s = read;
	return true;
}

/* "STAGE.STEP", from 1. */
static bool read_step(const char *text, uint32_t *stage, uint32_t *step)
{
	char *end;
	unsigned long a = strtoul(text, &end, 10), b;

	if (end == text || *end != '.' || a == 0 || a > 1000)
		return false;
	text = end + 1;
	b = strtoul(text, &end, 10);
	if (end == text || *end != '\0' || b == 0 || b > 1000)
		return false;
	*stage = (uint32_t)a - 1;
	*step = (uint32_t)b - 1;
	return true;
}

bool scenario_read_canary(const struct policy *policy, int service,
			  const char *text, struct scenario_canaries *out,
			  struct error *err)
{
	const char *colon = strchr(text, ':');
	char name[POLICY_NAME_MAX + 1];
	uint32_t stage, step;
	int canary = POLICY_NONE;

	if (colon == NULL || colon - text > POLICY_NAME_MAX ||
	    !read_step(colon + 1, &stage, &step)) {
		error_set(err,
			  "\"%.60s\" is no canary's step; NAME:STAGE.STEP, "
			  "as in www-v2:1.3",
			  text);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
	canary = policy_find_canary(policy, name);
	if (canary < 0 || policy->canaries[canary].service != service) {
		error_set(err, "canary \"%s\" is none of service %s", name,
			  policy->services[service].name);
		return false;
	}
	if (!scenario_at_step(policy, canary, stage, step, out)) {
		error_set(err, "canary %s has no step %u.%u", name, stage + 1,
			  step + 1);
		return false;
	}
	return true;
}
