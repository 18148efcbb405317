/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/served.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { LEAST_BITS = 8, SUB_BITS = 2, SUB = 1 << SUB_BITS };

size_t served_bucket(uint64_t us)
{
	unsigned octave;
	size_t bucket;

	if (us >> LEAST_BITS == 0)
		return 0;
	octave = 63 - (unsigned)__builtin_clzll(us);
	bucket = 1 + (size_t)(octave - LEAST_BITS) * SUB +
		 ((us >> (octave - SUB_BITS)) & (SUB - 1));
	return bucket < SERVED_BUCKETS ? bucket : SERVED_BUCKETS - 1;
}

/* Where a bucket begins, in microseconds. */
static double floor_us(size_t bucket)
{
	size_t octave = (bucket - 1) / SUB, sub = (bucket - 1) % SUB;

	if (bucket == 0)
		return 0;
	return (double)(UINT64_C(1) << (LEAST_BITS - SUB_BITS + octave)) *
	       (double)(SUB + sub);
}

double served_bucket_ms(size_t bucket)
{
	if (bucket >= SERVED_BUCKETS - 1)
		return floor_us(SERVED_BUCKETS - 1) / 1000;
	return (floor_us(bucket) + floor_us(bucket + 1)) / 2000;
}

static int compare_name(const struct served_row *row, const char *service,
			const char *endpoint, const char *canary)
{
	int order = strcmp(row->service, service);

	if (order == 0)
		order = strcmp(row->endpoint, endpoint);
	return order != 0 ? order : strcmp(row->canary, canary);
}

static int compare_rows(const void *a, const void *b)
{
	const struct served_row *y = b;

	return compare_name(a, y->service, y->endpoint, y->canary);
}

void served_sort(struct served *served)
{
	if (served->count > 1)
		qsort(served->rows, served->count, sizeof(*served->rows),
		      compare_rows);
	served->sorted = true;
}

static uint64_t read_count(struct member_reader *r, const char *name,
			   uint64_t max)
{
	return (uint64_t)member_integer(r, name, 0, (int64_t)max);
}

/* Bucket, count, bucket, count...; only those with something in them. */
static void parse_latency(struct member_reader *r, struct served_count *count)
{
	const json_t *list =
		member_array(r, "latency", (size_t)2 * SERVED_BUCKETS);
	uint64_t left = count->requests;

	if (json_array_size(list) % 2 != 0)
		member_fail(r, "latency must hold pairs");
	for (size_t i = 0; i < json_array_size(list) && !r->failed; i += 2) {
		const json_t *at = json_array_get(list, i),
			     *many = json_array_get(list, i + 1);
		json_int_t bucket = json_integer_value(at),
			   n = json_integer_value(many);

		if (!json_is_integer(at) || !json_is_integer(many) ||
		    bucket < 0 || bucket >= SERVED_BUCKETS || n < 0 ||
		    (uint64_t)n > left)
			member_fail(r,
				    "latency must hold pairs of a bucket below "
				    "%d and its part of the requests",
				    SERVED_BUCKETS);
		else if (count->latency[bucket] != 0)
			member_fail(r, "latency has bucket %d twice",
				    (int)bucket);
		else
			left -= count->latency[bucket] = (uint64_t)n;
	}
}

static bool parse_row(struct member_reader *r, struct served_row *row)
{
	member_name(r, "service", row->service, sizeof(row->service));
	member_name(r, "endpoint", row->endpoint, sizeof(row->endpoint));
	member_text(r, "canary", row->canary, sizeof(row->canary));
	row->count.requests = read_count(r, "requests", MEMBER_EXACT_MAX);
	row->count.errors = read_count(r, "errors", row->count.requests);
	parse_latency(r, &row->count);
	return !r->failed;
}

static bool parse_rows(struct served *served, const json_t *list,
		       struct error *err)
{
	size_t count = json_array_size(list);

	served->rows = calloc(count + 1, sizeof(*served->rows));
	if (served->rows == NULL) {
		error_set(err, "served: out of memory");
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct member_reader r =
			member_item(list, i, "served row", err);

		if (!parse_row(&r, &served->rows[i]))
			return false;
	}
	served->count = count;
	served_sort(served);
	for (size_t i = 1; i < count; i++) {
		const struct served_row *row = &served->rows[i];

		if (compare_rows(row - 1, row) == 0) {
			error_set(err, "served: %s/%s is there twice",
				  row->service, row->endpoint);
			return false;
		}
	}
	return true;
}

static bool parse_served(const json_t *json, struct served *out,
			 struct error *err)
{
	struct member_reader r = {
		.object = json,
		.what = "served",
		.err = err,
	};
	const json_t *list;

