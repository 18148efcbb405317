/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latencies -- quantiles of any number of latencies, from nanoseconds to
 * minutes, in a table that stays the same size.
 *
 * 64 buckets an octave: a quantile is wrong by less than 1.6 %.  Pure.
 *
 * Source: G. Tene, HdrHistogram (the bucket layout).
 */
#ifndef BENCH_LATENCIES_H
#define BENCH_LATENCIES_H

#include <stdint.h>

enum {
	LATENCIES_SUB_BITS = 6,
	LATENCIES_BUCKETS = 40 << LATENCIES_SUB_BITS,
};

/* Zeroed memory is empty. */
struct latencies {
	uint64_t counts[LATENCIES_BUCKETS];
	uint64_t total;
};

static inline unsigned latencies_bucket(uint64_t ns)
{
	unsigned octave;

	if (ns < 1u << LATENCIES_SUB_BITS)
		return (unsigned)ns;
	octave = 63u - (unsigned)__builtin_clzll(ns) - LATENCIES_SUB_BITS;
	return ((octave + 1) << LATENCIES_SUB_BITS) +
	       (unsigned)((ns >> octave) - (1u << LATENCIES_SUB_BITS));
}

/* Negative ones count as 0, those beyond the last bucket as in it. */
static inline void latencies_add(struct latencies *l, int64_t ns)
{
	unsigned at = latencies_bucket(ns < 0 ? 0 : (uint64_t)ns);

	l->counts[at < LATENCIES_BUCKETS ? at : LATENCIES_BUCKETS - 1]++;
	l->total++;
}

/* Microseconds that a share (0..1) does not exceed; 0 when empty. */
static inline double latencies_quantile_us(const struct latencies *l,
					   double share)
{
	uint64_t want = (uint64_t)((double)l->total * share), seen = 0;
	unsigned at = 0, octave;

	if (l->total == 0)
		return 0;
	while (at < LATENCIES_BUCKETS - 1 && (seen += l->counts[at]) <= want)
		at++;
	octave = at >> LATENCIES_SUB_BITS;
	if (octave == 0)
		return at / 1e3;
	return (double)(((uint64_t)at -
			 ((uint64_t)(octave - 1) << LATENCIES_SUB_BITS))
			<< (octave - 1)) /
	       1e3;
}

#endif
