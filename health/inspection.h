/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspection -- one responder, as one prober sees it: what to ask it next, what
 * is wrong with it.
 *
 *   disagreement  it answers otherwise than what is decided here.  Counts when
 *                 both sides say that they go by the same policy and plan, and
 *                 is asked again every INSPECTION_AGAIN_MS until it agrees.
 *                 Outside of residency the policy alone has to be the same.
 *   stale         it answers, and goes by an older plan or another policy, or
 *                 is not heard of on the bus, or says itself that it does not
 *                 hear of health.
 *   silent        it does not answer.  While that is so it is not said to be
 *                 stale, too.
 *
 * Each is a health/alarm.  Pure: the caller passes the time in.
 */
#ifndef HEALTH_INSPECTION_H
#define HEALTH_INSPECTION_H

#include "health/alarm.h"
#include "health/expectation.h"
#include "health/outcome.h"
#include "health/tour.h"
#include "policy/bus/node.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	INSPECTION_AGAIN_MS = 1000,
	INSPECTION_FRESH_MS = 5000, /* a record older than this says nothing */
};

enum inspection_kind {
	INSPECTION_DISAGREEMENT,
	INSPECTION_STALE,
	INSPECTION_SILENT,
	INSPECTION_KINDS,
};

/* What someone goes by. */
struct standpoint {
	char policy_digest[65];
	uint64_t plan_epoch, plan_sequence; /* 0, 0: none */
};

struct inspection_alarm {
	struct alarm alarm;
	char text[NODE_TEXT_SIZE]; /* of the last that was bad */
	int64_t wall_since_ms;     /* when it was raised */
	int64_t judged_ms;         /* when something was last known of it */
};

struct inspection {
	struct tour tour;
	struct stop suspect; /* asked again and again while suspects */
	bool suspects;
	bool silent; /* the last query was not answered */
	bool held;   /* the last answer said that health was not heard of */
	int64_t again_ms;
	struct inspection_alarm alarms[INSPECTION_KINDS];
	/* What it said of itself on the bus, and when; 0: never. */
	struct standpoint theirs;
	int64_t heard_ms, wall_made_ms;
	char local[NODE_TEXT_SIZE]; /* a break-glass command there, or "" */
	/* Queries since the start, and what came of them. */
	uint64_t asked, agreed, differed, unsure, unanswered;
};

/* Words for them. */
const char *inspection_kind_name(enum inspection_kind kind);

/* The node's record of that responder; the same one read again is no news. */
void inspection_hear(struct inspection *in, const struct node *node,
		     int64_t now_ms);

/* What to ask now. */
struct stop inspection_next(struct inspection *in, int64_t now_ms);

/* When, and by which policy and plan here. */
struct inspection_moment {
	const struct policy_verify *limits;
	const struct standpoint *ours;
	int64_t now_ms, wall_ms;
};

/*
 * What came of it: judgement NULL when nothing was said that could be read.
 * True when some alarm was raised or ended.
 */
bool inspection_see(struct inspection *in, const struct stop *stop,
		    const struct observation *seen,
		    const struct judgement *judgement,
		    const struct inspection_moment *at);

/* Every second while the bus is up and read.  True as above. */
bool inspection_turn(struct inspection *in, const struct inspection_moment *at);

#endif
