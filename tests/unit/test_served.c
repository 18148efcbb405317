/* SPDX-License-Identifier: Apache-2.0 */
/* served: what is read and refused, its differences, the scale of latency. */
#include "policy/base/error.h"
#include "policy/bus/served.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROW(more)                                                              \
	"{\"node\":\"e\",\"rows\":[{\"service\":\"w\",\"endpoint\":\"a\"" more \
	"}]}"

/* clang-format off */
static const struct row {
	const char *text;
	const char *error; /* a part of it; NULL: it is read */
} rows[] = {
	{ "{\"node\":\"e\"}", NULL },
	{ "{\"node\":\"e\",\"new\":{\"a\":[1]}}", NULL },
	{ "{\"node\":\"e\",\"needs\":3}", "served: needs version 3" },
	{ "{}", "served: node is missing" },
	{ "[]", "must be a JSON object" },
	{ "{\"node\":\"e\",\"sequence\":-1}", "sequence is -1" },
	{ "{\"node\":\"e\",\"wall_made_ms\":\"1\"}", "wall_made_ms must be" },
	{ "{\"node\":\"e\",\"wall_start_ms\":9007199254740992}", "wall_start_ms is" },
	{ "{\"node\":\"e\",\"rows\":{}}", "rows must be an array" },
	{ "{\"node\":\"e\",\"rows\":[{\"service\":\"w\"}]}", "served row 1: endpoint is missing" },
	{ ROW(""), NULL },
	{ ROW(",\"canary\":\"c\",\"requests\":2,\"errors\":2"), NULL },
	{ ROW(",\"requests\":2,\"errors\":3"), "errors is 3, outside 0..2" },
	{ ROW(",\"errors\":1"), "errors is 1, outside 0..0" },
	{ ROW(",\"requests\":1.5"), "requests must be a whole number" },
	{ ROW(",\"requests\":9007199254740991"), NULL },
	{ ROW(",\"requests\":9007199254740992"), "requests is" },
	{ ROW(",\"requests\":3,\"latency\":[0,1,63,2]"), NULL },
	{ ROW(",\"requests\":3,\"latency\":[0,1,63,3]"), "its part of the requests" },
	{ ROW(",\"requests\":3,\"latency\":[64,1]"), "a bucket below 64" },
	{ ROW(",\"requests\":3,\"latency\":[-1,1]"), "a bucket below 64" },
	{ ROW(",\"requests\":3,\"latency\":[1,-1]"), "its part" },
	{ ROW(",\"requests\":3,\"latency\":[1]"), "latency must hold pairs" },
	{ ROW(",\"requests\":3,\"latency\":[1,\"2\"]"), "latency must hold pairs" },
	{ ROW(",\"requests\":3,\"latency\":[1,1,1,1]"), "latency has bucket 1 twice" },
	{ ROW("},{\"service\":\"w\",\"endpoint\":\"a\",\"canary\":\"c\""), NULL },
	{ ROW("},{\"service\":\"w\",\"endpoint\":\"a\""), "w/a is there twice" },
};
/* clang-format on */

static struct served *read_text(const char *text)
{
	struct error err = { .text = "" };
	struct served *served = served_parse(text, strlen(text), &err);

	if (served == NULL)
		fail_msg("%s: %s", text, err.text);
	return served;
}

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { .text = "" };
		struct served *served =
			served_parse(rows[i].text, strlen(rows[i].text), &err);
		bool ok = served != NULL;

		served_free(served);
		if (ok != (rows[i].error == NULL) ||
		    (!ok && strstr(err.text, rows[i].error) == NULL))
			fail_msg("%s: %s", rows[i].text,
				 ok ? "was read" : err.text);
	}
}

static void test_too_many_rows(void **state)
{
	static const char row[] = "{\"service\":\"w\",\"endpoint\":\"a\"},";
	size_t size = (SERVED_ROWS_MAX + 2) * sizeof(row);
	char *text = calloc(1, size), *at = text;
	struct error err = { .text = "" };

	(void)state;
	assert_non_null(text);
	at = stpcpy(at, "{\"node\":\"e\",\"rows\":[");
	for (size_t i = 0; i < SERVED_ROWS_MAX + 1; i++)
		at = stpcpy(at, row);
	strcpy(at - 1, "]}");
	assert_null(served_parse(text, strlen(text), &err));
	assert_non_null(strstr(err.text, "rows has more than 4096"));
	free(text);
}

static void test_comes_back(void **state)
{
	static const char text[] =
		"{\"node\":\"e\",\"sequence\":7,\"wall_made_ms\":8,"
		"\"wall_start_ms\":9,\"rows\":[{\"service\":\"w\","
		"\"endpoint\":\"a\",\"requests\":5,\"errors\":1,"
		"\"latency\":[3,4]},{\"service\":\"w\",\"endpoint\":\"a\","
		"\"canary\":\"c\"}]}";
	struct served *served = read_text(text);
	size_t len;
	char *back = served_write(served, &len);

	(void)state;
	assert_string_equal(back, text);
	assert_int_equal(len, strlen(text));
	assert_string_equal(served_find(served, "w", "a", "c")->canary, "c");
	assert_int_equal(served_find(served, "w", "a", "")->count.latency[3],
			 4);
	assert_null(served_find(served, "w", "b", ""));
	served->sorted = false;
	assert_int_equal(served_find(served, "w", "a", "")->count.requests, 5);
	assert_null(served_find(served, "v", "a", ""));
	free(back);
	served_free(served);
}

