/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule -- when to probe.
 *
 * Every probe has slots one interval apart; where in the interval they lie is
 * a hash of what is probed, so thousands of probes spread evenly, and the same
 * way after each restart.  A start is jittered forward within its slot by up
 * to a tenth of the interval, so that probes of several vantages do not march
 * in step; slots themselves do not drift.  The next start is asked for when a
 * probe has ended: a probe never overlaps itself, and slots it slept through
 * are not made up for.  Pure.
 */
#ifndef HEALTH_SCHEDULE_H
#define HEALTH_SCHEDULE_H

#include <stdint.h>

enum { SCHEDULE_JITTER_PCT = 10 };

struct schedule {
	int64_t anchor_ms;   /* monotonic: one of the slots */
	int64_t interval_ms; /* >= 1 */
};

/* Slots for what key names, the first within interval_ms of now_ms. */
struct schedule schedule_init(const char *key, int64_t interval_ms,
			      int64_t now_ms);

/* The start in the first slot after now_ms; draw is uniform. */
int64_t schedule_next(const struct schedule *s, int64_t now_ms, uint32_t draw);

/*
 * The start that confirms an outcome: after confirm_ms, or in the next slot
 * when that comes first.
 */
int64_t schedule_confirm(const struct schedule *s, int64_t now_ms,
			 int64_t confirm_ms, uint32_t draw);

#endif
