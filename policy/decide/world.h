/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world -- all that who decides knows beside the model: what the vantages said,
 * the plan in force, break-glass commands where he takes any, and the view that
 * these made.  Responders have one, and probers that verify them.
 *
 * Pure: the caller passes both clocks in.
 */
#ifndef POLICY_DECIDE_WORLD_H
#define POLICY_DECIDE_WORLD_H

#include "policy/bus/follow.h"
#include "policy/bus/local.h"
#include "policy/decide/heard.h"

#include <stdbool.h>
#include <stdint.h>

struct view;

/* Zeroed memory knows nothing. */
struct world {
	struct heard heard;
	struct follow follow;
	bool plan_fits; /* follow.plan leaves no service of the model empty */
	struct local local;
	struct view *view; /* owned; the newest; NULL before the first */
};

struct world_time {
	int64_t now_ms; /* monotonic */
	int64_t wall_ms;
};

void world_fini(struct world *world);

/* The plan to decide by: NULL when there is none or it does not fit. */
const struct plan *world_plan(const struct world *world);

/*
 * The view of the world as it is now, for policy, which may be another than
 * world->view's.  NULL when memory runs out.  The caller owns it.
 */
struct view *world_look(const struct world *world, const struct policy *policy,
			struct world_time at);

/*
 * What the world is when another policy judges it: does the plan fit, which
 * local commands still make sense.  err says why the plan does not fit.
 * Reports are left: heard_prune() is due once the policy is in force.
 */
void world_judge(struct world *world, const struct policy *policy,
		 struct world_time at, struct error *err);

/*
 * Adds or ends a break-glass command.  False with err set, world untouched,
 * when it is not valid, or would, once its ramp is through, leave a service
 * without any endpoint that takes clients.
 */
bool world_command(struct world *world, const struct policy *policy,
		   const struct command *command, struct world_time at,
		   struct error *err);

/* Milliseconds until some command in force ends, or the clock opens or closes
 * an endpoint; INT64_MAX when nothing does. */
int64_t world_next_change_ms(const struct world *world, int64_t wall_ms);

#endif
