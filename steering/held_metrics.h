/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held_metrics -- what waits for a person, as families of metrics: commands and
 * publications for a second one, the agent's own steps for one.
 *
 * Pure.
 */
#ifndef STEERING_HELD_METRICS_H
#define STEERING_HELD_METRICS_H

struct held;
struct openmetrics;
struct plan_release;
struct state;

/* All borrowed; NULL: nothing of that. */
struct held_metrics {
	const struct held *held;
	const struct plan_release *release;
	const struct state *state; /* its surges; and its policy, for all */
};

/* Appends the families. */
void held_metrics_write(struct openmetrics *out, const struct held_metrics *m);

#endif
