/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approvals -- commands that wait for a second person: what steering/second
 * does with them, people who approve them or do not, and what must hold.
 */
#ifndef TESTS_SIM_APPROVALS_H
#define TESTS_SIM_APPROVALS_H

#include "policy/bus/command.h"

#include <stdbool.h>
#include <stdint.h>

struct agent_preview;
struct event;
struct fleet;
struct plan;

enum { APPROVALS_MAX = 32 }; /* that a fleet's people file */

/* One that was held, whatever became of it. */
struct approval {
	char id[COMMAND_NAME_SIZE];
	int64_t approved_ms; /* last, fleet's time; 0: never */
	int64_t held_ms;     /* at first, fleet's time */
	int node;            /* by whom then */
	bool lapsed;         /* somebody gave it up */
};

struct approvals {
	struct approval list[APPROVALS_MAX];
	size_t count;
};

/* Is it held, for all or for what its preview says?  Then it is done with. */
bool approvals_hold(struct fleet *f, int node, const struct command *c,
		    const struct agent_preview *preview);

/* Somebody looks at what is held there, and may approve one.  False: nothing
 * is, or nobody looks. */
bool approvals_act(struct fleet *f, int node);

/* As second_turn(). */
void approvals_turn(struct fleet *f, int node);

/* Of a plan as it is stored, by this commit; last, which it was made from, is
 * NULL when that is not known. */
void approvals_check(struct fleet *f, const struct event *e,
		     const struct plan *last, const struct plan *plan);

#endif
