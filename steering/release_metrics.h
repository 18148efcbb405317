/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release_metrics -- how the policy that was published last goes out, as
 * families of metrics; the manual has a word on each.
 *
 * They are called rollout, as the command is that shows the same.  Pure.
 */
#ifndef STEERING_RELEASE_METRICS_H
#define STEERING_RELEASE_METRICS_H

struct openmetrics;
struct plan_release;
struct registry;

/* Appends all families; of one that nobody ever published, too. */
void release_metrics_write(struct openmetrics *out,
			   const struct plan_release *said,
			   const struct registry *registry);

#endif
