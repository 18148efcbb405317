/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/pause.h"

#include "policy/base/error.h"

bool pause_holds(const struct view *view, const struct policy *policy,
		 size_t service)
{
	return view != NULL && view->policy == policy &&
	       view->services[service].panic.anywhere;
}

struct ramp pause_ramp(struct ramp ramp, const struct ramp_limits *limits,
		       enum verdict verdict, int64_t passed_ms,
		       struct ramp_now now)
{
	if (ramp.state == RAMP_FULL)
		return ramp;
	if (verdict == VERDICT_UP && !limits->manual)
		return (struct ramp){ RAMP_FULL, now.now_ms, now.wall_ms };
	ramp.since_ms += passed_ms;
	return ramp;
}

bool pause_moves_on(enum command_kind kind)
{
	return kind == COMMAND_CANARY_START || kind == COMMAND_CANARY_PROMOTE ||
	       kind == COMMAND_CANARY_RESUME;
}

bool pause_allows(const struct command *command, const struct policy *policy,
		  const struct view *view, struct error *err)
{
	int canary = pause_moves_on(command->kind)
			     ? policy_find_canary(policy, command->target)
			     : POLICY_NONE;
	size_t service;

	if (canary == POLICY_NONE)
		return true;
	service = (size_t)policy->canaries[canary].service;
	if (!pause_holds(view, policy, service))
		return true;
	error_set(err,
		  "%s: %s is in panic, %u%% of its capacity is healthy; wait "
		  "until that is over",
		  command_kind_name(command->kind),
		  policy->services[service].name,
		  panic_left_pct(&view->services[service].panic));
	return false;
}
