/* SPDX-License-Identifier: Apache-2.0 */
#include "health/outlook.h"

#include "policy/bus/plan.h"

#include <stdio.h>

void outlook_fini(struct outlook *outlook)
{
	view_free(outlook->view);
	follow_fini(&outlook->follow);
	heard_fini(&outlook->heard);
	*outlook = (struct outlook){ 0 };
}

void outlook_adopt(struct outlook *outlook, const struct policy *policy)
{
	struct error err;

	view_free(outlook->view);
	outlook->view = NULL;
	outlook->since_ms = 0;
	heard_prune(&outlook->heard, policy);
	outlook->plan_fits = outlook->follow.plan != NULL &&
			     plan_check(outlook->follow.plan, policy, &err);
}

void outlook_take_plan(struct outlook *outlook, const struct verifier *trusted,
		       const struct policy *policy, const void *octets,
		       size_t len)
{
	if (follow_take(&outlook->follow, trusted, policy, octets, len) ==
	    FOLLOW_TAKEN)
		outlook->plan_fits = true;
}

bool outlook_reduce(struct outlook *outlook, const struct policy *policy,
		    int64_t now_ms, int64_t wall_ms)
{
	struct heard_report reports[POLICY_VANTAGES_MAX];
	const struct view_input in = {
		.reports = reports,
		.plan = outlook->plan_fits ? outlook->follow.plan : NULL,
		.previous = outlook->view,
		.now_ms = now_ms,
		.wall_ms = wall_ms,
	};
	struct view *view;

	heard_select(&outlook->heard, policy, reports);
	view = view_reduce(policy, &in);
	if (view == NULL)
		return false;
	view_free(outlook->view);
	outlook->view = view;
	if (outlook->since_ms == 0)
		outlook->since_ms = now_ms;
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
	if (outlook->view != NULL) {
		s.plan_epoch = outlook->view->plan_epoch;
		s.plan_sequence = outlook->view->plan_sequence;
	}
	return s;
}
