/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status -- what the responder tells who asks on its control socket: the
 * node's record, each service's endpoints as decisions see them, break-glass
 * commands, counters, the model.  Pure: it writes JSON.
 */
#ifndef DNS_STATUS_H
#define DNS_STATUS_H

#include "policy/bus/node.h"

#include <stdint.h>

struct json_t;
struct local;
struct model;
struct signed_zones;
struct stats;
struct view;

/* All borrowed for the call. */
struct status {
	struct node node;
	const struct model *model;
	int64_t load_ms; /* how long the model took to load */
	const struct signed_zones *signing; /* NULL: not known */
	const struct view *view;
	const struct heard_report *reports; /* that it was reduced from */
	const struct local *local;
	const struct stats *stats;
};

/* A new reference, with "ok": true; NULL when memory runs out. */
struct json_t *status_write(const struct status *status);

#endif