	member_name(&r, "node", out->node, sizeof(out->node));
	out->sequence = read_count(&r, "sequence", MEMBER_EXACT_MAX);
	out->wall_made_ms =
		member_integer(&r, "wall_made_ms", 0, MEMBER_EXACT_MAX);
	out->wall_start_ms =
		member_integer(&r, "wall_start_ms", 0, MEMBER_EXACT_MAX);
	list = member_array(&r, "rows", SERVED_ROWS_MAX);
	return !r.failed && parse_rows(out, list, err);
}

struct served *served_parse(const void *octets, size_t len, struct error *err)
{
	json_t *json =
		member_load("served", octets, len, SERVED_OCTETS_MAX, err);
	struct served *served;

	if (json == NULL)
		return NULL;
	served = calloc(1, sizeof(*served));
	if (served == NULL) {
		error_set(err, "served: out of memory");
	} else if (!parse_served(json, served, err)) {
		served_free(served);
		served = NULL;
	}
	json_decref(json);
	return served;
}

/* NULL when memory runs out. */
static json_t *write_latency(const struct served_count *count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < SERVED_BUCKETS; i++) {
		json_int_t n = (json_int_t)count->latency[i];

		if (n == 0)
			continue;
		member_append(&list, json_integer((json_int_t)i));
		member_append(&list, json_integer(n));
	}
	return list;
}

static json_t *write_row(const struct served_row *row)
{
	struct member_writer w = member_begin();
	json_t *latency = write_latency(&row->count);

	member_put_text(&w, "service", row->service);
	member_put_text(&w, "endpoint", row->endpoint);
	member_put_text(&w, "canary", row->canary);
	member_put_integer(&w, "requests", (int64_t)row->count.requests);
	member_put_integer(&w, "errors", (int64_t)row->count.errors);
	if (latency != NULL && json_array_size(latency) == 0)
		json_decref(latency);
	else
		member_put_json(&w, "latency", latency);
	return member_take(&w);
}

char *served_write(const struct served *served, size_t *len)
{
	struct member_writer w = member_begin();
	json_t *list = json_array();

	for (size_t i = 0; i < served->count; i++)
		if (json_array_append_new(list, write_row(&served->rows[i])))
			w.failed = true;
	member_put_text(&w, "node", served->node);
	member_put_integer(&w, "sequence", (int64_t)served->sequence);
	member_put_integer(&w, "wall_made_ms", served->wall_made_ms);
	member_put_integer(&w, "wall_start_ms", served->wall_start_ms);
	member_put_json(&w, "rows", list);
	return member_finish(&w, 9, len);
}

void served_free(struct served *served)
{
	if (served == NULL)
		return;
	free(served->rows);
	free(served);
}

static const struct served_row *search_sorted(const struct served *served,
					      const char *service,
					      const char *endpoint,
					      const char *canary)
{
	size_t low = 0, high = served->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct served_row *row = &served->rows[middle];
		int order = compare_name(row, service, endpoint, canary);

		if (order == 0)
			return row;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct served_row *served_find(const struct served *served,
				     const char *service, const char *endpoint,
				     const char *canary)
{
	if (served->sorted)
		return search_sorted(served, service, endpoint, canary);
	for (size_t i = 0; i < served->count; i++)
		if (compare_name(&served->rows[i], service, endpoint, canary) ==
		    0)
			return &served->rows[i];
	return NULL;
}

bool served_follows(const struct served *now, const struct served *before)
{
	return strcmp(now->node, before->node) == 0 &&
	       now->wall_start_ms == before->wall_start_ms &&
	       now->sequence > before->sequence;
}

/* False when the counter went back. */
static bool subtract(uint64_t now, uint64_t before, uint64_t *out)
{
	*out = now - before;
	return now >= before;
}

bool served_since(const struct served *before, const struct served_row *now,
		  struct served_count *out)
{
	static const struct served_row none = { 0 };
	const struct served_row *then =
		served_find(before, now->service, now->endpoint, now->canary);
	struct served_count grown;
	bool ok;

	if (then == NULL)
		then = &none;
	ok = subtract(now->count.requests, then->count.requests,
		      &grown.requests);
	ok &= subtract(now->count.errors, then->count.errors, &grown.errors);
	for (size_t i = 0; i < SERVED_BUCKETS; i++)
		ok &= subtract(now->count.latency[i], then->count.latency[i],
			       &grown.latency[i]);
	/* More failed than there were: no proxy counts so. */
	if (!ok || grown.errors > grown.requests)
		return false;
	*out = grown;
	return true;
}

void served_add(struct served_count *sum, const struct served_count *more)
{
	sum->requests += more->requests;
	sum->errors += more->errors;
	for (size_t i = 0; i < SERVED_BUCKETS; i++)
		sum->latency[i] += more->latency[i];
}
