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

/* In microseconds; the first ones hold one value each. */
static double width_of(size_t bucket)
{
	size_t octave = bucket / SUB;

	return octave == 0 ? 0 : (double)(UINT64_C(1) << (octave - 1));
}

/* The middle of a bucket, in microseconds. */
static double middle_of(size_t bucket)
{
	if (bucket < SUB)
		return (double)bucket;
	return width_of(bucket) * ((double)(SUB + bucket % SUB) + 0.5);
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

/* Where the share of samples ends: its bucket, and what part of that. */
struct rank {
	size_t bucket;
	double part;
};

static struct rank rank_of(const struct histogram *h, double share)
{
	double wanted = share * (double)h->total;
	double seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (h->counts[i] > 0 && seen + h->counts[i] >= wanted)
			return (struct rank){ i,
					      (wanted - seen) / h->counts[i] };
		seen += h->counts[i];
	}
	return (struct rank){ HISTOGRAM_BUCKETS - 1, 1 };
}

float histogram_quantile(const struct histogram *h, double share)
{
	if (h->total == 0)
		return 0;
	return (float)(middle_of(rank_of(h, share).bucket) / 1000.0);
}

float histogram_smooth(const struct histogram *h, double share)
{
	struct rank rank = rank_of(h, share);

	if (h->total == 0)
		return 0;
	return (float)((middle_of(rank.bucket) +
			(rank.part - 0.5) * width_of(rank.bucket)) /
		       1000.0);
}
