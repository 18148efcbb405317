/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measured -- how a measurement ended, mostly of a query to Prometheus: with
 * something, or why not.
 *
 * Pure.
 */
#ifndef POLICY_BUS_MEASURED_H
#define POLICY_BUS_MEASURED_H

#include "policy/base/fetch.h"

enum measure_outcome {
	MEASURE_NONE, /* not measured yet */
	MEASURE_OK,
	MEASURE_EMPTY,     /* the query matches no series */
	MEASURE_SERIES,    /* it matches several where one is wanted */
	MEASURE_TYPE,      /* a range, a string, no buckets */
	MEASURE_NAN,       /* not a number */
	MEASURE_RANGE,     /* negative, infinite or beyond 2^53 */
	MEASURE_BUCKETS,   /* a histogram that is none */
	MEASURE_REFUSED,   /* the query itself is wrong */
	MEASURE_HTTP,      /* a status that is no answer to a query */
	MEASURE_MALFORMED, /* no JSON, or not what Prometheus says */
	MEASURE_LARGE,
	MEASURE_TIMEOUT,
	MEASURE_CONNECT, /* nobody answers there */
	MEASURE_OUTCOMES,
};

/* Room for what else there is to say of it: one line of visible ASCII. */
enum { MEASURE_DETAIL_SIZE = 120 };

/* "ok", "no series", ... */
const char *measure_outcome_name(enum measure_outcome outcome);

/* Of a request for it; MEASURE_OK: there is an answer to look at. */
enum measure_outcome measure_outcome_of(enum fetch_outcome outcome);

/* outcome; why, a stranger's text, goes into detail, cleaned and cut. */
enum measure_outcome measure_fail(char detail[MEASURE_DETAIL_SIZE],
				  enum measure_outcome outcome,
				  const char *why);

#endif
