/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/target.h"

#include "policy/base/error.h"
#include "policy/bus/command.h"
#include "policy/language/policy.h"

#include <stdio.h>
#include <string.h>

bool target_endpoint(const char *target, const struct policy *policy,
		     int *service, int *endpoint)
{
	const char *slash = strchr(target, '/');
	char name[COMMAND_TARGET_SIZE];

	if (slash == NULL)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(slash - target), target);
	*service = policy_find_service(policy, name);
	if (*service < 0)
		return false;
	*endpoint =
		policy_find_endpoint(&policy->services[*service], slash + 1);
	return *endpoint >= 0;
}

static bool check_endpoint(const struct command *c, const struct policy *policy,
			   struct error *err)
{
	int service, endpoint;

	if (!target_endpoint(c->target, policy, &service, &endpoint)) {
		error_set(err,
			  "%s: \"%s\" is no SERVICE/ENDPOINT of the policy",
			  command_kind_name(c->kind), c->target);
		return false;
	}
	if (c->kind == COMMAND_WEIGHT &&
	    policy->services[service].endpoints[endpoint].canary >= 0) {
		error_set(err,
			  "weight: \"%s\" is a canary's endpoint, which takes "
			  "a part of its stable one; use canary promote",
			  c->target);
		return false;
	}
	return true;
}

static bool check_place(const struct command *c, const struct policy *policy,
			struct error *err)
{
	if (strchr(c->target, '/') != NULL)
		return check_endpoint(c, policy, err);
	if (policy_find_region(policy, c->target) >= 0)
		return true;
	error_set(err,
		  "%s: \"%s\" is not a region of the policy, nor "
		  "SERVICE/ENDPOINT",
		  command_kind_name(c->kind), c->target);
	return false;
}

static bool check_service(const struct command *c, const struct policy *policy,
			  struct error *err)
{
	int service = policy_find_service(policy, c->target);
	int region = policy_find_region(policy, c->to);

	if (service < 0) {
		error_set(err,
			  "failover: \"%s\" is not a service of the policy",
			  c->target);
		return false;
	}
	if (region < 0) {
		error_set(err, "failover: \"%s\" is not a region of the policy",
			  c->to);
		return false;
	}
	if (policy_stable_in(&policy->services[service], region) == 0) {
		error_set(err, "failover: service \"%s\" has no endpoint in %s",
			  c->target, c->to);
		return false;
	}
	return true;
}

bool target_pin(const struct command *c, const struct policy *policy,
		struct target_pin *out)
{
	struct target_pin pin;

	if (c->kind != COMMAND_PIN)
		return false;
	pin.service = policy_find_service(policy, c->target);
	pin.set = policy_find_set(policy, c->clients);
	if (pin.service == POLICY_NONE || pin.set == POLICY_NONE)
		return false;
	pin.endpoints =
		policy_find_spot(policy, &policy->services[pin.service], c->to)
			.endpoints;
	if (pin.endpoints == 0)
		return false;
	*out = pin;
	return true;
}

static bool check_pin(const struct command *c, const struct policy *policy,
		      struct error *err)
{
	int service = policy_find_service(policy, c->target);
	struct target_pin pin;

	if (target_pin(c, policy, &pin))
		return true;
	if (service == POLICY_NONE)
		error_set(err, "pin: \"%s\" is not a service of the policy",
			  c->target);
	else if (policy_find_set(policy, c->clients) == POLICY_NONE)
		error_set(err, "pin: \"%s\" is not a client set of the policy",
			  c->clients);
	else if (policy_find_endpoint(&policy->services[service], c->to) !=
		 POLICY_NONE)
		error_set(err,
			  "pin: \"%s\" is a canary's endpoint, which takes a "
			  "part of its stable one; pin to that",
			  c->to);
	else
		error_set(err,
			  "pin: service \"%s\" has no endpoint \"%s\", nor "
			  "one in a region of that name",
			  c->target, c->to);
	return false;
}

static bool check_plan(const struct command *c, struct error *err)
{
	size_t epoch = strspn(c->target, "0123456789");
	size_t sequence = c->target[epoch] != '/'
				  ? 0
				  : strspn(c->target + epoch + 1, "0123456789");

	if (strcmp(c->target, "previous") == 0 ||
	    (epoch > 0 && sequence > 0 &&
	     c->target[epoch + 1 + sequence] == '\0'))
		return true;
	error_set(err,
		  "rollback: \"%s\" is no plan: write EPOCH/SEQUENCE, or "
		  "previous",
		  c->target);
	return false;
}

/* all, SERVICE, or SERVICE/CANARY. */
static bool check_frozen(const struct command *c, const struct policy *policy,
			 struct error *err)
{
	const char *slash = strchr(c->target, '/');
	char name[COMMAND_TARGET_SIZE];
	int service, canary;

	if (strcmp(c->target, TARGET_ALL) == 0)
		return true;
	snprintf(name, sizeof(name), "%.*s",
		 slash == NULL ? COMMAND_TARGET_SIZE : (int)(slash - c->target),
		 c->target);
	service = policy_find_service(policy, name);
	canary = slash == NULL ? POLICY_NONE
			       : policy_find_canary(policy, slash + 1);
	if (service >= 0 &&
	    (slash == NULL ||
	     (canary >= 0 && policy->canaries[canary].service == service)))
		return true;
	error_set(err,
		  "%s: \"%s\" is not a service of the policy, nor "
		  "SERVICE/CANARY, nor " TARGET_ALL,
		  command_kind_name(c->kind), c->target);
	return false;
}

bool target_check(const struct command *c, enum target_kind kind,
		  const struct policy *policy, struct error *err)
{
	switch (kind) {
	case TARGET_NOTHING:
		break;
	case TARGET_PLACE:
		return check_place(c, policy, err);
	case TARGET_SERVICE:
		return check_service(c, policy, err);
	case TARGET_ENDPOINT:
		return check_endpoint(c, policy, err);
	case TARGET_ID:
		if (c->target[0] == '\0')
			error_set(err, "%s: which command (its id)?",
				  command_kind_name(c->kind));
		return c->target[0] != '\0';
	case TARGET_PLAN:
		return check_plan(c, err);
	case TARGET_CANARY:
		if (policy_find_canary(policy, c->target) >= 0)
			return true;
		error_set(err, "%s: \"%s\" is not a canary of the policy",
			  command_kind_name(c->kind), c->target);
		return false;
	case TARGET_FROZEN:
		return check_frozen(c, policy, err);
	case TARGET_PIN:
		return check_pin(c, policy, err);
	}
	error_set(err, "command: it has no kind");
	return false;
}
