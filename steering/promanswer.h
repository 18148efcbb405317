/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promanswer -- what Prometheus said to an instant query: one number, the
 * buckets of a histogram, or by name why neither.
 *
 * A number is a scalar or a vector of one sample.  Buckets are a vector whose
 * samples differ in the label le, with counts that rise with it (Prometheus'
 * classic histograms).  Series that went stale are not in an answer: the query
 * then matches fewer, or none.
 *
 * Source: Prometheus 2.42, HTTP API, "Instant queries", "Expression query
 * result formats"; errors have a 4xx or 503 with a JSON body.  Pure.
 */
#ifndef STEERING_PROMANSWER_H
#define STEERING_PROMANSWER_H

#include "steering/measure.h"

#include <stddef.h>
#include <stdint.h>

enum { PROMANSWER_OCTETS_MAX = 1 << 20 };

/* An answer of HTTP; octets are borrowed. */
struct promanswer {
	unsigned status;
	const void *octets;
	size_t len;
};

/* What a counter stands at, rounded.  out is untouched unless it is OK; detail
 * says more of what is not, or is "". */
enum measure_outcome promanswer_count(const struct promanswer *answer,
				      uint64_t *out,
				      char detail[MEASURE_DETAIL_SIZE]);

/* Buckets by rising bound, each with its own requests alone. */
enum measure_outcome promanswer_buckets(const struct promanswer *answer,
					struct latencies *out,
					char detail[MEASURE_DETAIL_SIZE]);

#endif
