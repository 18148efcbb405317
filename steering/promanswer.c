/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/promanswer.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Beyond it a double counts no more. */
#define COUNT_MAX 9007199254740992.0

static enum measure_outcome fail(char *detail, enum measure_outcome outcome,
				 const char *why)
{
	size_t len = 0;

	/* Of a stranger's text: one line of visible ASCII. */
	for (; why[len] != '\0' && len + 1 < MEASURE_DETAIL_SIZE; len++)
		detail[len] = why[len] < ' ' || why[len] > '~' ? '?' : why[len];
	detail[len] = '\0';
	return outcome;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static enum measure_outcome read_error(const json_t *json, char *detail)
{
	bool late = strcmp(text_of(json, "errorType"), "timeout") == 0;

	return fail(detail, late ? MEASURE_TIMEOUT : MEASURE_REFUSED,
		    text_of(json, "error"));
}

/* The result of a successful query, borrowed from *json, which is the caller's
 * to end; else why there is none. */
static enum measure_outcome open_result(const struct promanswer *a,
					json_t **json, const json_t **result,
					char *detail)
{
	struct error err = { .text = "" };
	bool error = a->status == 400 || a->status == 422 || a->status == 503;
	char code[32];

	detail[0] = '\0';
	*json = NULL;
	if (a->status != 200 && !error) {
		snprintf(code, sizeof(code), "status %u", a->status);
		return fail(detail, MEASURE_HTTP, code);
	}
	*json = member_load("answer", a->octets, a->len, PROMANSWER_OCTETS_MAX,
			    &err);
	if (*json == NULL)
		return fail(detail, error ? MEASURE_HTTP : MEASURE_MALFORMED,
			    err.text);
	if (strcmp(text_of(*json, "status"), "error") == 0)
		return read_error(*json, detail);
	*result = json_object_get(json_object_get(*json, "data"), "result");
	if (a->status != 200 || !json_is_array(*result) ||
	    strcmp(text_of(*json, "status"), "success") != 0)
		return fail(detail, MEASURE_MALFORMED,
			    "not an answer to a query");
	return MEASURE_OK;
}

static const char *type_of(const json_t *json)
{
	return text_of(json_object_get(json, "data"), "resultType");
}

/* [instant, "value"]. */
static enum measure_outcome read_value(const json_t *pair, double *out,
				       char *detail)
{
	const char *text = json_string_value(json_array_get(pair, 1));
	char *end;
	double value;

	if (json_array_size(pair) != 2 || text == NULL || *text == '\0')
		return fail(detail, MEASURE_MALFORMED, "a sample is no pair");
	value = strtod(text, &end);
	if (*end != '\0')
		return fail(detail, MEASURE_MALFORMED, "a sample is no number");
	if (isnan(value))
		return MEASURE_NAN;
	if (value < 0 || value > COUNT_MAX)
		return fail(detail, MEASURE_RANGE, text);
	*out = value;
	return MEASURE_OK;
}

static enum measure_outcome read_sole(const json_t *json, const json_t *result,
				      double *out, char *detail)
{
	size_t count = json_array_size(result);
	char text[40];

	if (strcmp(type_of(json), "scalar") == 0)
		return read_value(result, out, detail);
	if (strcmp(type_of(json), "vector") != 0)
		return fail(detail, MEASURE_TYPE, type_of(json));
	if (count == 0)
		return MEASURE_EMPTY;
	if (count > 1) {
		snprintf(text, sizeof(text), "%zu series, not one", count);
		return fail(detail, MEASURE_SERIES, text);
	}
	return read_value(json_object_get(json_array_get(result, 0), "value"),
			  out, detail);
}

enum measure_outcome promanswer_count(const struct promanswer *answer,
				      uint64_t *out,
				      char detail[MEASURE_DETAIL_SIZE])
{
	const json_t *result = NULL;
	json_t *json;
	double value = 0;
	enum measure_outcome outcome =
		open_result(answer, &json, &result, detail);

	if (outcome == MEASURE_OK)
		outcome = read_sole(json, result, &value, detail);
	json_decref(json);
	if (outcome == MEASURE_OK)
		*out = (uint64_t)(value + 0.5);
	return outcome;
}

struct bucket {
	double upto_s, count;
};

static enum measure_outcome read_bucket(const json_t *sample,
					struct bucket *out, char *detail)
{
	const char *le = text_of(json_object_get(sample, "metric"), "le");
	char *end;

	out->upto_s = strtod(le, &end);
	if (*le == '\0' || *end != '\0' || isnan(out->upto_s))
		return fail(detail, MEASURE_BUCKETS, "a series has no le");
	return read_value(json_object_get(sample, "value"), &out->count,
			  detail);
}

static int by_bound(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	return (x->upto_s > y->upto_s) - (x->upto_s < y->upto_s);
}

/* Counts of all requests up to a bound become those of a bucket. */
static enum measure_outcome divide(struct bucket *list, size_t count,
				   struct latencies *out, char *detail)
{
	struct latencies l = { .count = count };
	uint64_t below = 0;

	qsort(list, count, sizeof(*list), by_bound);
	for (size_t i = 0; i < count; i++) {
		uint64_t upto = (uint64_t)(list[i].count + 0.5);

		if (i > 0 && list[i].upto_s <= list[i - 1].upto_s)
			return fail(detail, MEASURE_SERIES,
				    "several series have the same le");
		if (upto < below)
			return fail(detail, MEASURE_BUCKETS,
				    "counts fall where le rises");
		l.upto_s[i] = list[i].upto_s;
		l.requests[i] = upto - below;
		below = upto;
	}
	*out = l;
	return MEASURE_OK;
}

static enum measure_outcome read_buckets(const json_t *json,
					 const json_t *result,
					 struct latencies *out, char *detail)
{
	struct bucket list[SLOWNESS_BUCKETS_MAX];
	size_t count = json_array_size(result);
	enum measure_outcome outcome;

	if (strcmp(type_of(json), "vector") != 0)
		return fail(detail, MEASURE_TYPE, type_of(json));
	if (count == 0)
		return MEASURE_EMPTY;
	if (count < 2 || count > SLOWNESS_BUCKETS_MAX)
		return fail(detail, MEASURE_BUCKETS,
			    "a histogram has 2 to 64 buckets");
	for (size_t i = 0; i < count; i++) {
		outcome = read_bucket(json_array_get(result, i), &list[i],
				      detail);
		if (outcome != MEASURE_OK)
			return outcome;
	}
	return divide(list, count, out, detail);
}

enum measure_outcome promanswer_buckets(const struct promanswer *answer,
					struct latencies *out,
					char detail[MEASURE_DETAIL_SIZE])
{
	const json_t *result = NULL;
	json_t *json;
	enum measure_outcome outcome =
		open_result(answer, &json, &result, detail);

	if (outcome == MEASURE_OK)
		outcome = read_buckets(json, result, out, detail);
	json_decref(json);
	return outcome;
}
