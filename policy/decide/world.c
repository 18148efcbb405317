/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/world.h"

#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "policy/decide/view.h"
#include "policy/language/policy.h"

#include <stddef.h>

void world_fini(struct world *world)
{
	view_free(world->view);
	follow_fini(&world->follow);
	heard_fini(&world->heard);
	*world = (struct world){ 0 };
}

const struct plan *world_plan(const struct world *world)
{
	return world->plan_fits ? world->follow.plan : NULL;
}

struct view *world_look(const struct world *world, const struct policy *policy,
			struct world_time at)
{
	struct heard_report reports[POLICY_VANTAGES_MAX];
	const struct view_input in = {
		.reports = reports,
		.plan = world_plan(world),
		.local = world->local.commands,
		.local_count = world->local.count,
		.previous = world->view,
		.now_ms = at.now_ms,
		.wall_ms = at.wall_ms,
	};

	heard_select(&world->heard, policy, reports);
	return view_reduce(policy, &in);
}

void world_judge(struct world *world, const struct policy *policy,
		 struct world_time at, struct error *err)
{
	(void)local_adopt(&world->local, policy, at.wall_ms);
	world->plan_fits = world->follow.plan != NULL &&
			   plan_check(world->follow.plan, policy, err);
}

/* Has some endpoint that is not a canary clients? */
static bool serves(const struct view *view, size_t service)
{
	const struct policy_service *s = &view->policy->services[service];
	const struct view_endpoint *endpoints =
		view->services[service].endpoints;

	for (size_t e = 0; e < s->endpoint_count; e++)
		if (s->endpoints[e].canary == POLICY_NONE &&
		    endpoints[e].accept > 0 && endpoints[e].weight > 0)
			return true;
	return false;
}

/* A service that is empty already is not made worse. */
static bool check_served(const struct view *before, const struct view *after,
			 struct error *err)
{
	const struct policy *policy = after->policy;

	for (size_t s = 0; s < policy->service_count; s++) {
		if (serves(after, s) || !serves(before, s))
			continue;
		error_set(err,
			  "this would leave service %s with no endpoint that "
			  "takes clients; the command is refused",
			  policy->services[s].name);
		return false;
	}
	return true;
}

/* The newest view, or one made now, which is the caller's to free. */
static const struct view *view_before(const struct world *world,
				      const struct policy *policy,
				      struct world_time at, struct view **made)
{
	*made = NULL;
	if (world->view != NULL && world->view->policy == policy)
		return world->view;
	*made = world_look(world, policy, at);
	return *made;
}

/* Judged at the end of all ramps: a drain that takes a while takes all. */
static bool leaves_all_served(const struct world *world,
			      const struct policy *policy,
			      const struct local *candidate,
			      struct world_time at, struct error *err)
{
	struct world whole = *world; /* borrows all but its own local */
	struct view *made, *after;
	const struct view *before = view_before(world, policy, at, &made);
	bool ok = false;

	whole.local = *candidate;
	for (size_t i = 0; i < whole.local.count; i++)
		whole.local.commands[i].over_ms = 0;
	after = world_look(&whole, policy, at);
	if (before == NULL || after == NULL)
		error_set(err, "out of memory");
	else
		ok = check_served(before, after, err);
	view_free(made);
	view_free(after);
	return ok;
}

bool world_command(struct world *world, const struct policy *policy,
		   const struct command *command, struct world_time at,
		   struct error *err)
{
	struct local candidate = world->local;

	if (!command_check(command, policy, at.wall_ms, err))
		return false;
	(void)local_expire(&candidate, at.wall_ms);
	if (!local_apply(&candidate, command, err) ||
	    !leaves_all_served(world, policy, &candidate, at, err))
		return false;
	world->local = candidate;
	return true;
}

int64_t world_next_change_ms(const struct world *world, int64_t wall_ms)
{
	const struct plan *plan = world_plan(world);
	int64_t next_ms = local_next_expiry_ms(&world->local);

	for (size_t i = 0; plan != NULL && i < plan->command_count; i++) {
		int64_t at_ms = plan->commands[i].wall_expires_ms;

		if (at_ms > wall_ms && at_ms < next_ms)
			next_ms = at_ms;
	}
	if (world->view != NULL && world->view->opening_until_ms > wall_ms &&
	    world->view->opening_until_ms < next_ms)
		next_ms = world->view->opening_until_ms;
	return next_ms == INT64_MAX ? INT64_MAX : next_ms - wall_ms;
}
