/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/difference.h"

#include "policy/language/code.h"
#include "policy/review/breaches.h"
#include "policy/review/traffic_report.h"
#include "policy/review/warnings.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

static json_t *alterations_json(const struct alterations *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->count; i++) {
		const char sign[2] = { a->list[i].sign, '\0' };

		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "sign", sign,
						"what", a->list[i].text));
	}
	return list;
}

static json_t *cause_json(const struct difference *d,
			  const struct movement_flow *flow)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_t *word;

	if (out == NULL)
		return json_null();
	movement_print_cause(&d->ground, flow, out);
	fclose(out);
	word = json_string(text);
	free(text);
	return word;
}

static json_t *flows_json(const struct difference *d, const struct movement *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->count; i++) {
		const struct movement_flow *f = &m->flows[i];

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:o, s:f, s:f}", "from",
				  difference_region(&d->ground.before, f->from),
				  "to",
				  difference_region(&d->ground.after, f->to),
				  "country", f->country, "cause",
				  cause_json(d, f), "v4_pct", f->v4, "v6_pct",
				  f->v6));
	}
	return list;
}

static json_t *asns_json(const struct movement *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->asn_count; i++)
		json_array_append_new(list,
				      json_pack("{s:I, s:f, s:f}", "asn",
						(json_int_t)m->asns[i].asn,
						"v4_pct", m->asns[i].v4,
						"v6_pct", m->asns[i].v6));
	return list;
}

static json_t *loads_json(const struct rows_side *side, const double *v4,
			  const double *v6)
{
	const struct policy *policy = side->subject->policy;
	json_t *o = json_object();

	for (size_t i = 0; i < policy->region_count; i++)
		if (v4[i] > 0 || v6[i] > 0)
			json_object_set_new(o, policy->regions[i].name,
					    json_pack("{s:f, s:f}", "v4_pct",
						      v4[i], "v6_pct", v6[i]));
	return o;
}

static json_t *movements_json(const struct difference *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->count; i++) {
		const struct movement *m = &d->movements[i];
		const struct policy *after = d->ground.after.subject->policy;

		if (m->count == 0)
			continue;
		json_array_append_new(
			list,
			json_pack("{s:s, s:f, s:f, s:o, s:o, s:o, s:o}",
				  "service", after->services[m->after].name,
				  "v4_pct", m->moved_v4, "v6_pct", m->moved_v6,
				  "load_before",
				  loads_json(&d->ground.before,
					     m->load_before_v4,
					     m->load_before_v6),
				  "load_after",
				  loads_json(&d->ground.after, m->load_after_v4,
					     m->load_after_v6),
				  "flows", flows_json(d, m), "asns",
				  asns_json(m)));
	}
	return list;
}

/* Of one side and not of the other. */
static json_t *warnings_json(const struct rows_side *in,
			     const struct rows_side *other)
{
	struct warnings_walk walk = { .next = 0 };
	json_t *list = json_array();
	const struct finding *f;

	while ((f = warnings_next(&walk, &in->subject->findings,
				  &other->subject->findings)) != NULL) {
		char code[CODE_TEXT_SIZE];

		json_array_append_new(list,
				      json_pack("{s:s*, s:i, s:s, s:s}", "file",
						f->file, "line",
						(int)f->error.at.line, "code",
						code_text(f->code, code),
						"text", f->error.text));
	}
	return list;
}

static json_t *breaches_json(const struct proof *in, const struct proof *other)
{
	struct breaches_walk walk = { .next = 0 };
	json_t *list = json_array();
	const char *text;

	while ((text = breaches_next(&walk, in, other)) != NULL)
		json_array_append_new(list, json_string(text));
	return list;
}

void difference_print_json(const struct difference *d)
{
	json_t *o =
		json_pack("{s:{s:s, s:s, s:b}, s:{s:s, s:s, s:b}, s:o, s:o, "
			  "s:o, s:o, s:o, s:o}",
			  "before", "path", d->ground.before.subject->path,
			  "digest", d->ground.before.subject->policy->digest,
			  "proof_holds", d->before->failure_count == 0, "after",
			  "path", d->ground.after.subject->path, "digest",
			  d->ground.after.subject->policy->digest,
			  "proof_holds", d->after->failure_count == 0,
			  "alterations", alterations_json(&d->alterations),
			  "new_failures", breaches_json(d->after, d->before),
			  "gone_failures", breaches_json(d->before, d->after),
			  "new_warnings",
			  warnings_json(&d->ground.after, &d->ground.before),
			  "gone_warnings",
			  warnings_json(&d->ground.before, &d->ground.after),
			  "movements", movements_json(d));

	if (d->traffic != NULL)
		json_object_set_new(o, "traffic", traffic_json(d->traffic));
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	printf("\n");
	json_decref(o);
}
