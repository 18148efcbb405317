/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/page/destinations.h"

#include "policy/base/hash.h"
#include "policy/decide/share.h"
#include "policy/language/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* What is decided for one service. */
struct drawing {
	const struct view *view;
	size_t service;
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	double whole_v4, whole_v6; /* address space of all classes */
};

/* Adds up where one class goes, in parts of its weight. */
static void draw(const struct drawing *d, const struct row *row, double weight,
		 double regions[POLICY_REGIONS_MAX], double *nowhere)
{
	const struct policy_service *s = &d->view->policy->services[d->service];
	unsigned draws = row_is_draw(row, 1) ? DESTINATION_DRAWS : 1;

	for (unsigned i = 0; i < draws; i++) {
		uint8_t picks[POLICY_ENDPOINTS_MAX];

		if (share_pick(row, d->keys, hash_mix(i), 1, picks) == 0)
			*nowhere += weight / draws;
		else
			regions[s->endpoints[picks[0]].region] +=
				weight / draws;
	}
}

/* Of one measure: that in which the databases know anything.  A class without
 * any is on the map all the same. */
static double weight_of(const struct drawing *d,
			const struct client_class *class)
{
	double weight = d->whole_v4 > 0   ? class->weight_v4
			: d->whole_v6 > 0 ? class->weight_v6
					  : 1;

	return fmax(weight, 1e-3);
}

/* Classes of one cell, count > 0 of them. */
static struct destination gather(const struct drawing *d,
				 const struct client_class *const *list,
				 size_t count)
{
	double regions[POLICY_REGIONS_MAX] = { 0 }, nowhere = 0, most = 0;
	struct destination out = { .cell_lat = list[0]->cell_lat,
				   .cell_lon = list[0]->cell_lon,
				   .region = POLICY_NONE };
	double greatest = 0;

	for (size_t i = 0; i < count; i++) {
		const struct row row = chain_row(d->view->policy, d->view,
						 d->service, list[i], NULL);
		double weight = weight_of(d, list[i]);

		draw(d, &row, weight, regions, &nowhere);
		out.weight += weight;
		if (weight <= greatest)
			continue;
		greatest = weight;
		out.note = (enum row_note)row.note;
		snprintf(out.country, sizeof(out.country), "%s",
			 list[i]->country);
	}
	most = nowhere;
	for (size_t i = 0; i < d->view->policy->region_count; i++)
		if (regions[i] > most) {
			most = regions[i];
			out.region = (int)i;
		}
	out.part = most / out.weight;
	return out;
}

static int compare_cells(const void *a, const void *b)
{
	const struct client_class *const *x = a, *const *y = b;
	int lat = (*x)->cell_lat - (*y)->cell_lat;

	return lat != 0 ? lat : (*x)->cell_lon - (*y)->cell_lon;
}

static bool same_cell(const struct client_class *a,
		      const struct client_class *b)
{
	return a->cell_lat == b->cell_lat && a->cell_lon == b->cell_lon;
}

size_t destinations_of(const struct view *view, size_t service,
		       struct demand_classes classes, struct destination *out)
{
	const struct client_class **list =
		calloc(classes.count + 1, sizeof(*list));
	struct drawing d = { .view = view, .service = service };
	size_t located = 0, found = 0, end;

	if (list == NULL)
		return 0;
	share_keys(view->policy, service, d.keys);
	for (size_t i = 0; i < classes.count; i++) {
		d.whole_v4 += classes.list[i]->weight_v4;
		d.whole_v6 += classes.list[i]->weight_v6;
		if (classes.list[i]->located)
			list[located++] = classes.list[i];
	}
	qsort(list, located, sizeof(*list), compare_cells);
	for (size_t first = 0; first < located; first = end) {
		for (end = first; end < located; end++)
			if (!same_cell(list[first], list[end]))
				break;
		out[found++] = gather(&d, &list[first], end - first);
	}
	free(list);
	return found;
}

static json_t *write_cell(const struct destination *d)
{
	return json_pack("[f, f, f, i, f, s, s]",
			 client_cell_middle(d->cell_lat) - 90,
			 client_cell_middle(d->cell_lon) - 180, d->weight,
			 d->region, floor(d->part * 100 + 0.5) / 100,
			 d->country, row_note_name(d->note));
}

static json_t *write_place(const char *name, double latitude, double longitude)
{
	return json_pack("{s:s, s:f, s:f}", "name", name, "latitude", latitude,
			 "longitude", longitude);
}

static json_t *write_regions(const struct policy *policy)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policy->region_count; i++)
		json_array_append_new(
			list, write_place(policy->regions[i].name,
					  policy->regions[i].latitude,
					  policy->regions[i].longitude));
	return list;
}

static json_t *write_vantages(const struct policy *policy)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policy->vantage_count; i++)
		json_array_append_new(
			list, write_place(policy->vantages[i].name,
					  policy->vantages[i].latitude,
					  policy->vantages[i].longitude));
	return list;
}

struct json_t *destinations_write(const struct view *view, size_t service,
				  struct demand_classes classes)
{
	struct destination *found = calloc(classes.count + 1, sizeof(*found));
	json_t *cells = json_array();
	size_t count;

	if (found == NULL) {
		json_decref(cells);
		return NULL;
	}
	count = destinations_of(view, service, classes, found);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(cells, write_cell(&found[i]));
	free(found);
	return json_pack("{s:b, s:s, s:i, s:o, s:o, s:o}", "ok", 1, "service",
			 view->policy->services[service].name, "cell_deg",
			 CLIENT_CELL_DEG, "regions",
			 write_regions(view->policy), "vantages",
			 write_vantages(view->policy), "cells", cells);
}
