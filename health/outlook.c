/* SPDX-License-Identifier: Apache-2.0 */
#include "health/outlook.h"

#include "policy/base/error.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"

#include <stdio.h>

void outlook_fini(struct outlook *outlook)
{
	world_fini(&outlook->world);
	*outlook = (struct outlook){ 0 };
}

void outlook_adopt(struct outlook *outlook, const struct policy *policy)
{
	struct world *world = &outlook->world;
	struct error err;

	view_free(world->view);
	world->view = NULL;
	outlook->since_ms = 0;
	heard_prune(&world->heard, policy);
	world_judge(world, policy, (struct world_time){ 0 }, &err);
}

void outlook_take_plan(struct outlook *outlook, const struct verifier *trusted,
		       const struct policy *policy, const void *octets,
		       size_t len)
{
	if (follow_take(&outlook->world.follow, trusted, policy, octets, len) ==
	    FOLLOW_TAKEN)
		outlook->world.plan_fits = true;
}

bool outlook_reduce(struct outlook *outlook, const struct policy *policy,
		    struct world_time at)
{
	struct view *view = world_look(&outlook->world, policy, at);

	if (view == NULL)
		return false;
	view_free(outlook->world.view);
	outlook->world.view = view;
	if (outlook->since_ms == 0)
		outlook->since_ms = at.now_ms;
	return true;
}

bool outlook_is_young(const struct outlook *outlook, int64_t now_ms)
{
	return now_ms - outlook->since_ms < VIEW_REMEMBER_MS;
}

struct standpoint outlook_standpoint(const struct outlook *outlook,
				     const struct policy *policy)
{
	struct standpoint s = { .plan_epoch = 0 };

	snprintf(s.policy_digest, sizeof(s.policy_digest), "%s",
		 policy->digest);
	if (outlook->world.view != NULL) {
		s.plan_epoch = outlook->world.view->plan_epoch;
		s.plan_sequence = outlook->world.view->plan_sequence;
	}
	return s;
}
