/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/supposition.h"

#include "policy/base/error.h"
#include "policy/language/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct word {
	const char *text;
	bool region;
} words[] = {
	[SUPPOSE_DRAIN] = { "drain", false },
	[SUPPOSE_DRAIN_ALL] = { "drain", true },
	[SUPPOSE_FAILOVER] = { "failover", true },
	[SUPPOSE_WEIGHTLESS] = { "weightless", false },
	[SUPPOSE_HOLD] = { "hold", false },
	[SUPPOSE_PIN] = { "pin", false },
	[SUPPOSE_PIN_ALL] = { "pin", true },
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

const char *supposition_word(enum supposition_order order)
{
	return words[order].text;
}

bool supposition_of_region(enum supposition_order order)
{
	return words[order].region;
}

/* The order that text begins with; SUPPOSE_NO_ORDER: none does. */
static enum supposition_order order_of(const char *text, size_t len)
{
	for (size_t i = 1; i < WORDS; i++)
		if (strlen(words[i].text) == len &&
		    memcmp(words[i].text, text, len) == 0)
			return (enum supposition_order)i;
	return SUPPOSE_NO_ORDER;
}

static int find_target(const struct policy *policy, int service,
		       enum supposition_order order, const char *name)
{
	const struct policy_service *declared = &policy->services[service];
	size_t len = strlen(declared->name);

	if (words[order].region)
		return policy_find_region(policy, name);
	if (order == SUPPOSE_DRAIN && strncmp(name, declared->name, len) == 0 &&
	    name[len] == '/')
		name += len + 1;
	return policy_find_endpoint(declared, name);
}

bool supposition_pin(const struct policy *policy, int service, int set,
		     const char *to, struct supposition *out)
{
	struct policy_spot spot =
		policy_find_spot(policy, &policy->services[service], to);
	bool all = spot.region != POLICY_NONE;

	if (spot.endpoints == 0)
		return false;
	out->order = all ? SUPPOSE_PIN_ALL : SUPPOSE_PIN;
	out->target = all ? spot.region : spot.endpoint;
	out->set = set;
	return true;
}

/* "SET:TO" */
static bool read_pin(const struct policy *policy, int service, const char *text,
		     struct supposition *out, struct error *err)
{
	const char *colon = strchr(text, ':');
	char name[POLICY_NAME_MAX + 1];
	int set = POLICY_NONE;

	if (colon != NULL && colon - text <= POLICY_NAME_MAX) {
		snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
		set = policy_find_set(policy, name);
	}
	if (set != POLICY_NONE &&
	    supposition_pin(policy, service, set, colon + 1, out))
		return true;
	error_set(err,
		  "\"pin:%.60s\" is no pin of a client set of the policy to a "
		  "region or stable endpoint of service %s; pin:SET:REGION, or "
		  "pin:SET:ENDPOINT",
		  text, policy->services[service].name);
	return false;
}

bool supposition_read_order(const struct policy *policy, int service,
			    const char *text, struct supposition *out,
			    struct error *err)
{
	const char *colon = strchr(text, ':');
	enum supposition_order order = SUPPOSE_NO_ORDER;
	int target;

	if (colon != NULL)
		order = order_of(text, (size_t)(colon - text));
	if (colon == NULL || order == SUPPOSE_NO_ORDER) {
		error_set(err,
			  "\"%.60s\" is no order; drain:REGION, "
			  "drain:SERVICE/ENDPOINT, failover:REGION, "
			  "pin:SET:REGION, pin:SET:ENDPOINT, "
			  "weightless:ENDPOINT or hold:ENDPOINT",
			  text);
		return false;
	}
	if (order == SUPPOSE_PIN)
		return read_pin(policy, service, colon + 1, out, err);
	if (order == SUPPOSE_DRAIN && strchr(colon, '/') == NULL)
		order = SUPPOSE_DRAIN_ALL;
	target = find_target(policy, service, order, colon + 1);
	if (target < 0) {
		error_set(err, "%s \"%.60s\" is not in the policy%s%s",
			  words[order].region ? "region" : "endpoint",
			  colon + 1, words[order].region ? "" : " of service ",
			  words[order].region ? ""
					      : policy->services[service].name);
		return false;
	}
	out->order = order;
	out->target = target;
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

bool supposition_read_canary(const struct policy *policy, int service,
			     const char *text, struct supposition *out,
			     struct error *err)
{
	const char *colon = strchr(text, ':');
	const struct policy_canary *canary;
	char name[POLICY_NAME_MAX + 1];
	uint32_t stage, step;
	int index;

	if (colon == NULL || colon - text > POLICY_NAME_MAX ||
	    !read_step(colon + 1, &stage, &step)) {
		error_set(err,
			  "\"%.60s\" is no canary's step; NAME:STAGE.STEP, "
			  "as in www-v2:1.3",
			  text);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
	index = policy_find_canary(policy, name);
	if (index < 0 || policy->canaries[index].service != service) {
		error_set(err, "canary \"%s\" is none of service %s", name,
			  policy->services[service].name);
		return false;
	}
	canary = &policy->canaries[index];
	if (stage >= canary->stage_count ||
	    step >= canary->stages[stage].percent_count) {
		error_set(err, "canary %s has no step %u.%u", name, stage + 1,
			  step + 1);
		return false;
	}
	out->canary = canary;
	out->stage = stage;
	out->step = step;
	return true;
}
