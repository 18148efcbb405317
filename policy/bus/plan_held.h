/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_held -- commands that wait for a second person, as a plan carries them.
 *
 * They are not in force: nobody but an agent that takes over looks at them.
 * What is of a kind that a reader does not know is left out there.  Pure.
 */
#ifndef POLICY_BUS_PLAN_HELD_H
#define POLICY_BUS_PLAN_HELD_H

#include "policy/bus/command.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct json_t;
struct member_writer;
struct plan;

enum { PLAN_HELD_MAX = 32, PLAN_HELD_WHY_SIZE = 240, PLAN_HELD_KEY_SIZE = 17 };

struct plan_held {
	struct command command;
	char key[PLAN_HELD_KEY_SIZE]; /* that signed it; "": none did */
	char why[PLAN_HELD_WHY_SIZE]; /* it is held */
	int64_t wall_until_ms;        /* for as long */
};

/* A new reference, or NULL when memory runs out. */
struct json_t *plan_held_tell(const struct plan_held *held);

/* Into plan->held, which has room.  list: an array, or NULL for none.  False
 * with err set: malformed. */
bool plan_held_read(struct plan *plan, const struct json_t *list,
		    struct error *err);

/* Where there is one. */
void plan_held_write(struct member_writer *w, const struct plan *plan);

#endif
