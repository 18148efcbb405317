/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer_metrics -- what windrose-steer knows, as families of metrics; the
 * manual has a word on each.
 *
 * Pure.
 */
#ifndef STEERING_STEER_METRICS_H
#define STEERING_STEER_METRICS_H

#include "policy/bus/node.h"
#include "steering/held_metrics.h"

#include <stdbool.h>
#include <stddef.h>

struct openmetrics;
struct plan;
struct policy;
struct registry;
struct reckoning;
struct spilling;

/* All borrowed. */
struct steer_metrics {
	struct node node;
	const struct plan *plan; /* the newest; NULL: none yet */
	const struct registry *registry;
	const struct policy *policy;
	const struct spilling *spilling;   /* by service of it */
	const struct reckoning *reckoning; /* of it; NULL: none */
	struct held_metrics held;
	size_t waiting; /* people who wait for an answer */
	bool bus_up;
};

/* Appends all families, without the end. */
void steer_metrics_write(struct openmetrics *out,
			 const struct steer_metrics *m);

#endif
