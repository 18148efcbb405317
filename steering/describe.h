/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe -- commands and what they change, in words for the audit.  Pure.
 */
#ifndef STEERING_DESCRIBE_H
#define STEERING_DESCRIBE_H

#include "steering/audit.h"
#include "steering/state.h"

/* Of kind "command", which the caller may change: who, what and why. */
struct audit_event describe_command(const struct command *c, int64_t wall_ms);

/*
 * Fills before and after with the endpoints whose settled share or weight
 * differ between two states of one policy; long lists are cut.
 */
void describe_change(struct audit_event *event, const struct state *a,
		     const struct state *b, struct ramp_now now);

#endif
