/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency -- from noisy samples to a value that decisions may rest on.
 *
 * The EWMA follows the samples, the plain mean of them at first, then the
 * newest with weight 1/LATENCY_WEIGHT.  The settled value is the one that is
 * published for deciding: it moves to the EWMA only after that has stayed away
 * from it, on the same side, by more than max(10 ms, 10 %) for
 * LATENCY_HOLD_MS.  Otherwise every wobble of a far endpoint would move
 * clients.  Pure.
 */
#ifndef HEALTH_LATENCY_H
#define HEALTH_LATENCY_H

#include <stdint.h>

enum {
	LATENCY_WEIGHT = 8,
	LATENCY_MARGIN_MS = 10,
	LATENCY_MARGIN_PCT = 10,
	LATENCY_HOLD_MS = 30000,
};

/* Zero-initialised has no value. */
struct latency {
	float ewma_ms;
	float settled_ms; /* 0: none yet */
	uint32_t samples; /* up to LATENCY_WEIGHT */
	int side;         /* -1, 0, 1: where the EWMA is, beyond the margin */
	int64_t away_ms;  /* monotonic: since when on that side */
};

/* With one more sample, taken at now_ms (monotonic). */
struct latency latency_step(struct latency l, float sample_ms, int64_t now_ms);

#endif
