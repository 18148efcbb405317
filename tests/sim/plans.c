/* SPDX-License-Identifier: Apache-2.0 */
/* plans -- invariants of one plan: it serves, and does what was said. */
#include "fleet.h"

#include <string.h>

/* Never empty by accident. */
static void check_served(struct fleet *f, const struct plan *plan)
{
	bool served[FLEET_SERVICES] = { false };

	for (size_t t = 0; t < f->target_count; t++) {
		const struct policy_endpoint *e = fleet_endpoint(f, t);
		const struct plan_share *share =
			plan_find_share(plan, fleet_service(f, t)->name,
					e->name);
		int64_t weight = share == NULL || share->weight < 0
					 ? (int64_t)e->weight
					 : share->weight;

		served[f->target_service[t]] |=
			e->canary == POLICY_NONE && weight > 0 &&
			(share == NULL || share->share > 0);
	}
	for (size_t s = 0; s < f->policy->service_count; s++)
		if (!served[s])
			fleet_broken(f, "a plan leaves %s empty",
				     f->policy->services[s].name);
}

/* Does the command, once it is through, leave the endpoint nothing? */
static bool empties(const struct fleet *f, const struct command *c, size_t t)
{
	const char *service = fleet_service(f, t)->name;
	const struct policy_endpoint *e = fleet_endpoint(f, t);
	const char *region = f->policy->regions[e->region].name;
	size_t len = strlen(service);

	if (c->kind == COMMAND_FAILOVER)
		return strcmp(c->target, service) == 0 &&
		       strcmp(c->to, region) != 0;
	if (c->kind != COMMAND_DRAIN)
		return false;
	return strcmp(c->target, region) == 0 ||
	       (strncmp(c->target, service, len) == 0 &&
		c->target[len] == '/' &&
		strcmp(c->target + len + 1, e->name) == 0);
}

/* What people said, the plan does. */
static void check_obedience(struct fleet *f, const struct plan *plan)
{
	for (size_t i = 0; i < plan->command_count; i++) {
		const struct command *c = &plan->commands[i];

		if (c->wall_made_ms + c->over_ms > plan->wall_made_ms)
			continue;
		for (size_t t = 0; t < f->target_count; t++) {
			const struct plan_share *is =
				plan_find_share(plan, fleet_service(f, t)->name,
						fleet_endpoint(f, t)->name);

			if (empties(f, c, t) && (is == NULL || is->share > 0))
				fleet_broken(f, "%s %s does not bear on %s/%s",
					     command_kind_name(c->kind),
					     c->target,
					     fleet_service(f, t)->name,
					     fleet_endpoint(f, t)->name);
		}
	}
}

/* How many percent a canary lets in where its endpoint is: those of its stage
 * by where the canary stands. */
static uint32_t percent_of(const struct policy_canary *c,
			   const struct plan_canary *at, int region)
{
	for (size_t i = 0; i < c->stage_count; i++) {
		const struct canary_stage *stage = &c->stages[i];

		if (!(stage->regions >> region & 1))
			continue;
		if (at->state == CANARY_DONE || i < at->stage)
			return stage->percents[stage->percent_count - 1];
		return i == at->stage && at->phase != CANARY_PRECHECK
			       ? stage->percents[at->step]
			       : 0;
	}
	return 0;
}

/* A canary has what it was promoted to, less what commands take. */
static void check_canaries(struct fleet *f, const struct plan *plan)
{
	for (size_t t = 0; t < f->target_count; t++) {
		const struct policy_endpoint *e = fleet_endpoint(f, t);
		const struct plan_share *is =
			plan_find_share(plan, fleet_service(f, t)->name,
					e->name);
		const struct plan_canary *at;
		double due, share = is == NULL ? 0 : is->share;

		if (e->canary == POLICY_NONE)
			continue;
		at = &plan->canaries[e->canary];
		due = at->state == CANARY_OFF || at->state == CANARY_ABORTED
			      ? 0
			      : percent_of(&f->policy->canaries[e->canary], at,
					   e->region) /
					100.0;
		if (share > due + 1e-6 ||
		    (plan->command_count == 0 && share < due - 1e-6))
			fleet_broken(f, "%s has %.4f of its clients, not %.4f",
				     e->name, share, due);
	}
}

void plans_check(struct fleet *f, const struct plan *plan)
{
	check_served(f, plan);
	check_obedience(f, plan);
	check_canaries(f, plan);
}

void plans_check_canary(struct fleet *f, const struct command *c,
			const struct plan *before, const struct plan *after)
{
	for (size_t t = 0; t < f->target_count; t++) {
		const struct policy_endpoint *e = fleet_endpoint(f, t);
		const char *service = fleet_service(f, t)->name;
		const struct plan_share *a, *b;
		bool ok = true;

		if (e->canary == POLICY_NONE ||
		    strcmp(f->policy->canaries[e->canary].name, c->target) != 0)
			continue;
		a = plan_find_share(before, service, e->name);
		b = plan_find_share(after, service, e->name);
		if (c->kind == COMMAND_CANARY_ABORT)
			ok = b->share <= 0;
		else if (c->kind != COMMAND_CANARY_START)
			ok = b->share >= a->share;
		if (c->kind == COMMAND_CANARY_PAUSE ||
		    c->kind == COMMAND_CANARY_RESUME)
			ok = ok && b->share <= a->share;
		if (!ok)
			fleet_broken(f, "%s %s: %s goes from %.4f to %.4f",
				     command_kind_name(c->kind), c->target,
				     e->name, a->share, b->share);
	}
}
