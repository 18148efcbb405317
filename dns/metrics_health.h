/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics_health -- what the vantages say of each of several checks, as
 * metrics. Pure.
 */
#ifndef DNS_METRICS_HEALTH_H
#define DNS_METRICS_HEALTH_H

struct metrics;
struct openmetrics;

/* metrics->view is there. */
void metrics_write_health(struct openmetrics *out,
			  const struct metrics *metrics);

#endif
