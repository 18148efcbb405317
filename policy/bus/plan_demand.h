/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_demand -- what a plan's spills were worked out from, of one service:
 * told so that who asks why capacity sends clients elsewhere can judge it.  No
 * reader decides by it.
 *
 * In JSON: {"service", "demand", "responders", "edges", "wall_counted_ms"}.
 * Pure.
 */
#ifndef POLICY_BUS_PLAN_DEMAND_H
#define POLICY_BUS_PLAN_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;

enum { PLAN_DEMAND_NAME_SIZE = 64, PLAN_DEMANDS_MAX = 4096 };

struct plan_demand {
	char service[PLAN_DEMAND_NAME_SIZE];
	double demand; /* in the unit of capacities; > 0 */
	/* By whose queries it is shared out among the clients; 0: by address
	 * space. */
	uint32_t responders;
	uint32_t edges; /* whose requests it is; 0: as the policy states */
	int64_t wall_counted_ms; /* up to when each of these responders told of
				  * them; 0: there are none */
};

/* Borrowed. */
struct plan_demand_list {
	const struct plan_demand *list;
	size_t count;
};

/* One; a new reference, NULL when memory runs out. */
struct json_t *plan_demand_write(const struct plan_demand *demand);

/* False with err set: malformed. */
bool plan_demand_read(const struct json_t *json, struct plan_demand *out,
		      struct error *err);

/* All; a new reference, NULL when memory runs out. */
struct json_t *plan_demands_write(struct plan_demand_list demands);

/* Of an array (NULL: none) into out, which has room for all.  False with err
 * set: malformed. */
bool plan_demands_read(const struct json_t *list, struct plan_demand *out,
		       struct error *err);

#endif
