/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/draining.h"

#include <jansson.h>

static bool takes_from(const struct command *c, const struct policy *policy,
		       size_t service)
{
	const struct policy_service *s = &policy->services[service];
	/* When its ramp is over. */
	int64_t end_ms = c->wall_made_ms + c->over_ms;

	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct command_effect effect =
			command_effect_on(c, policy, service, i, end_ms);

		if (effect.share <= 0 || (effect.weighs && effect.weight == 0))
			return true;
	}
	return false;
}

bool draining_of(const struct command *command, const struct policy *policy,
		 struct draining *out)
{
	bool takes = false;
	uint32_t longest_s = 0;
	struct draining d = {
		.wall_moved_ms = command->wall_made_ms + command->over_ms,
	};

	for (size_t i = 0; i < policy->service_count; i++) {
		const struct policy_ttl *ttl = &policy->services[i].ttl;

		if (!takes_from(command, policy, i))
			continue;
		takes = true;
		if (ttl->steady_s > longest_s)
			longest_s = ttl->steady_s;
		if (ttl->changing_s > longest_s)
			longest_s = ttl->changing_s;
	}
	d.wall_drained_ms = d.wall_moved_ms + INT64_C(1000) * longest_s;
	d.wall_gone_ms = d.wall_drained_ms + DRAINING_TAIL_MS;
	if (takes)
		*out = d;
	return takes;
}

bool draining_put(const struct draining *d, struct json_t *json)
{
	return json_object_set_new(json, "wall_moved_ms",
				   json_integer(d->wall_moved_ms)) == 0 &&
	       json_object_set_new(json, "wall_drained_ms",
				   json_integer(d->wall_drained_ms)) == 0 &&
	       json_object_set_new(json, "wall_gone_ms",
				   json_integer(d->wall_gone_ms)) == 0;
}
