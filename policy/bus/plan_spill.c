/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan_spill.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

bool plan_spills_init(struct plan_spills *out, size_t count, size_t parts)
{
	*out = (struct plan_spills){ .count = 0 };
	if (count == 0)
		return true;
	out->list = calloc(count, sizeof(*out->list));
	out->parts = calloc(parts + 1, sizeof(*out->parts));
	if (out->list != NULL && out->parts != NULL)
		return true;
	plan_spills_fini(out);
	return false;
}

void plan_spills_fini(struct plan_spills *spills)
{
	free(spills->list);
	free(spills->parts);
	*spills = (struct plan_spills){ .count = 0 };
}

struct plan_spill *plan_spills_add(struct plan_spills *spills,
				   const char *service, const char *home)
{
	struct plan_spill *s = &spills->list[spills->count++];

	snprintf(s->service, sizeof(s->service), "%s", service);
	snprintf(s->home, sizeof(s->home), "%s", home);
	s->parts = spills->parts + spills->part_count;
	s->count = 0;
	return s;
}

void plan_spills_put(struct plan_spills *spills, const char *endpoint,
		     double share)
{
	struct plan_spill *s = &spills->list[spills->count - 1];
	struct plan_spill_part *part = &s->parts[s->count++];

	snprintf(part->endpoint, sizeof(part->endpoint), "%s", endpoint);
	part->share = share;
	spills->part_count++;
}

static int compare_parts(const void *a, const void *b)
{
	const struct plan_spill_part *x = a, *y = b;

	return strcmp(x->endpoint, y->endpoint);
}

static int compare_counts(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* Of whom they are, and not what is said of them. */
static int compare_spills(const void *a, const void *b)
{
	const struct plan_spill *x = a, *y = b;
	int order = strcmp(x->service, y->service);

	if (order == 0)
		order = strcmp(x->home, y->home);
	if (order == 0)
		order = compare_counts(x->count, y->count);
	for (size_t i = 0; order == 0 && i < x->count; i++)
		order = compare_parts(&x->parts[i], &y->parts[i]);
	return order;
}

void plan_spills_sort(struct plan_spills *spills)
{
	for (size_t i = 0; i < spills->count; i++)
		qsort(spills->list[i].parts, spills->list[i].count,
		      sizeof(struct plan_spill_part), compare_parts);
	if (spills->count > 1)
		qsort(spills->list, spills->count, sizeof(struct plan_spill),
		      compare_spills);
}

static bool parse_parts(struct plan_spills *out, const json_t *list,
			struct error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader r =
			member_item(list, i, "plan spill part", err);
		char endpoint[PLAN_SPILL_NAME_SIZE] = "";
		double share;

		member_name(&r, "endpoint", endpoint, sizeof(endpoint));
		/* Required: an absent share must not drain anybody. */
		member_require(&r, "share");
		share = member_number(&r, "share", 0, 1);
		if (r.failed)
			return false;
		plan_spills_put(out, endpoint, share);
	}
	return true;
}

static bool parse_spill(struct plan_spills *out, const json_t *list,
			size_t index, struct error *err)
{
	struct member_reader r = member_item(list, index, "plan spill", err);
	char service[PLAN_SPILL_NAME_SIZE] = "",
	     home[PLAN_SPILL_NAME_SIZE] = "";
	const json_t *parts;

	member_name(&r, "service", service, sizeof(service));
	member_text(&r, "home", home, sizeof(home));
	parts = member_array(&r, "parts", PLAN_SPILL_PARTS_MAX);
	if (!r.failed && json_array_size(parts) == 0)
		member_fail(&r, "parts is missing, or empty");
	if (r.failed)
		return false;
	plan_spills_add(out, service, home);
	return parse_parts(out, parts, err);
}

static bool has_twice(const struct plan_spills *spills, struct error *err)
{
	for (size_t i = 0; i < spills->count; i++) {
		const struct plan_spill *s = &spills->list[i];

		if (i > 0 && compare_spills(s - 1, s) == 0) {
			error_set(err,
				  "plan: a spill of %s for the same clients is "
				  "there twice",
				  s->service);
			return true;
		}
		for (size_t k = 1; k < s->count; k++)
			if (compare_parts(&s->parts[k - 1], &s->parts[k]) ==
			    0) {
				error_set(err,
					  "plan: a spill of %s has %s twice",
					  s->service, s->parts[k].endpoint);
				return true;
			}
	}
	return false;
}

static size_t count_parts(const json_t *list)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		count += json_array_size(
			json_object_get(json_array_get(list, i), "parts"));
	return count;
}

bool plan_spills_parse(struct plan_spills *out, const json_t *list,
		       struct error *err)
{
	size_t count = json_array_size(list);

	if (!plan_spills_init(out, count, count_parts(list))) {
		error_set(err, "plan: out of memory");
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (!parse_spill(out, list, i, err)) {
			plan_spills_fini(out);
			return false;
		}
	plan_spills_sort(out);
	if (!has_twice(out, err))
		return true;
	plan_spills_fini(out);
	return false;
}

static json_t *write_part(const struct plan_spill_part *part)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "endpoint", part->endpoint);
	member_put_json(&w, "share", json_real(part->share));
	return member_take(&w);
}

static json_t *write_spill(const struct plan_spill *s)
{
	struct member_writer w = member_begin();
	json_t *parts = json_array();

	/* json_array_append_new() refuses NULL, for either argument. */
	for (size_t i = 0; i < s->count; i++)
		if (json_array_append_new(parts, write_part(&s->parts[i])) != 0)
			w.failed = true;
	member_put_text(&w, "service", s->service);
	member_put_text(&w, "home", s->home);
	member_put_json(&w, "parts", parts);
	return member_take(&w);
}

json_t *plan_spills_write(const struct plan_spills *spills)
{
	json_t *list = json_array();

	for (size_t i = 0; i < spills->count; i++)
		member_append(&list, write_spill(&spills->list[i]));
	return list;
}

bool plan_spills_copy(struct plan_spills *out, const struct plan_spills *from)
{
	struct plan_spills copy;

	/* out may be a shallow copy of from. */
	if (!plan_spills_init(&copy, from->count, from->part_count)) {
		*out = copy;
		return false;
	}
	for (size_t i = 0; i < from->count; i++) {
		const struct plan_spill *s = &from->list[i];

		plan_spills_add(&copy, s->service, s->home);
		for (size_t k = 0; k < s->count; k++)
			plan_spills_put(&copy, s->parts[k].endpoint,
					s->parts[k].share);
	}
	*out = copy;
	return true;
}

enum plan_spills_change plan_spills_compare(const struct plan_spills *a,
					    const struct plan_spills *b)
{
	enum plan_spills_change change = PLAN_SPILLS_SAME;

	if (a->count != b->count)
		return PLAN_SPILLS_CHANGED;
	for (size_t i = 0; i < a->count; i++) {
		const struct plan_spill *x = &a->list[i], *y = &b->list[i];

		if (compare_spills(x, y) != 0)
			return PLAN_SPILLS_CHANGED;
		for (size_t k = 0; k < x->count; k++) {
			double p = x->parts[k].share, q = y->parts[k].share;

			if ((p > 0) != (q > 0))
				return PLAN_SPILLS_CHANGED;
			if (fabs(p - q) > 0)
				change = PLAN_SPILLS_GRADUAL;
		}
	}
	return change;
}
