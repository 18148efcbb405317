/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/goals.h"

#include "policy/language/policy.h"

#include <stdlib.h>

static void add_failovers(struct goals *goals)
{
	const struct policy *policy = goals->policy;

	for (size_t i = 0; i < policy->service_count; i++) {
		struct goals_failover one = { .service = i };

		if (policy->services[i].endpoint_count < 2)
			continue;
		if (failover_of(policy, &policy->services[i], &one.time))
			goals->failovers[goals->failover_count++] = one;
		else
			goals->never++;
	}
}

bool goals_find(const struct policy *policy, const struct geo *geo,
		struct goals *out)
{
	*out = (struct goals){ .policy = policy };
	out->failovers =
		calloc(policy->service_count + 1, sizeof(*out->failovers));
	if (out->failovers == NULL || !losses_find(policy, geo, &out->losses)) {
		goals_fini(out);
		return false;
	}
	add_failovers(out);
	return true;
}

void goals_fini(struct goals *goals)
{
	losses_fini(&goals->losses);
	free(goals->failovers);
	*goals = (struct goals){ .policy = NULL };
}

bool goals_allow_loss(const struct goals *goals, const struct loss *loss)
{
	switch (goals->policy->safety.region_loss) {
	case REGION_LOSS_CARRIED:
		return !loss_is_beyond(loss);
	case REGION_LOSS_SHARED:
		return !loss->overloaded;
	case REGION_LOSS_REPORTED:
		break;
	}
	return true;
}

bool goals_allow_failover(const struct goals *goals,
			  const struct goals_failover *failover)
{
	int64_t goal_ms = goals->policy->safety.failover_goal_ms;

	return goal_ms == 0 ||
	       failover->time.notice_ms + failover->time.kept_ms <= goal_ms;
}

size_t goals_missed(const struct goals *goals)
{
	size_t missed = 0;

	for (size_t i = 0; i < goals->losses.count; i++)
		missed += !goals_allow_loss(goals, &goals->losses.list[i]);
	for (size_t i = 0; i < goals->failover_count; i++)
		missed += !goals_allow_failover(goals, &goals->failovers[i]);
	return missed;
}
