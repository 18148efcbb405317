/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollout -- how a canary goes on by itself, or takes itself back.
 *
 *   PLANNED --start--> PRECHECK --ready--> STEP --> SETTLE --2 x TTL--> BAKE
 *                       ^   (no clients     ^ (more    (samples         | ^ |
 *                       |    here yet)      |  clients) discarded)      | | |
 *                       |                   |                           v | |
 *                       |                   |    no data, too few,    HOLD  |
 *                       |                   |    nobody may decide          |
 *                       |                   |                               v
 *                       +-- stage is over --+--------- JUDGE <--- bake over-+
 *                       |                   |          |   |
 *                       |   promote         |          |   +--last--> (DONE)
 *                       +------ WAIT -------+          |
 *                                 ^--- for a person ---+
 *
 *   in each of them: failing health, too many errors, too slow, no data for
 *   too long, abort --> ROLLBACK --every node has it--> ROLLED
 *
 * The boxes are plan_canary's phase; its state, which older programs read, is
 * RUNNING or PAUSED along the way, DONE, and ABORTED from ROLLBACK on.  PAUSED
 * keeps the phase and lets only the ways to ROLLBACK be taken; so do panic
 * (policy/decide/panic) of its service and a freeze (steering/freeze) while
 * they last.
 *
 * Time is counted, not dated: how long a phase has lasted and for how long
 * nothing was measured travel in the plan, and a successor goes on from there,
 * later than its predecessor would have, never sooner.  A tick counts as
 * ROLLOUT_TICK_MS at most towards what has to be waited for, so an agent that
 * was paused does not take an hour asleep for an hour of watching; towards a
 * deadline it counts whole.  Measures are numbered, and each counts once; none
 * that was taken before the bake began counts.
 *
 * A rollback by the agent is for good: a start is refused until the policy
 * gives the canary another revision, endpoints or stages.  Pure.
 */
#ifndef STEERING_ROLLOUT_H
#define STEERING_ROLLOUT_H

#include "policy/bus/plan_canary.h"
#include "policy/language/policy.h"
#include "steering/excess.h"
#include "steering/measure.h"
#include "steering/slowness.h"

#include <stdbool.h>
#include <stdint.h>

enum { ROLLOUT_TICK_MS = 2000 };

/* What a rollout knows beyond what the plan says; zero is none of it. */
struct rollout {
	struct excess excess;
	struct slowness slowness;
	bool slow;           /* it was found to be, in this BAKE */
	struct measure base; /* the last that counted; number 0: none */
	uint64_t heard;      /* the last measure that was looked at */
	/* The plan that took it to 0; sequence 0: not given out yet. */
	uint64_t back_epoch, back_sequence;
	int64_t baking_ms; /* monotonic: when this BAKE began here */
	int64_t ticked_ms; /* monotonic: the last turn; 0: none yet */
};

/* How its endpoints stand. */
struct rollout_health {
	bool ready;          /* those of the current stage are up */
	const char *failing; /* one that has clients and is down, while the one
			      * that it shadows is not; NULL: none */
	bool compares;       /* the stable version has clients, where the
			      * current stage is, to compare with */
};

struct rollout_input {
	const struct policy_canary *canary;
	struct rollout_health health;
	const struct measure *measure; /* NULL: none */
	int64_t settle_ms;             /* 2 x TTL */
	bool acknowledged;             /* every node has it at 0 */
	bool panics;                   /* its service is in panic */
	bool frozen;                   /* it is, or its service */
	int64_t now_ms;                /* monotonic */
	int64_t wall_ms;
};

/* Counts the time since the last turn, and takes a new measure in. */
void rollout_hear(const struct rollout_input *in, struct plan_canary *c,
		  struct rollout *r);

/*
 * Follows one rule that applies; c->reason says why.  False: none does, and
 * nothing has changed.  Call it until then: no circle is without a wait.
 */
bool rollout_turn(const struct rollout_input *in, struct plan_canary *c,
		  struct rollout *r);

/* Goes on from what a plan says, also from one of an agent that knew no
 * phases: what was waited for there is waited for again. */
void rollout_adopt(struct plan_canary *c, struct rollout *r);

/* Is it on its way, so that it must be measured? */
bool rollout_is_watched(const struct plan_canary *c);

#endif
