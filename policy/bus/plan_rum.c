/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan_rum.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/bus/plan.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static int compare_rum(const void *a, const void *b)
{
	const struct plan_rum *x = a, *y = b;
	int order = strcmp(x->region, y->region);

	if (order != 0)
		return order;
	return x->cell_lat != y->cell_lat ? x->cell_lat - y->cell_lat
					  : x->cell_lon - y->cell_lon;
}

void plan_sort_rum(struct plan *plan)
{
	if (plan->rum_count > 1)
		qsort(plan->rum, plan->rum_count, sizeof(*plan->rum),
		      compare_rum);
}

bool plan_parse_rum(struct plan *plan, const json_t *list, struct error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct plan_rum *u = &plan->rum[i];
		struct member_reader r = member_item(list, i, "plan rum", err);

		member_name(&r, "region", u->region, sizeof(u->region));
		u->cell_lat = (int16_t)member_integer(&r, "cell_lat", 0, 89);
		u->cell_lon = (int16_t)member_integer(&r, "cell_lon", 0, 179);
		u->ms = member_number(&r, "ms", 0.001, 60e3);
		u->samples =
			(uint32_t)member_integer(&r, "samples", 0, UINT32_MAX);
		if (r.failed)
			return false;
		plan->rum_count = i + 1;
	}
	plan_sort_rum(plan);
	for (size_t i = 1; i < plan->rum_count; i++)
		if (compare_rum(&plan->rum[i - 1], &plan->rum[i]) == 0) {
			error_set(err,
				  "plan: a cell's rum of %s is there twice",
				  plan->rum[i].region);
			return false;
		}
	return true;
}

static json_t *write_rum(const struct plan_rum *u)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "region", u->region);
	member_put_integer(&w, "cell_lat", u->cell_lat);
	member_put_integer(&w, "cell_lon", u->cell_lon);
	member_put_number(&w, "ms", u->ms);
	member_put_integer(&w, "samples", u->samples);
	return member_take(&w);
}

json_t *plan_write_rum(struct plan_rum_list rum)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rum.count; i++)
		member_append(&list, write_rum(&rum.list[i]));
	return list;
}
