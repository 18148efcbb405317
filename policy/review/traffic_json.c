/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/civil.h"
#include "policy/review/traffic.h"
#include "policy/review/traffic_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static json_t *name_of(const struct rows_side *side, size_t region)
{
	return region == TRAFFIC_NOBODY
		       ? json_string("no answer")
		       : json_string(
				 side->subject->policy->regions[region].name);
}

static json_t *parts_json(const struct traffic *t,
			  const struct traffic_part *parts, size_t count,
			  bool are_countries)
{
	json_t *o = json_object();
	char label[16];

	for (size_t i = 0; i < count; i++) {
		uint32_t l = parts[i].label;

		if (are_countries)
			snprintf(label, sizeof(label), "%c%c", (int)(l >> 8),
				 (int)(l & 0xff));
		else
			snprintf(label, sizeof(label), "AS%" PRIu32, l);
		json_object_set_new(o, label,
				    json_real(percent(parts[i].count,
						      t->queries)));
	}
	return o;
}

static json_t *flows_json(const struct traffic *t)
{
	json_t *list = json_array();
	size_t count;
	struct traffic_flow *flows = traffic_flows(t, &count);

	for (size_t i = 0; flows != NULL && i < count; i++) {
		const struct traffic_flow *f = &flows[i];

		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:f, s:f, s:o, s:o}", "from",
				  name_of(t->before, f->from), "to",
				  name_of(t->after, f->to), "queries", f->count,
				  "pct", percent(f->count, t->queries),
				  "countries_pct",
				  parts_json(t, f->countries, f->country_count,
					     true),
				  "asns_pct",
				  parts_json(t, f->asns, f->asn_count, false)));
	}
	free(flows);
	return list;
}

static json_t *loads_json(const struct traffic *t, bool after)
{
	const struct rows_side *side = after ? t->after : t->before;
	const struct policy *policy = side->subject->policy;
	double s = traffic_seconds(t);
	json_t *o = json_object();

	for (size_t i = 0; i < policy->region_count; i++) {
		struct traffic_load load = traffic_load(t, after, i);
		json_t *of =
			json_pack("{s:f, s:f}", "queries", load.queries, "pct",
				  percent(load.queries, t->queries));

		if (s > 0)
			json_object_set_new(of, "queries_per_s",
					    json_real(load.queries / s));
		if (load.demand > 0)
			json_object_set_new(of, "demand",
					    json_real(load.demand));
		if (policy->regions[i].capacity > 0)
			json_object_set_new(
				of, "capacity",
				json_real(policy->regions[i].capacity));
		json_object_set_new(o, policy->regions[i].name, of);
	}
	return o;
}

static json_t *services_json(const struct traffic *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->count; i++) {
		const struct traffic_service *s = &t->services[i];

		if (s->queries > 0)
			json_array_append_new(
				list, json_pack("{s:s, s:f, s:f}", "service",
						s->pair.name, "queries",
						s->queries, "moved_pct",
						percent(s->moved, s->queries)));
	}
	return list;
}

static json_t *records_json(const struct trace_tally *tally)
{
	json_t *o = json_pack("{s:I, s:I, s:I}", "queries",
			      (json_int_t)tally->queries, "others",
			      (json_int_t)tally->others, "bad",
			      (json_int_t)tally->bad);

	if (tally->bad > 0)
		json_object_set_new(o, "first_bad",
				    json_pack("{s:I, s:s}", "record",
					      (json_int_t)tally->first_bad,
					      "why", tally->why));
	return o;
}

json_t *traffic_json(const struct traffic *t)
{
	char from[CIVIL_TEXT_SIZE], to[CIVIL_TEXT_SIZE];
	json_t *o =
		json_pack("{s:f, s:f, s:f, s:o, s:o, s:o, s:o, s:o}", "queries",
			  t->queries, "aside", t->aside, "moved_pct",
			  percent(t->moved, t->queries), "records",
			  records_json(&t->tally), "flows", flows_json(t),
			  "load_before", loads_json(t, false), "load_after",
			  loads_json(t, true), "services", services_json(t));

	if (t->wall_first_ms != 0) {
		json_object_set_new(
			o, "from",
			json_string(civil_text(t->wall_first_ms / 1000, from)));
		json_object_set_new(
			o, "to",
			json_string(civil_text(t->wall_last_ms / 1000, to)));
	}
	return o;
}
