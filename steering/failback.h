/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failback -- the ramps of all endpoints, one tick further: by health, or as
 * steering/pause says while a service is in panic, or steering/freeze while it
 * is frozen.  A ramp that rises stands still while its endpoint is not known to
 * be up, and takes no step while its clients do not come as they should
 * (steering/turnout).  Pure.
 */
#ifndef STEERING_FAILBACK_H
#define STEERING_FAILBACK_H

#include "policy/decide/view.h"
#include "steering/audit.h"
#include "steering/ramp.h"
#include "steering/state.h"

#include <stdint.h>

struct failback_input {
	struct ramp_now now;
	const struct view *view; /* NULL: nothing is known of any endpoint */
	int64_t passed_ms;       /* since the tick before */
	struct demand_classes classes;
	const struct demand_rates *rates; /* by service, counted; NULL: none */
	const struct counted *counted;    /* by edges; NULL: none tells */
	const char *agent;                /* who tells it */
};

/* Tells audit of each ramp that is in another state then. */
void failback_step(struct state *state, const struct failback_input *in,
		   struct audit *audit);

#endif
