/* SPDX-License-Identifier: Apache-2.0 */
/*
 * surge -- more clients than safety.max_change, of one service, that the agent
 * would move at once by its own decision: it waits for a person.
 *
 * That is a failback without a ramp, or a large step of a canary.  Not counted
 * is what people command, what health takes out, and what comes bit by bit: a
 * ramp that rises, the passing on from full endpoints, which has its own bound.
 *
 *   a tick's steps, on trial --more than max_change--> HELD --approved--> done
 *                                                       |
 *                              what it was about is over, or is less by now
 *
 * While it is held the service stands as if frozen (steering/freeze); after
 * SURGE_AGAIN_MS it is tried again.  It is not in a plan: who takes over finds
 * it out anew.
 *
 * How many: the sum of what shares change by is an upper bound, and does for
 * most ticks.  Where that is too much, steering/predict counts clients, by the
 * demand that was counted where it was, else by address space.  Pure.
 */
#ifndef STEERING_SURGE_H
#define STEERING_SURGE_H

#include "steering/guard.h"
#include "steering/inputs.h"
#include "steering/state.h"

#include <stdbool.h>

struct error;

enum { SURGE_AGAIN_MS = 10000 };

struct surge_case {
	/* Of the state before the tick's steps, and after them. */
	const struct plan *before, *after;
	const struct inputs *inputs; /* NULL: the bound has to do */
	const struct view *view;     /* NULL: nothing is known */
	struct demand_classes classes;
	const struct demand_rates *rates; /* by service; NULL: none counted */
	struct ramp_now now;
	const char *agent; /* who tells it */
};

/* Which services are held from now on, and told of. */
void surge_weigh(struct state *state, const struct surge_case *c,
		 struct audit *audit);

/* Lets all go, so that a tick can be tried. */
void surge_forget(struct state *state);

/* A person lets it happen.  False: none of that id is held. */
bool surge_approve(struct state *state, const char *id);

/* Is one of that id held? */
bool surge_is_held(const struct state *state, const char *id);

/* What was let through is in a plan. */
void surge_given(struct state *state);

#endif
