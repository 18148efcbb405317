/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs -- what the agent has heard: reports of vantages, records of nodes,
 * the newest plan; and the view that follows from it.
 *
 * Values come from the bus as octets, perhaps damaged, perhaps again, perhaps
 * late: what is not newer changes nothing.  Pure.
 */
#ifndef STEERING_INPUTS_H
#define STEERING_INPUTS_H

#include "policy/bus/plan.h"
#include "policy/decide/heard.h"
#include "policy/decide/view.h"
#include "policy/decide/world.h"
#include "steering/queries.h"
#include "steering/ramp.h"
#include "steering/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* Zero-initialised is empty. */
struct inputs {
	const struct policy *policy; /* whose vantages are heard; borrowed */
	struct heard heard;
	struct registry registry; /* of nodes */
	struct queries queries;   /* what they were asked */
	struct plan *plan;        /* the newest; owned; NULL: none yet */
	int64_t wall_plan_ms;     /* when it came */
	struct view *view;        /* owned; NULL before inputs_reduce() */
};

void inputs_fini(struct inputs *in);

/* First, and when the policy changes: reports of vantages that it does not
 * name are dropped, and what nodes were asked.  It is borrowed until the next
 * one. */
void inputs_adopt(struct inputs *in, const struct policy *policy);

/* key is what the bus filed it under.  False with err set: refused. */
bool inputs_take_report(struct inputs *in, const char *key, const void *octets,
			size_t len, struct world_time at, struct error *err);
bool inputs_take_node(struct inputs *in, const char *key, const void *octets,
		      size_t len, int64_t now_ms, struct error *err);

/* Takes ownership of plan when it is newer, which it says; else it is the
 * caller's still. */
bool inputs_take_plan(struct inputs *in, struct plan *plan, int64_t wall_ms);

/*
 * A view of this policy with that plan instead of the newest (NULL: none), for
 * predictions.  The caller owns it; NULL: out of memory.
 */
struct view *inputs_view(const struct inputs *in, const struct policy *policy,
			 const struct plan *plan, struct ramp_now now);

/* Renews in->view.  Out of memory it stays as it was: false. */
bool inputs_reduce(struct inputs *in, const struct policy *policy,
		   struct ramp_now now);

#endif
