/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suspicion -- a vantage that sees everything fail at once doubts itself
 * before it doubts the world.
 *
 * Probes are spread over their interval, and a failed one is confirmed sooner
 * than the others are due; so by itself the first breaker would open before
 * most failures are seen.  Hence looking around: when an eighth of all have
 * begun to fail within a window, the others are probed at once.  With eight
 * probes or fewer, that is at the first failure.
 *
 * The rule: when at least SUSPICION_LEAST probes, and more than half of all,
 * went from passing (or not yet known) to failing within one window (the
 * longest interval and timeout of its checks), the vantage mistrusts itself:
 * it abstains, and the failures it sees are not counted by its breakers.
 * Passes still are.  It trusts itself again when no more than half of all are
 * failing, or after a hold of a minute or three windows, whichever is longer:
 * what has failed for so long without a single recovery is then taken for
 * true.
 *
 * So one endpoint of six never trips it, nor three of six at once; four of six
 * at once do, and with a single vantage everyone then holds the last verdicts
 * for the time of the hold.  A vantage with fewer than four probes never
 * mistrusts itself.
 *
 * Probes are counted, not services: ten services on one dead address are one.
 * Constant time an outcome: onsets are counted in slots of a window's
 * sixteenth.  Pure.
 */
#ifndef HEALTH_SUSPICION_H
#define HEALTH_SUSPICION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SUSPICION_LEAST = 4,
	SUSPICION_LOOK = 8, /* look around when one in so many fails */
	SUSPICION_SLOTS = 16,
	SUSPICION_HOLD_MS = 60000,
};

/* Zero-initialised but for window_ms trusts itself. */
struct suspicion {
	int64_t window_ms;                /* >= 1 */
	uint32_t onsets[SUSPICION_SLOTS]; /* failures begun, by slot of time */
	int64_t newest;                   /* the newest slot's number */
	uint32_t failing;                 /* probes failing now */
	bool mistrusts;
	int64_t since_ms; /* monotonic: when it began to */
	bool looked;
	int64_t looked_ms; /* monotonic: the last look around */
};

/* A probe began to fail at now_ms (monotonic, never going back). */
void suspicion_fail(struct suspicion *s, int64_t now_ms);

/* One that had failed since since_ms passed, or is no longer probed. */
void suspicion_recover(struct suspicion *s, int64_t since_ms, int64_t now_ms);

/*
 * Is it time to look around?  True at most once in a window: the caller then
 * probes what does not fail yet, of targets in all.
 */
bool suspicion_look(struct suspicion *s, size_t targets, int64_t now_ms);

/* Brings mistrusts up to date, of targets probes in all; true: it changed. */
bool suspicion_judge(struct suspicion *s, size_t targets, int64_t now_ms);

#endif
