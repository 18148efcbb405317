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
 * A vantage mistrusts itself when
 * - at least SUSPICION_LEAST probes, and more than half of all, went from
 *   passing (or not yet known) to failing within one window (the longest
 *   interval and timeout of its checks), or
 * - it has anchors (addresses that it must be able to reach, health/anchors)
 *   and none of them answers.
 * It then abstains, and the failures it sees are not counted by its breakers,
 * nor those that began within the window before.  Passes still are.
 *
 *                     most failed at once, or no anchor answers
 *             TRUSTS ------------------------------------------> MISTRUSTS
 *                ^                                                   |
 *                +---- an anchor answers (when it has any), and -----+
 *                      - no more than half are failing, or
 *                      - it has anchors: one has answered since, or
 *                      - it has none: for a hold of a minute or three
 *                        windows nothing more began to fail, and some pass
 *
 * Time alone never makes it trust itself: what proves that its way out is
 * whole is an anchor, or without anchors other probes that pass all the while.
 * When nothing passes at all, there is nothing better to send clients to
 * either, and everyone holds the last verdicts, for as long as it takes.
 *
 * So one endpoint of six never trips it, nor three of six at once; four of six
 * at once do, and with a single vantage everyone then holds the last verdicts:
 * with anchors for as long as one of them takes to answer, without for the
 * hold, if the other two pass.  Without anchors a vantage with fewer than four
 * probes never mistrusts itself.
 *
 * A probe that began before trust came back may end after it, and fail for
 * what was our own fault: see suspicion_excuses().
 *
 * A process that was stopped saw nothing meanwhile: when nothing was heard for
 * longer than a window and the jitter of probes, which no running one lives to
 * see, the window and the hold go on from where they were.
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

/* Zero-initialised but for window_ms and anchors trusts itself. */
struct suspicion {
	int64_t window_ms;                /* >= 1 */
	size_t anchors;                   /* that the vantage has */
	size_t lost;                      /* of them, that do not answer */
	uint32_t onsets[SUSPICION_SLOTS]; /* failures begun, by slot of time */
	int64_t newest;                   /* the newest slot's number */
	int64_t heard_ms;                 /* the newest of any word */
	int64_t slept_ms, woke_ms; /* the last time that it was stopped */
	uint32_t failing;          /* probes failing now */
	bool mistrusts;
	/* Of the present mistrust; monotonic. */
	int64_t quiet_ms;  /* since when nothing more began to fail */
	int64_t passed_ms; /* the newest pass */
	bool answered;     /* an anchor has */
	bool regained;     /* trust was regained, the last time at trusted_ms */
	int64_t trusted_ms;
	bool looked;
	int64_t looked_ms; /* monotonic: the last look around */
};

/* A probe began to fail at now_ms (monotonic, never going back). */
void suspicion_fail(struct suspicion *s, int64_t now_ms);

/* A probe passed. */
void suspicion_pass(struct suspicion *s, int64_t now_ms);

/* One that had failed since since_ms passed, or is no longer probed. */
void suspicion_recover(struct suspicion *s, int64_t since_ms, int64_t now_ms);

/* An anchor answered, or did not; lost: how many do not now. */
void suspicion_anchor(struct suspicion *s, bool answered, size_t lost);

/*
 * Is it time to look around?  True at most once in a window: the caller then
 * probes what does not fail yet, of targets in all.
 */
bool suspicion_look(struct suspicion *s, size_t targets, int64_t now_ms);

/* Brings mistrusts up to date, of targets probes in all; true: it changed. */
bool suspicion_judge(struct suspicion *s, size_t targets, int64_t now_ms);

/* Failures that began since then are its own, when it has just come to mistrust
 * itself. */
int64_t suspicion_since_ms(const struct suspicion *s, int64_t now_ms);

/* Does none of its anchors answer? */
bool suspicion_adrift(const struct suspicion *s);

/* May the failure of a probe that began at begun_ms be our own? */
bool suspicion_excuses(const struct suspicion *s, int64_t begun_ms);

#endif
