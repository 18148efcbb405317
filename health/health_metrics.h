/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health_metrics -- what windrose-health knows and counts, as families of
 * metrics; the manual has a word on each.
 *
 * Pure.
 */
#ifndef HEALTH_HEALTH_METRICS_H
#define HEALTH_HEALTH_METRICS_H

#include "health/canvass.h"
#include "health/rounds.h"
#include "policy/bus/node.h"

#include <stdbool.h>
#include <stddef.h>

struct openmetrics;
struct report;

/* All borrowed. */
struct health_metrics {
	struct node node;
	const struct report *report; /* NULL: memory ran out */
	size_t probes;               /* that are made over and over */
	struct rounds_load load;
	struct rounds_doubt doubt;
	struct rounds_tally tally;
	const uint64_t *measures; /* by enum measure_outcome */
	const struct canvass_source *sources;
	size_t source_count;
	bool bus_up;
};

/* Appends all families, without the end. */
void health_metrics_write(struct openmetrics *out,
			  const struct health_metrics *m);

#endif
