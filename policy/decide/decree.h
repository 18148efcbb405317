/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decree -- what the plan and the people at this node say that endpoints take,
 * put into a view.
 *
 * A command ends at its expiry though no agent lives to publish the end: no
 * human change is for ever by accident.  Then the endpoint takes what the plan
 * says is beneath it, a ramp that goes on, and what the plan's other commands
 * leave of that.  Pins stand in no share: every reader of the plan, and of what
 * people told this node, works out by itself whom they concern.  Pure.
 */
#ifndef POLICY_DECIDE_DECREE_H
#define POLICY_DECIDE_DECREE_H

#include "policy/decide/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct census;

/* All borrowed. */
struct decree {
	const struct policy *policy;
	struct census *census;       /* of policy */
	struct view *view;           /* of policy, with a plain share each */
	const struct plan *plan;     /* NULL: none */
	const struct command *local; /* in force at this node alone */
	size_t local_count;
	int64_t wall_ms;
	bool *failed; /* set when memory runs out */
};

/* Into accept, weight, cause and cause_ref of the view's endpoints, and its
 * services' pins. */
void decree_apply(const struct decree *d);

#endif
