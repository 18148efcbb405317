/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramp -- how an endpoint that was down gets its clients back.
 *
 *            down              up               hold over, automatic
 *   FULL ----------> DOWN ----------> WAITING ----------------------> RISING
 *    ^                ^  ^               |        or released           | |
 *    |                |  +---- down -----+                              | |
 *    |                +------------------- down ------------------------+ |
 *    +------------------------ ramp over, or released --------------------+
 *
 * The share is RAMP_FLOOR while DOWN and WAITING.  RISING it is
 *
 *   max(RAMP_FLOOR, (t / T)^(1 / a))
 *
 * of the time t that it has risen: on a line with a curve a of 1, most of it
 * first with more, last with less (Envoy's slow start, where a is the
 * aggression).  It goes up in steps, each of which clients can have found out
 * about, by the TTL, before the next.  The floor keeps a trickle on the
 * endpoint, so its caches and pools are not cold when the ramp begins; while it
 * is down every reader takes it out by its own verdict anyway.  An endpoint
 * begins FULL: a process start is not an outage.
 *
 * A verdict of unknown moves nothing: it neither ends a hold nor breaks a
 * ramp; see steering/failback for what makes a ramp stand still.  Instants are
 * monotonic, so a stepped wall clock cannot finish a ramp.  A successor goes on
 * from what the plan says, without a look at its own wall clock: a ramp from
 * the share it had come to, a hold from the time that had passed by the clock
 * of the plan's maker when the plan was made. Pure.
 */
#ifndef STEERING_RAMP_H
#define STEERING_RAMP_H

#include "policy/bus/plan.h"
#include "policy/decide/quorum.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdint.h>

#define RAMP_FLOOR 0.05

enum ramp_state { RAMP_FULL, RAMP_DOWN, RAMP_WAITING, RAMP_RISING };

struct ramp {
	enum ramp_state state;
	int64_t since_ms;      /* monotonic: when the state began */
	int64_t wall_since_ms; /* the same for the plan */
};

struct ramp_limits {
	bool manual;     /* WAITING ends only by ramp_release(); so, too, out of
			  * the windows of a service that has some */
	int64_t hold_ms; /* >= 0: in WAITING */
	int64_t ramp_ms; /* >= 0: in RISING */
	int64_t step_ms; /* >= 0: between two shares; 0: they move always */
	double curve;    /* > 0; 0 as 1 */
};

/*
 * Of a service, but for manual.  A step is no shorter than the TTL that is
 * given out on a ramp, and there are RAMP_STEPS_MIN of them in the shortest.
 */
enum { RAMP_STEPS_MIN = 5 };
struct ramp_limits ramp_limits_of(const struct policy_service *service);

/* Both clocks of one tick. */
struct ramp_now {
	int64_t now_ms;
	int64_t wall_ms;
};

/* Follows every rule that applies at this instant. */
struct ramp ramp_step(struct ramp ramp, const struct ramp_limits *limits,
		      enum verdict verdict, struct ramp_now now);

/*
 * A person says go on: WAITING begins to rise, RISING is full at once.  False
 * and unchanged in the other states: what is down cannot be released.
 */
bool ramp_release(struct ramp *ramp, struct ramp_now now);

/* And takes that back: RISING and FULL wait from now on.  False and unchanged
 * in the other states. */
bool ramp_hold(struct ramp *ramp, struct ramp_now now);

/* In [RAMP_FLOOR, 1]. */
double ramp_share(const struct ramp *ramp, const struct ramp_limits *limits,
		  int64_t now_ms);

/*
 * How a plan says it: HOLD without an instant is DOWN, with one it is WAITING
 * since then.  Where a command hides the ramp (PLAN_COMMAND) a state that has
 * an instant comes back as WAITING: a successor may be slower, not faster.
 * wall_made_ms is when the plan with this share was made.
 */
enum plan_cause ramp_cause(const struct ramp *ramp);
int64_t ramp_wall_since_ms(const struct ramp *ramp);
struct ramp ramp_adopt(const struct plan_share *share,
		       const struct ramp_limits *limits, int64_t wall_made_ms,
		       struct ramp_now now);

/* "full", "down", "waiting", "rising". */
const char *ramp_state_name(enum ramp_state state);

#endif
