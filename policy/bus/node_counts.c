/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/node_counts.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/bus/node_impl.h"

#include <stdlib.h>

#include <jansson.h>

void node_counts_fini(struct node_counts *counts)
{
	free(counts->rows);
	*counts = (struct node_counts){ .rows = NULL };
}

static void parse_homes(struct member_reader *r, struct node_counts *counts)
{
	const json_t *list = member_array(r, "homes", NODE_COUNTS_HOMES_MAX);

	for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) {
		struct member_reader item =
			member_item(list, i, "node home", r->err);

		member_text(&item, "name", counts->homes[i], NODE_NAME_SIZE);
		r->failed = item.failed;
		counts->home_count = i + 1;
	}
}

/* Home, count, home, count...; only those with something in them. */
static void parse_pairs(struct member_reader *r, size_t homes,
			struct node_counts_row *row)
{
	const json_t *list =
		member_array(r, "counts", (size_t)2 * NODE_COUNTS_HOMES_MAX);

	if (json_array_size(list) % 2 != 0)
		member_fail(r, "counts must hold pairs");
	for (size_t i = 0; i < json_array_size(list) && !r->failed; i += 2) {
		const json_t *at = json_array_get(list, i),
			     *many = json_array_get(list, i + 1);
		json_int_t home = json_integer_value(at),
			   n = json_integer_value(many);

		if (!json_is_integer(at) || !json_is_integer(many) ||
		    home < 0 || home >= (json_int_t)homes || n < 0 ||
		    n > MEMBER_EXACT_MAX)
			member_fail(r,
				    "counts must hold pairs of a home below "
				    "%zu and a count",
				    homes);
		else
			row->of[home] = (uint64_t)n;
	}
}

static void parse_rows(struct member_reader *r, struct node_counts *counts)
{
	const json_t *list = member_array(r, "asked", NODE_COUNTS_ROWS_MAX);

	counts->rows = calloc(json_array_size(list) + 1, sizeof(*counts->rows));
	if (counts->rows == NULL) {
		member_fail(r, "out of memory");
		return;
	}
	for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) {
		struct member_reader item =
			member_item(list, i, "node count", r->err);

		member_name(&item, "service", counts->rows[i].service,
			    NODE_NAME_SIZE);
		parse_pairs(&item, counts->home_count, &counts->rows[i]);
		r->failed = item.failed;
		counts->count = i + 1;
	}
}

bool node_counts_parse(const void *octets, size_t len, struct node_counts *out,
		       struct error *err)
{
	json_t *json = member_load("node", octets, len, NODE_OCTETS_MAX, err);
	struct member_reader r = { .object = json, .what = "node", .err = err };
	struct node_counts counts = { .rows = NULL };

	if (json == NULL)
		return false;
	counts.over_ms =
		member_integer(&r, "counted_ms", 1, NODE_COUNTED_MS_MAX);
	parse_homes(&r, &counts);
	parse_rows(&r, &counts);
	json_decref(json);
	if (r.failed)
		node_counts_fini(&counts);
	else
		*out = counts;
	return !r.failed;
}

static uint64_t sum_of(const struct node_counts_row *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < NODE_COUNTS_HOMES_MAX; i++)
		sum += row->of[i];
	return sum;
}

static size_t pairs_of(const struct node_counts_row *row)
{
	size_t pairs = 0;

	for (size_t i = 0; i < NODE_COUNTS_HOMES_MAX; i++)
		pairs += row->of[i] > 0;
	return pairs;
}

static int compare_sums(const void *a, const void *b)
{
	uint64_t x = sum_of(a), y = sum_of(b);

	return (x < y) - (x > y);
}

void node_counts_cut(struct node_counts *counts)
{
	size_t pairs = 0, kept = 0;

	if (counts->count > 1)
		qsort(counts->rows, counts->count, sizeof(*counts->rows),
		      compare_sums);
	while (kept < counts->count && kept < NODE_COUNTS_ROWS_MAX) {
		pairs += pairs_of(&counts->rows[kept]);
		if (pairs > NODE_COUNTS_PAIRS_MAX)
			break;
		kept++;
	}
	counts->count = kept;
}

static json_t *write_homes(const struct node_counts *counts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < counts->home_count; i++) {
		struct member_writer w = member_begin();

		member_put_text(&w, "name", counts->homes[i]);
		member_append(&list, member_take(&w));
	}
	return list;
}

static json_t *write_pairs(const struct node_counts_row *row, size_t homes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < homes; i++) {
		if (row->of[i] == 0)
			continue;
		member_append(&list, json_integer((json_int_t)i));
		member_append(&list, json_integer((json_int_t)row->of[i]));
	}
	return list;
}

static json_t *write_rows(const struct node_counts *counts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < counts->count; i++) {
		const struct node_counts_row *row = &counts->rows[i];
		struct member_writer w = member_begin();

		member_put_text(&w, "service", row->service);
		member_put_json(&w, "counts",
				write_pairs(row, counts->home_count));
		member_append(&list, member_take(&w));
	}
	return list;
}

char *node_counts_write(const struct node *node,
			const struct node_counts *counts, size_t *len)
{
	struct member_writer w = node_begin(node);

	member_put_integer(&w, "counted_ms", counts->over_ms);
	member_put_json(&w, "homes", write_homes(counts));
	member_put_json(&w, "asked", write_rows(counts));
	return member_finish(&w, NODE_DIGITS, len);
}
