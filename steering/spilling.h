/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spilling -- the agent's part in spilling by capacity: what
 * policy/decide/allot finds, brought into the plan a little at a time.
 *
 * Of services that say `spill: capacity`.  A service is looked at every
 * SPILLING_PERIOD_MS, and at once when the health or shares of its endpoints
 * change; one a tick, for it is much to work out.  What is accepted of some
 * clients at an endpoint
 *
 *   stays    while no SPILLING_LEAST of these clients would move: noise in
 *            demand moves nobody
 *   moves    by SPILLING_MOST a look, towards what was found
 *   jumps    there, when some endpoint is beyond its capacity as it is, or
 *            would be on the way: an endpoint went out, and what comes to the
 *            others cannot wait.  What was found has none beyond its bounds, so
 *            nobody gains more than his headroom
 *
 * Nothing moves while the service is frozen or in panic, and while nobody knows
 * the demand.  The last plan is all the state: a standby goes on from it. Pure.
 */
#ifndef STEERING_SPILLING_H
#define STEERING_SPILLING_H

#include "steering/audit.h"
#include "steering/burden.h"
#include "steering/ramp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;
struct plan;
struct state;

enum { SPILLING_PERIOD_MS = 10000 };
#define SPILLING_LEAST 0.02 /* of a flock */
#define SPILLING_MOST 0.1   /* of an acceptance */

/* What the last look at a service found; zeros: none yet. */
struct spilling {
	bool looked;
	int64_t looked_ms; /* monotonic */
	uint64_t seen;     /* of its health and shares: a hash */
	double demand;
	double passed;   /* part of the demand that is passed on, by the plan */
	double use;      /* of the capacity of the endpoint that is used most */
	size_t most;     /* that endpoint */
	bool overloaded; /* no division carries it */
};

struct spilling_input {
	struct ramp_now now;
	const struct view *view; /* NULL: nothing is done */
	struct demand_classes classes;
	const struct demand_rates *rates; /* by service; NULL */
	bool waits; /* demand is about to be known: what is in force stays while
		     * health and shares do */
	const char *agent;
};

/* Advances state->spills.  Out of memory it stays as it is. */
void spilling_step(struct state *state, const struct spilling_input *in,
		   struct audit *audit);

/*
 * Puts into a plan what it will say once all has settled in the view that
 * belongs to it.  False: out of memory.
 */
bool spilling_settle(const struct burden_case *c, struct plan *plan);

/* What people are told of a look at a service: a new reference, NULL when
 * memory runs out, or there was no look. */
struct json_t *spilling_write(const struct spilling *s,
			      const struct policy_service *service);

/* "" while every service can be carried; else which cannot, for people, into
 * buf, which is returned. */
const char *spilling_text(const struct state *state, char *buf, size_t size);

#endif
