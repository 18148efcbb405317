/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/health_json.h"

#include "policy/bus/member.h"
#include "policy/decide/view.h"

#include <jansson.h>

json_t *health_json_voters(const struct policy *policy, uint64_t voters)
{
	json_t *list = json_array();

	for (size_t v = 0; v < policy->vantage_count; v++)
		if ((voters >> v & 1) != 0)
			member_append(&list,
				      json_string(policy->vantages[v].name));
	return list;
}

uint64_t health_json_voters_in(const struct policy *policy, const json_t *list)
{
	uint64_t voters = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		int vantage =
			name == NULL ? -1 : policy_find_vantage(policy, name);

		if (vantage >= 0)
			voters |= UINT64_C(1) << vantage;
	}
	return voters;
}

bool health_json_put(struct json_t *object, const struct policy *policy,
		     const struct view_endpoint *endpoint)
{
	const struct quorum_result *health = &endpoint->health;
	json_t *members =
		json_pack("{s:s, s:b, s:b, s:b, s:b, s:i, s:i, s:o, s:I}",
			  "verdict", verdict_name(health->verdict), "held",
			  health->held, "vetoed", health->vetoed, "deferred",
			  endpoint->deferred, "trickle",
			  endpoint->trickle && !endpoint->deferred, "up",
			  health->up, "down", health->down, "down_by",
			  health_json_voters(policy, health->down_by),
			  "down_ms", (json_int_t)endpoint->down_ms);
	bool ok = members != NULL && json_object_update(object, members) == 0;

	json_decref(members);
	return ok;
}
