/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/freeze.h"

#include "policy/base/error.h"
#include "policy/decide/frozen.h"
#include "steering/pause.h"

static const struct command *find(struct commands commands, const char *service,
				  const char *canary, int64_t wall_ms)
{
	const struct command *c = commands.list;

	for (size_t i = 0; i < commands.count; i++, c++) {
		if (c->kind == COMMAND_FREEZE && c->wall_expires_ms > wall_ms &&
		    frozen_covers(c, service, canary))
			return c;
	}
	return NULL;
}

const struct command *freeze_of_service(struct commands commands,
					const struct policy *policy,
					size_t service, int64_t wall_ms)
{
	return find(commands, policy->services[service].name, NULL, wall_ms);
}

const struct command *freeze_of_canary(struct commands commands,
				       const struct policy *policy,
				       size_t canary, int64_t wall_ms)
{
	const struct policy_canary *c = &policy->canaries[canary];

	return find(commands, policy->services[c->service].name, c->name,
		    wall_ms);
}

struct ramp freeze_ramp(struct ramp ramp, const struct ramp_limits *limits,
			enum verdict verdict, int64_t passed_ms,
			struct ramp_now now)
{
	struct ramp_limits frozen = *limits;

	frozen.manual = true;
	if (ramp.state == RAMP_RISING)
		ramp.since_ms += passed_ms;
	return ramp_step(ramp, &frozen, verdict, now);
}

bool freeze_allows(const struct command *command, struct commands commands,
		   const struct policy *policy, int64_t wall_ms,
		   struct error *err)
{
	int canary = pause_moves_on(command->kind)
			     ? policy_find_canary(policy, command->target)
			     : POLICY_NONE;
	const struct command *c;

	if (canary == POLICY_NONE)
		return true;
	c = freeze_of_canary(commands, policy, (size_t)canary, wall_ms);
	if (c == NULL)
		return true;
	error_set(err,
		  "%s: %s is frozen by %s (%s: %.80s), for %lld s more; "
		  "unfreeze %s first",
		  command_kind_name(command->kind), command->target, c->author,
		  c->id, c->reason,
		  (long long)(c->wall_expires_ms - wall_ms + 999) / 1000,
		  c->target);
	return false;
}
