/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan_demand.h"

#include "policy/bus/member.h"

#include <jansson.h>

static const double demand_max = 1e15; /* of a service; finite is enough */

struct json_t *plan_demand_write(const struct plan_demand *demand)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "service", demand->service);
	member_put_number(&w, "demand", demand->demand);
	member_put_integer(&w, "responders", demand->responders);
	member_put_integer(&w, "edges", demand->edges);
	member_put_integer(&w, "wall_counted_ms", demand->wall_counted_ms);
	return member_take(&w);
}

static bool read_one(struct member_reader *r, struct plan_demand *out)
{
	struct plan_demand d = { .service = "" };

	member_name(r, "service", d.service, sizeof(d.service));
	d.demand = member_number(r, "demand", 0, demand_max);
	d.responders = (uint32_t)member_integer(r, "responders", 0, UINT32_MAX);
	d.edges = (uint32_t)member_integer(r, "edges", 0, UINT32_MAX);
	d.wall_counted_ms =
		member_integer(r, "wall_counted_ms", 0, MEMBER_EXACT_MAX);
	if (!r->failed)
		*out = d;
	return !r->failed;
}

bool plan_demand_read(const struct json_t *json, struct plan_demand *out,
		      struct error *err)
{
	struct member_reader r = { .object = json,
				   .what = "demand",
				   .err = err };

	return read_one(&r, out);
}

struct json_t *plan_demands_write(struct plan_demand_list demands)
{
	json_t *list = json_array();

	for (size_t i = 0; i < demands.count; i++)
		member_append(&list, plan_demand_write(&demands.list[i]));
	return list;
}

bool plan_demands_read(const struct json_t *list, struct plan_demand *out,
		       struct error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader r =
			member_item(list, i, "plan demand", err);

		if (!read_one(&r, &out[i]))
			return false;
	}
	return true;
}
