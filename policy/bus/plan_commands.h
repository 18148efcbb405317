/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_commands -- the commands in force, as a plan carries them.
 *
 *   commands         of the kinds that every reader knows
 *   newer_commands   of those that some do not; readers before leave the
 *                    member out, and these the items whose kind is newer still
 *
 * For a command of a kind that is not known is no command, and in the first
 * list it refuses the whole plan.  What is left out is no loss to a responder,
 * which obeys the shares; an agent that takes over from such a plan does not go
 * on with them.  Pure.
 */
#ifndef POLICY_BUS_PLAN_COMMANDS_H
#define POLICY_BUS_PLAN_COMMANDS_H

#include <stdbool.h>

struct error;
struct json_t;
struct member_writer;
struct plan;

/* Into plan->commands, which has room for both; the newer ones are the last of
 * them.  False with err set: malformed, or an id is there twice. */
bool plan_commands_read(struct plan *plan, const struct json_t *commands,
			const struct json_t *newer, struct error *err);

/* Both members; fails the writer when memory runs out. */
void plan_commands_write(struct member_writer *w, const struct plan *plan);

#endif
