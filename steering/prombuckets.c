/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/prombuckets.h"

#include "policy/bus/promanswer.h"

#include <math.h>
#include <stdlib.h>

struct bucket {
	double upto_s, count;
};

static enum measure_outcome read_bucket(const struct promresult *r, size_t i,
					struct bucket *out, char *detail)
{
	const char *le = promresult_label(r, i, "le");
	char *end;

	out->upto_s = strtod(le, &end);
	if (*le == '\0' || *end != '\0' || isnan(out->upto_s))
		return measure_fail(detail, MEASURE_BUCKETS,
				    "a series has no le");
	return promresult_value(r, i, &out->count, detail);
}

static int by_bound(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	return (x->upto_s > y->upto_s) - (x->upto_s < y->upto_s);
}

/* Counts of all requests up to a bound become those of a bucket. */
static enum measure_outcome divide(struct bucket *list, size_t count,
				   struct latencies *out, char *detail)
{
	struct latencies l = { .count = count };
	uint64_t below = 0;

	qsort(list, count, sizeof(*list), by_bound);
	for (size_t i = 0; i < count; i++) {
		uint64_t upto = (uint64_t)(list[i].count + 0.5);

		if (i > 0 && list[i].upto_s <= list[i - 1].upto_s)
			return measure_fail(detail, MEASURE_SERIES,
					    "several series have the same le");
		if (upto < below)
			return measure_fail(detail, MEASURE_BUCKETS,
					    "counts fall where le rises");
		l.upto_s[i] = list[i].upto_s;
		l.requests[i] = upto - below;
		below = upto;
	}
	*out = l;
	return MEASURE_OK;
}

static enum measure_outcome read_buckets(const struct promresult *r,
					 struct latencies *out, char *detail)
{
	struct bucket list[SLOWNESS_BUCKETS_MAX];
	enum measure_outcome outcome;

	if (r->scalar)
		return measure_fail(detail, MEASURE_TYPE, "scalar");
	if (r->count < 2 || r->count > SLOWNESS_BUCKETS_MAX)
		return measure_fail(detail, MEASURE_BUCKETS,
				    "a histogram has 2 to 64 buckets");
	for (size_t i = 0; i < r->count; i++) {
		outcome = read_bucket(r, i, &list[i], detail);
		if (outcome != MEASURE_OK)
			return outcome;
	}
	return divide(list, r->count, out, detail);
}

enum measure_outcome prombuckets_read(const struct promanswer *answer,
				      struct latencies *out,
				      char detail[MEASURE_DETAIL_SIZE])
{
	struct promresult r;
	enum measure_outcome outcome = promresult_open(&r, answer, detail);

	if (outcome == MEASURE_OK)
		outcome = read_buckets(&r, out, detail);
	promresult_close(&r);
	return outcome;
}
