/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge_metrics -- what windrose-edge counts, as families of metrics; the manual
 * has a word on each.
 *
 * Pure.
 */
#ifndef STEERING_EDGE_EDGE_METRICS_H
#define STEERING_EDGE_EDGE_METRICS_H

#include "policy/bus/node.h"

#include <stdbool.h>
#include <stddef.h>

struct driver;
struct openmetrics;

/* All borrowed. */
struct edge_metrics {
	struct node node;
	struct driver *const *drivers;
	size_t driver_count;
	bool bus_up;
};

/* Appends all families, without the end. */
void edge_metrics_write(struct openmetrics *out, const struct edge_metrics *m);

#endif
