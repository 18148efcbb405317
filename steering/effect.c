/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/effect.h"

double effect_share(const struct command *command, const struct policy *policy,
		    size_t service, size_t endpoint, int64_t wall_ms)
{
	struct command c = *command;
	struct command_effect e;

	if (c.kind == COMMAND_UNDRAIN)
		c.kind = COMMAND_DRAIN;
	e = command_effect_on(&c, policy, service, endpoint, wall_ms);
	if (command->kind == COMMAND_UNDRAIN && e.concerns)
		return 1 - e.share;
	return e.share;
}

struct effect effect_of(struct commands commands, const struct policy *policy,
			size_t service, size_t endpoint, int64_t wall_ms)
{
	struct effect effect = {
		.share = 1,
		.weight = policy->services[service].endpoints[endpoint].weight,
	};

	for (size_t i = 0; i < commands.count; i++) {
		const struct command *c = &commands.list[i];
		double share =
			effect_share(c, policy, service, endpoint, wall_ms);
		struct command_effect e = command_effect_on(c, policy, service,
							    endpoint, wall_ms);

		if (share < effect.share) {
			effect.share = share;
			effect.by = c;
		}
		if (e.weighs) {
			effect.weight = e.weight;
			effect.weighed = c;
		}
	}
	return effect;
}
