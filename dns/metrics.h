/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics -- what the responder tells who scrapes it: counters of answers and
 * connections, what is loaded, which plan is in force.
 *
 * Every family is written every time, so that its name can be relied on; the
 * manual, windrose-dns(8), lists them.  Pure: it appends to a text.
 */
#ifndef DNS_METRICS_H
#define DNS_METRICS_H

#include "policy/bus/node.h"

#include <stdbool.h>
#include <stdint.h>

struct heard_report;
struct model;
struct openmetrics;
struct plan;
struct signed_zones;
struct stats;
struct view;

/* All borrowed for the call. */
struct metrics {
	struct node node;
	const struct model *model;
	const struct stats *stats;
	int64_t load_ms; /* how long the model took to load */
	int64_t wall_loaded_ms;
	uint64_t reloads, failed_reloads, failed_signings; /* since the start */
	const struct signed_zones *signing;                /* NULL: not known */
	const struct view *view;                           /* NULL: not known */
	const struct plan *plan;                           /* NULL: none */
	const struct heard_report *reports; /* that it was reduced from; NULL:
					     * not known */
	uint64_t tables;                    /* published since the start */
	uint64_t lost_copies;               /* for dnstap: tap_lost() */
	uint64_t lost_packets;              /* by XDP: xdp_lost() */
	bool has_bus, bus_up;
};

void metrics_write(struct openmetrics *out, const struct metrics *metrics);

#endif
