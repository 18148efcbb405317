/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters -- what a Prometheus answers of requests, added up as an edge does
 * it, so that evidence takes it for the word of one.
 *
 * Each answer is a vector of counters: how many requests there were, how many
 * of them failed.  A sample is of the endpoint that its labels service and
 * endpoint name, as the policy spells them ("v2/us-east" is a canary's); one
 * of another, or without, is not looked at.  Several samples of one endpoint
 * (of its instances) count together.
 *
 * What grew is found out series by series and added up then, never the other
 * way round: a sum falls when one of its series goes away, and when that comes
 * back the sum grows by all that was ever counted there.  Of a series that is
 * new, was not in the last answer, or fell (its process began anew), nothing is
 * counted until the next; nor of anything when the last answer is older than
 * SERVED_STALE_MS, for that was not now.  A sample that is no number, negative
 * or beyond 2^53 is as if it were not there.
 *
 * Both queries are asked of the same instant, and only pairs of answers count.
 *
 * Source: Prometheus, "Query functions", rate(): take it before sum().  Pure.
 */
#ifndef HEALTH_COUNTERS_H
#define HEALTH_COUNTERS_H

#include "policy/bus/measured.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counters;
struct evidence;
struct policy_counting;
struct promanswer;
struct served;

enum counters_query { COUNTERS_REQUESTS, COUNTERS_ERRORS, COUNTERS_QUERIES };

/* "requests", "errors". */
const char *counters_query_name(enum counters_query query);

/* Is the same asked of the same Prometheus, as often? */
bool counters_same(const struct policy_counting *a,
		   const struct policy_counting *b);

/*
 * Counts, from zero at wall_ms on, for the endpoints of evidence whose check
 * asks this Prometheus.  Borrows their names until it is freed; NULL: out of
 * memory.
 */
struct counters *counters_new(const struct policy_counting *asked,
			      const struct evidence *evidence, int64_t wall_ms);
/* Accepts NULL. */
void counters_free(struct counters *counters);

/*
 * An answer of the next pair, in the place of one that was read before.  There
 * are no failed requests where no series says so, but no requests at all are
 * MEASURE_EMPTY.  detail says more of what is not OK, or is "".
 */
enum measure_outcome counters_read(struct counters *counters,
				   enum counters_query query,
				   const struct promanswer *answer,
				   char detail[MEASURE_DETAIL_SIZE]);

/*
 * Both of the pair were OK: adds what grew since the last pair, and says what
 * there was since the beginning, of each endpoint that was ever told of; the
 * caller fills in node and sequence, and owns it.  NULL: out of memory.
 */
struct served *counters_add(struct counters *counters, int64_t now_ms,
			    int64_t wall_ms);

#endif
