/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/histogram.h"

#include <assert.h>
#include <stddef.h>

enum { SUB_BITS = 3, SUB = 1 << SUB_BITS };

static_assert((uint64_t)HISTOGRAM_FULL <= UINT16_MAX,
	      "one bucket may hold every sample");

/* 0..7 us have a bucket each; then each octave [2^k, 2^(k+1)) has eight. */
static size_t bucket_of(uint32_t us)
{
	unsigned octave;

	if (us < SUB)
		return us;
	octave = 31 - (unsigned)__builtin_clz(us);
	if (octave >= HISTOGRAM_OCTAVES)
		return HISTOGRAM_BUCKETS - 1;
	return (size_t)(octave - SUB_BITS + 1) * SUB +
	       ((us >> (octave - SUB_BITS)) & (SUB - 1));
}

/* The middle of a bucket, in microseconds. */
static double middle_of(size_t bucket)
{
	size_t octave = bucket / SUB;
	double width;

	if (octave == 0)
		return (double)bucket;
	width = (double)(UINT64_C(1) << (octave - 1));
	return width * ((double)(SUB + bucket % SUB) + 0.5);
}

void histogram_fade(struct histogram *h)
{
	h->total = 0;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		h->counts[i] /= 2;
		h->total += h->counts[i];
	}
}

void histogram_add(struct histogram *h, float value_ms)
{
	double us = (double)value_ms * 1000.0;

	if (h->total >= HISTOGRAM_FULL)
		histogram_fade(h);
	/* Written so that NaN, too, ends at 0. */
	if (!(us > 0))
		us = 0;
	else if (us > 4e9)
		us = 4e9;
	h->counts[bucket_of((uint32_t)us)]++;
	h->total++;
}

float histogram_quantile(const struct histogram *h, double share)
{
	double wanted = share * (double)h->total;
	double seen = 0;

	if (h->total == 0)
		return 0;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->counts[i];
		if (h->counts[i] > 0 && seen >= wanted)
			return (float)(middle_of(i) / 1000.0);
	}
	return (float)(middle_of(HISTOGRAM_BUCKETS - 1) / 1000.0);
}
