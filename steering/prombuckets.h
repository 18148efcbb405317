/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prombuckets -- the buckets of a histogram, as Prometheus answered them, or by
 * name why there are none.
 *
 * They are a vector whose samples differ in the label le, with counts that rise
 * with it (Prometheus' classic histograms).  Pure.
 */
#ifndef STEERING_PROMBUCKETS_H
#define STEERING_PROMBUCKETS_H

#include "policy/bus/measured.h"
#include "steering/slowness.h"

struct promanswer;

/* By rising bound, each with its own requests alone.  out is untouched unless
 * it is OK; detail says more of what is not, or is "". */
enum measure_outcome prombuckets_read(const struct promanswer *answer,
				      struct latencies *out,
				      char detail[MEASURE_DETAIL_SIZE]);

#endif
