/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promanswer -- what Prometheus said to an instant query: samples with labels,
 * one number, or by name why neither.
 *
 * Samples are a vector, or a scalar, which is one without labels.  Series that
 * went stale are not in an answer: the query then matches fewer, or none.
 *
 * Source: Prometheus 2.42, HTTP API, "Instant queries", "Expression query
 * result formats"; errors have a 4xx or 503 with a JSON body.  Pure.
 */
#ifndef POLICY_BUS_PROMANSWER_H
#define POLICY_BUS_PROMANSWER_H

#include "policy/bus/measured.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

/* More is not read: some 30,000 samples with three labels. */
enum { PROMANSWER_OCTETS_MAX = 4 << 20 };

/* An answer of HTTP; octets are borrowed. */
struct promanswer {
	unsigned status;
	const void *octets;
	size_t len;
};

/* Samples 0..count-1. */
struct promresult {
	struct json_t *json;       /* owned */
	const struct json_t *list; /* in it */
	bool scalar;
	size_t count;
};

/*
 * At least one sample, unless it is not OK: MEASURE_EMPTY is a vector of none.
 * detail, here and below, says more of what is not OK, or is "".  The caller
 * closes it in any case.
 */
enum measure_outcome promresult_open(struct promresult *out,
				     const struct promanswer *answer,
				     char detail[MEASURE_DETAIL_SIZE]);
void promresult_close(struct promresult *result);

/* Which series a sample is of, the same in each answer: a hash of its labels,
 * in any order. */
uint64_t promresult_series(const struct promresult *result, size_t i);
/* One of them, borrowed; "" is one that it has not. */
const char *promresult_label(const struct promresult *result, size_t i,
			     const char *name);
/* A sample's value, 0..2^53; out is untouched unless it is OK. */
enum measure_outcome promresult_value(const struct promresult *result, size_t i,
				      double *out,
				      char detail[MEASURE_DETAIL_SIZE]);

/* What a counter stands at, rounded: the value of the only sample.  out is
 * untouched unless it is OK. */
enum measure_outcome promanswer_count(const struct promanswer *answer,
				      uint64_t *out,
				      char detail[MEASURE_DETAIL_SIZE]);

#endif