#define AT(name, nth, start)                                          \
	{                                                             \
		.node = name, .sequence = nth, .wall_start_ms = start \
	}

static void test_follows(void **state)
{
	const struct served first = AT("e", 5, 1), next = AT("e", 9, 1),
			    other = AT("f", 9, 1), again = AT("e", 9, 2);

	(void)state;
	assert_true(served_follows(&next, &first));
	assert_false(served_follows(&first, &next));
	assert_false(served_follows(&first, &first));
	assert_false(served_follows(&other, &first));
	assert_false(served_follows(&again, &first));
}

/* clang-format off */
static const struct since_row {
	const char *title, *before, *now;
	bool told;
	uint64_t requests, errors, slow; /* slow: bucket 63 */
} sinces[] = {
	{ "growth", ROW(",\"requests\":10,\"errors\":1,\"latency\":[63,1]"), ROW(",\"requests\":15,\"errors\":3,\"latency\":[63,4]"), true, 5, 2, 3 },
	{ "nothing new", ROW(",\"requests\":10,\"errors\":1"), ROW(",\"requests\":10,\"errors\":1"), true, 0, 0, 0 },
	{ "not there before", "{\"node\":\"e\"}", ROW(",\"requests\":10,\"errors\":1"), true, 10, 1, 0 },
	{ "a canary's row is another", ROW(",\"canary\":\"c\",\"requests\":9"), ROW(",\"requests\":10"), true, 10, 0, 0 },
	{ "requests went back", ROW(",\"requests\":10"), ROW(",\"requests\":9"), false, 0, 0, 0 },
	{ "errors went back", ROW(",\"requests\":10,\"errors\":3"), ROW(",\"requests\":19,\"errors\":2"), false, 0, 0, 0 },
	{ "latency went back", ROW(",\"requests\":10,\"latency\":[63,4]"), ROW(",\"requests\":19,\"latency\":[63,3]"), false, 0, 0, 0 },
	{ "more new errors than requests", ROW(",\"requests\":10,\"errors\":3"), ROW(",\"requests\":11,\"errors\":5"), false, 0, 0, 0 },
};
/* clang-format on */

static void test_since(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sinces) / sizeof(sinces[0]); i++) {
		const struct since_row *row = &sinces[i];
		struct served *before = read_text(row->before);
		struct served *now = read_text(row->now);
		struct served_count grown = { .requests = 77 };

		if (served_since(before, &now->rows[0], &grown) != row->told)
			fail_msg("%s: told %d", row->title, !row->told);
		if (grown.requests != (row->told ? row->requests : 77) ||
		    grown.errors != row->errors ||
		    grown.latency[63] != row->slow)
			fail_msg("%s: %ju, %ju", row->title,
				 (uintmax_t)grown.requests,
				 (uintmax_t)grown.errors);
		served_free(before);
		served_free(now);
	}
}

static void test_add(void **state)
{
	struct served_count sum = { .requests = 1, .latency[2] = 1 };
	const struct served_count more = { 4, 2, { [2] = 3, [5] = 1 } };

	(void)state;
	served_add(&sum, &more);
	assert_int_equal(sum.requests, 5);
	assert_int_equal(sum.errors, 2);
	assert_int_equal(sum.latency[2], 4);
	assert_int_equal(sum.latency[5], 1);
}

static void test_scale(void **state)
{
	size_t last = 0;

	(void)state;
	assert_int_equal(served_bucket(0), 0);
	assert_int_equal(served_bucket(255), 0);
	assert_int_equal(served_bucket(256), 1);
	assert_int_equal(served_bucket(319), 1);
	assert_int_equal(served_bucket(320), 2);
	assert_int_equal(served_bucket(512), 5);
	assert_int_equal(served_bucket(12582911), 62);
	assert_int_equal(served_bucket(12582912), 63);
	assert_int_equal(served_bucket(UINT64_MAX), 63);
	/* The middle of a bucket is an eighth off at most. */
	for (uint64_t us = 256; us < 12582912; us += us / 16) {
		size_t bucket = served_bucket(us);
		double ms = (double)us / 1000;

		assert_true(bucket >= last && bucket < SERVED_BUCKETS);
		assert_true(fabs(served_bucket_ms(bucket) - ms) <= ms / 8);
		last = bucket;
	}
	assert_true(served_bucket_ms(0) > 0.127 && served_bucket_ms(0) < 0.129);
	assert_true(fabs(served_bucket_ms(63) - 12582.912) < 0.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_too_many_rows),
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_follows),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_scale),
	};

	return cmocka_run_group_tests_name("served", tests, NULL, NULL);
}
