/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/rescue.h"

#include "steering/describe.h"
#include "steering/state.h"

#include <stdbool.h>

static bool is_served(const struct state *state, size_t service)
{
	const struct policy_service *s = &state->policy->services[service];

	for (size_t i = 0; i < s->endpoint_count; i++) {
		struct effect effect =
			effect_of(state_commands(state), state->policy, service,
				  i, EFFECT_SETTLED);

		if (s->endpoints[i].canary == POLICY_NONE &&
		    effect_takes(&effect))
			return true;
	}
	return false;
}

static bool bears_on(const struct command *c, const struct policy *policy,
		     size_t service)
{
	const struct commands one = { c, 1 };

	for (size_t i = 0; i < policy->services[service].endpoint_count; i++) {
		struct effect effect =
			effect_of(one, policy, service, i, EFFECT_SETTLED);

		if (effect.by != NULL || effect.weighed != NULL)
			return true;
	}
	return false;
}

/*
 * A set of commands that was fine can stop being so: a weight command ends
 * where the policy's own weight is 0, a policy takes an endpoint away.  Then
 * the newest of those that bear on the service goes, until it is served.
 */
static bool drop_newest(struct state *state, size_t service,
			struct audit *audit, int64_t wall_ms)
{
	for (size_t i = state->command_count; i-- > 0;) {
		const struct command *c = &state->commands[i];
		struct audit_event event;

		if (!bears_on(c, state->policy, service))
			continue;
		event = describe_command(c, wall_ms);
		audit_text(event.kind, sizeof(event.kind), "dropped");
		audit_text(event.after, sizeof(event.after),
			   "%s would have no endpoint left",
			   state->policy->services[service].name);
		audit_add(audit, &event);
		state_remove(state, i);
		return true;
	}
	return false;
}

void rescue_services(struct state *state, struct audit *audit, int64_t wall_ms)
{
	for (size_t i = 0; i < state->policy->service_count; i++)
		while (!is_served(state, i) &&
		       drop_newest(state, i, audit, wall_ms))
			continue;
}
