/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram -- quantiles of latency in a few hundred octets.
 *
 * Eight buckets an octave of microseconds, from 1 us to over a minute: a
 * quantile is wrong by at most a sixteenth (6.25 %), whatever the
 * distribution.  When HISTOGRAM_FULL samples are in, every count is halved, so
 * old samples fade and the present shows.  Pure.
 *
 * Source: G. Tene, HdrHistogram (the bucket layout).
 */
#ifndef POLICY_BASE_HISTOGRAM_H
#define POLICY_BASE_HISTOGRAM_H

#include <stdint.h>

enum {
	HISTOGRAM_OCTAVES = 27, /* up to 2^27 us, 134 s; more counts as that */
	HISTOGRAM_BUCKETS = (HISTOGRAM_OCTAVES - 2) * 8,
	HISTOGRAM_FULL = 1024,
};

/* Zero-initialised is empty. */
struct histogram {
	uint16_t counts[HISTOGRAM_BUCKETS];
	uint32_t total;
};

/* Negative counts as 0. */
void histogram_add(struct histogram *h, float value_ms);

/* Halves all counts, rounded down. */
void histogram_fade(struct histogram *h);

/*
 * The value, in milliseconds, that a share (0..1) of the samples does not
 * exceed: the middle of its bucket.  0 when empty.
 */
float histogram_quantile(const struct histogram *h, double share);

/*
 * The same, but within its bucket as far as its rank is: what lies on the
 * border of two does not jump from one's middle to the other's by one sample
 * more.  It is wrong by at most an eighth for that.
 */
float histogram_smooth(const struct histogram *h, double share);

#endif
