/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency -- from noisy samples to a value that decisions may rest on.
 *
 * The settled value is the one that is published for deciding.  All readers
 * decide by it alone, so what holds for it holds for their choices, in each of
 * them alike and over their restarts.  It goes by the median of the newest
 * LATENCY_WINDOW samples: once that has stayed away from it, on the same side,
 * by more than max(10 ms, 10 %) for LATENCY_HOLD_MS and LATENCY_WINDOW samples,
 * the settled value becomes that median.  Before LATENCY_WINDOW samples are in
 * there is nothing to hold on to: then it moves at once, and with the last of
 * them it becomes their median, so that a cold first one does not stay.
 *
 * From then on it promises, whatever the interval between samples, also when
 * three of any seven samples are anything else:
 *   - samples that stay within the margin of each other never move it;
 *   - after one step of such samples, by more than their spread and the margin
 *     together, it moves exactly once, since it then becomes a sample of the
 *     new level, never something between;
 *   - it does so at the latest after seven samples and the hold.
 * A mean that fades (EWMA) promises none of these: one outlier keeps it away
 * for a dozen samples, and half way up a step it settles and then once more.
 * It is kept for people to read.  Pure.
 */
#ifndef HEALTH_LATENCY_H
#define HEALTH_LATENCY_H

#include <stdint.h>

enum {
	LATENCY_WEIGHT = 8, /* the EWMA's newest sample counts 1 / that */
	LATENCY_WINDOW = 7,
	LATENCY_MARGIN_MS = 10,
	LATENCY_MARGIN_PCT = 10,
	LATENCY_HOLD_MS = 30000,
};

/* Zero-initialised has no value. */
struct latency {
	float ewma_ms;                   /* the plain mean at first */
	float settled_ms;                /* 0: none yet */
	float newest_ms[LATENCY_WINDOW]; /* a ring */
	uint64_t samples;                /* so far */
	int side;        /* -1, 0, 1: where the median is, beyond the margin */
	int64_t away_ms; /* monotonic: since when on that side */
	uint32_t away_samples; /* taken since then */
};

/* With one more sample, taken at now_ms (monotonic). */
struct latency latency_step(struct latency l, float sample_ms, int64_t now_ms);

#endif
