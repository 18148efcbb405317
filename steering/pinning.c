/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/pinning.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "steering/registry.h"

#include <stdio.h>
#include <string.h>

bool pinning_understood(const struct command *command,
			const struct registry *registry, struct error *err)
{
	if (command->kind != COMMAND_PIN || registry == NULL)
		return true;
	for (size_t i = 0; i < registry->count; i++) {
		const struct node *node = &registry->nodes[i].node;

		if (node->role != NODE_DNS ||
		    node->speaks >= MEMBER_SPEAKS_PINS)
			continue;
		error_set(err,
			  "pin: %s is too old to obey a pin (version %s); "
			  "update it first",
			  node->name,
			  node->version[0] == '\0' ? "unknown" : node->version);
		return false;
	}
	return true;
}

size_t pinning_of(struct commands commands, const struct policy *policy,
		  size_t service, struct pin *list)
{
	size_t count = 0;

	for (size_t i = 0; i < commands.count; i++) {
		struct pin pin;
		size_t of;

		if (pin_read(&commands.list[i], policy, &of, &pin) &&
		    of == service)
			count = pins_put(list, count, &pin);
	}
	return count;
}

static bool begins(const struct guard_case *c, const struct command *command)
{
	for (size_t i = 0; i < c->before.count; i++)
		if (strcmp(c->before.list[i].id, command->id) == 0)
			return false;
	return true;
}

/* Those of its endpoints that are neither drained nor down. */
static uint64_t usable(const struct guard_case *c, size_t service,
		       const struct pin *pin)
{
	uint64_t left = 0;

	for (uint64_t rest = pin->endpoints; rest != 0; rest &= rest - 1) {
		size_t e = (size_t)__builtin_ctzll(rest);
		const struct view_endpoint *seen =
			c->view == NULL
				? NULL
				: &c->view->services[service].endpoints[e];

		if ((seen == NULL || seen->health.verdict != VERDICT_DOWN) &&
		    effect_of(c->after, c->policy, service, e, EFFECT_SETTLED)
				    .share > 0)
			left |= UINT64_C(1) << e;
	}
	return left;
}

static uint64_t regions_of(const struct policy_service *service,
			   uint64_t endpoints)
{
	uint64_t regions = 0;

	for (; endpoints != 0; endpoints &= endpoints - 1)
		regions |= UINT64_C(1)
			   << service->endpoints[__builtin_ctzll(endpoints)]
				      .region;
	return regions;
}

/* Classes of clients of the set, and to how many of them residency leaves one
 * of the regions. */
struct reach {
	size_t members, free;
};

static struct reach reach_of(const struct guard_case *c, const struct pin *pin,
			     uint64_t regions)
{
	struct reach reach = { 0 };

	for (size_t i = 0; i < c->classes.count; i++) {
		const struct client_class *class = c->classes.list[i];

		if ((class->sets >> pin->set & 1) == 0)
			continue;
		reach.members++;
		reach.free += (class->regions & regions) != 0;
	}
	return reach;
}

/* "www of clients eea to us-east" */
enum { PIN_TEXT_SIZE = 3 * COMMAND_NAME_SIZE + 32 };
static const char *text_of(const struct command *c, char buf[PIN_TEXT_SIZE])
{
	snprintf(buf, PIN_TEXT_SIZE, "%.63s of clients %s to %s", c->target,
		 c->clients, c->to);
	return buf;
}

static bool works(const struct guard_case *c, const struct command *command,
		  size_t service, const struct pin *pin, struct error *err)
{
	const struct policy_service *s = &c->policy->services[service];
	uint64_t left = usable(c, service, pin);
	struct reach reach = reach_of(c, pin, regions_of(s, left));
	char text[PIN_TEXT_SIZE];

	if (left == 0)
		error_set(err,
			  "pin: %s: that is down or drained, and they would "
			  "stay where they are",
			  text_of(command, text));
	else if (c->classes.count > 0 && reach.members == 0)
		error_set(err, "pin: %s: no network is known to be of that set",
			  text_of(command, text));
	else if (c->classes.count > 0 && reach.free == 0)
		error_set(err, "pin: %s: residency leaves that to none of them",
			  text_of(command, text));
	else
		return true;
	return false;
}

bool pinning_works(const struct guard_case *c, size_t service,
		   struct error *err)
{
	for (size_t i = 0; i < c->after.count; i++) {
		const struct command *command = &c->after.list[i];
		struct pin pin;
		size_t of;

		if (pin_read(command, c->policy, &of, &pin) && of == service &&
		    begins(c, command) &&
		    !works(c, command, service, &pin, err))
			return false;
	}
	return true;
}

void pinning_warn(const struct guard_case *c, size_t service,
		  struct guard_warnings *out)
{
	const struct policy_service *s = &c->policy->services[service];

	for (size_t i = 0; i < c->after.count; i++) {
		const struct command *command = &c->after.list[i];
		char text[PIN_TEXT_SIZE];
		struct reach reach;
		struct pin pin;
		size_t of;

		if (!pin_read(command, c->policy, &of, &pin) || of != service ||
		    !begins(c, command))
			continue;
		reach = reach_of(c, &pin, regions_of(s, pin.endpoints));
		if (reach.free == reach.members ||
		    out->count == GUARD_WARNINGS_MAX)
			continue;
		snprintf(
			out->list[out->count++], sizeof(out->list[0]),
			"pin: %.120s: residency keeps some of them from there, "
			"and these stay where they are",
			text_of(command, text));
	}
}
