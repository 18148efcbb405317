/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure -- what was measured of both versions of a service at one instant:
 * counters, or why there are none.
 *
 * Counters only rise; what happened between two measures is their difference.
 * One that went back (a process began anew) gives none.  Pure.
 */
#ifndef STEERING_MEASURE_H
#define STEERING_MEASURE_H

#include "policy/bus/measured.h"
#include "steering/excess.h"
#include "steering/slowness.h"

#include <stdbool.h>
#include <stdint.h>

enum arm { ARM_CANARY, ARM_STABLE, ARMS };

/* Since whenever the counters began. */
struct measure_arm {
	enum measure_outcome outcome;
	struct trials total;
	struct latencies latencies; /* no bucket when there are none */
};

struct measure {
	uint64_t number;  /* rises with each; 0: there is none */
	int64_t taken_ms; /* monotonic: the instant that was asked for */
	struct measure_arm arms[ARMS];
	char detail[MEASURE_DETAIL_SIZE]; /* of what went wrong, or "" */
};

/* "canary", "stable". */
const char *arm_name(enum arm arm);

/* What came between two of one version, both OK.  False: a counter went back,
 * or the buckets are others. */
bool measure_between(const struct measure_arm *from,
		     const struct measure_arm *to, struct measure_arm *out);

#endif
