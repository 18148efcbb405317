/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order -- carries a command out on the agent's state.
 *
 *   drain      takes the place of an earlier drain of the same target
 *   undrain    ends the drain of the same target, over over_ms if it says so;
 *              without one, SERVICE/ENDPOINT that waits after an outage begins
 *              its failback ramp, and one in that ramp is full at once
 *   failover   takes the place of an earlier one of the same service
 *   weight     takes the place of an earlier one of the same endpoint
 *   cancel     ends the failover or weight of that id
 *   rollback   puts the commands of an earlier plan in place of all
 *   canary-*   steering/canary
 *
 * A drain or undrain that comes while another of the same target is on its
 * way goes on from the share that is there: its start is set back so that no
 * client jumps.  Pure.
 */
#ifndef STEERING_ORDER_H
#define STEERING_ORDER_H

#include "steering/state.h"

struct error;
struct generations;

/* command has passed command_check().  past (NULL: none) is what a rollback
 * may go back to.  False with err set and state untouched when there is nothing
 * that it could change. */
bool order_apply(struct state *state, const struct command *command,
		 const struct generations *past, struct ramp_now now,
		 struct error *err);

#endif
