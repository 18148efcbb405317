/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/promanswer.h"

#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/bus/member.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Beyond it a double counts no more. */
#define COUNT_MAX 9007199254740992.0

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static enum measure_outcome read_error(const json_t *json, char *detail)
{
	bool late = strcmp(text_of(json, "errorType"), "timeout") == 0;

	return measure_fail(detail, late ? MEASURE_TIMEOUT : MEASURE_REFUSED,
			    text_of(json, "error"));
}

/* What a query came to, from *json, which is the caller's to end; else why
 * there is nothing. */
static enum measure_outcome find_result(const struct promanswer *a,
					json_t **json, const json_t **result,
					char *detail)
{
	struct error err = { .text = "" };
	bool error = a->status == 400 || a->status == 422 || a->status == 503;
	char code[32];

	detail[0] = '\0';
	if (a->status != 200 && !error) {
		snprintf(code, sizeof(code), "status %u", a->status);
		return measure_fail(detail, MEASURE_HTTP, code);
	}
	*json = member_load("answer", a->octets, a->len, PROMANSWER_OCTETS_MAX,
			    &err);
	if (*json == NULL)
		return measure_fail(detail,
				    error ? MEASURE_HTTP : MEASURE_MALFORMED,
				    err.text);
	if (strcmp(text_of(*json, "status"), "error") == 0)
		return read_error(*json, detail);
	*result = json_object_get(json_object_get(*json, "data"), "result");
	if (a->status != 200 || !json_is_array(*result) ||
	    strcmp(text_of(*json, "status"), "success") != 0)
		return measure_fail(detail, MEASURE_MALFORMED,
				    "not an answer to a query");
	return MEASURE_OK;
}

/* The type of the result, which is to be a vector, or a scalar. */
static enum measure_outcome find_type(struct promresult *r, char *detail)
{
	const char *type =
		text_of(json_object_get(r->json, "data"), "resultType");

	r->scalar = strcmp(type, "scalar") == 0;
	if (!r->scalar && strcmp(type, "vector") != 0)
		return measure_fail(detail, MEASURE_TYPE, type);
	r->count = r->scalar ? 1 : json_array_size(r->list);
	return r->count == 0 ? MEASURE_EMPTY : MEASURE_OK;
}

enum measure_outcome promresult_open(struct promresult *out,
				     const struct promanswer *answer,
				     char detail[MEASURE_DETAIL_SIZE])
{
	struct promresult r = { .json = NULL };
	enum measure_outcome outcome =
		find_result(answer, &r.json, &r.list, detail);

	if (outcome == MEASURE_OK)
		outcome = find_type(&r, detail);
	*out = r;
	return outcome;
}

void promresult_close(struct promresult *r)
{
	json_decref(r->json);
	*r = (struct promresult){ .json = NULL };
}

static json_t *labels_of(const struct promresult *r, size_t i)
{
	return r->scalar
		       ? NULL
		       : json_object_get(json_array_get(r->list, i), "metric");
}

static uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_octets(seed, text, strlen(text) + 1);
}

uint64_t promresult_series(const struct promresult *r, size_t i)
{
	json_t *labels = labels_of(r, i);
	uint64_t sum = 0;
	const char *name;
	json_t *value;

	json_object_foreach(labels, name, value)
	{
		const char *text = json_string_value(value);

		sum += hash_mix(hash_text(hash_text(HASH_FNV_OFFSET, name),
					  text == NULL ? "" : text));
	}
	return sum;
}

const char *promresult_label(const struct promresult *r, size_t i,
			     const char *name)
{
	return text_of(labels_of(r, i), name);
}

/* A sample is a pair: [instant, "value"]. */
enum measure_outcome promresult_value(const struct promresult *r, size_t i,
				      double *out,
				      char detail[MEASURE_DETAIL_SIZE])
{
	const json_t *pair =
		r->scalar
			? r->list
			: json_object_get(json_array_get(r->list, i), "value");
	const char *text = json_string_value(json_array_get(pair, 1));
	char *end;
	double value;

	if (json_array_size(pair) != 2 || text == NULL || *text == '\0')
		return measure_fail(detail, MEASURE_MALFORMED,
				    "a sample is no pair");
	value = strtod(text, &end);
	if (*end != '\0')
		return measure_fail(detail, MEASURE_MALFORMED,
				    "a sample is no number");
	if (isnan(value))
		return MEASURE_NAN;
	if (value < 0 || value > COUNT_MAX)
		return measure_fail(detail, MEASURE_RANGE, text);
	*out = value;
	return MEASURE_OK;
}

static enum measure_outcome read_sole(const struct promresult *r, double *out,
				      char *detail)
{
	char text[40];

	if (r->count > 1) {
		snprintf(text, sizeof(text), "%zu series, not one", r->count);
		return measure_fail(detail, MEASURE_SERIES, text);
	}
	return promresult_value(r, 0, out, detail);
}

enum measure_outcome promanswer_count(const struct promanswer *answer,
				      uint64_t *out,
				      char detail[MEASURE_DETAIL_SIZE])
{
	struct promresult r;
	double value = 0;
	enum measure_outcome outcome = promresult_open(&r, answer, detail);

	if (outcome == MEASURE_OK)
		outcome = read_sole(&r, &value, detail);
	promresult_close(&r);
	if (outcome == MEASURE_OK)
		*out = (uint64_t)(value + 0.5);
	return outcome;
}
