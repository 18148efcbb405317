/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slowness -- is a canary slower than the stable version, is that no chance,
 * and is it by so much that it matters?
 *
 * Both versions' latencies are counts in the same buckets.  Chance is judged by
 * the rank sum test of Mann and Whitney, one-sided, with the variance of tied
 * ranks: all requests of a bucket are ties.  It looks at order alone, so a few
 * requests that hang for a minute weigh no more than any other.  What matters
 * is judged by the ratios of the medians and of the 95th percentiles, taken
 * within their buckets on a line, as Prometheus' histogram_quantile() does.
 * Both must say so.
 *
 * Looked at again and again: the test is carried out when the smaller number of
 * requests has grown by a quarter, and its k-th time may err with the
 * probability alpha / (k (k + 1)), which sums up to alpha however often it is
 * (alpha spending).  Between two of them nothing is found.  An e-value was
 * rejected here: for ranks it has to bet on one of infinitely many ways to be
 * slower, where spending costs only the factor k (k + 1).
 *
 * Limits: the normal approximation, good from SLOWNESS_REQUESTS_MIN requests
 * of each version on; requests are taken for independent; a ratio is no better
 * than the buckets around the quantile.
 *
 * Sources: H. Mann, D. Whitney, On a test of whether one of two random
 * variables is stochastically larger than the other, Annals of Mathematical
 * Statistics 18(1), 1947, section 5: the normal limit; E. Lehmann,
 * Nonparametrics, 1975, section 1.4: the variance with ties; K. Lan, D. DeMets,
 * Discrete sequential boundaries for clinical trials, Biometrika 70(3), 1983:
 * spending.  Pure.
 */
#ifndef STEERING_SLOWNESS_H
#define STEERING_SLOWNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SLOWNESS_BUCKETS_MAX = 64,
	SLOWNESS_REQUESTS_MIN = 50, /* of each version */
};

/* How many requests took how long.  Zero-initialised has no bucket. */
struct latencies {
	size_t count;
	double upto_s[SLOWNESS_BUCKETS_MAX]; /* upper bounds, rising; the last
					      * may be infinite */
	uint64_t requests[SLOWNESS_BUCKETS_MAX]; /* in each bucket alone */
};

/* Zero-initialised has seen nothing. */
struct slowness {
	struct latencies canary, stable;
	uint32_t looks;      /* tests so far: each has spent of alpha */
	uint64_t tested;     /* the smaller number of requests at the last */
	double median_ratio; /* at the last; 0: there was none */
	double p95_ratio;
};

/*
 * More requests, in the same buckets for both.  False: the buckets are not
 * those of before; then nothing is left of what was seen but the looks.
 */
bool slowness_add(struct slowness *s, const struct latencies *canary,
		  const struct latencies *stable);

/*
 * Is it slower by ratio (> 1) or more, with alpha the probability to say so
 * wrongly of two versions that are alike, ever?  Carries the test out when it
 * is time for one; else false.
 */
bool slowness_found(struct slowness *s, double ratio, double alpha);

/* One-sided probability that chance alone makes the canary's ranks as high;
 * 1 when there is nothing to compare. */
double slowness_chance(const struct latencies *canary,
		       const struct latencies *stable);

/* In seconds; infinite in an unbounded bucket; 0 when there is none. */
double latencies_quantile(const struct latencies *l, double share);

uint64_t latencies_total(const struct latencies *l);

#endif
