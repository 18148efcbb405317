/* SPDX-License-Identifier: Apache-2.0 */
/* report: parts of entries, and that all of it comes back. */
#include "policy/bus/report.h"

#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct row {
	const char *text;
	const char *error; /* a part of it; NULL: it is read */
} rows[] = {
	{ "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"parts\":[]}]}", NULL },
	{ "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"parts\":[{\"check\":\"a\"},{\"check\":\"b\",\"state\":\"open\",\"more\":[1]}]}]}", NULL },
	{ "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"parts\":{}}]}", "parts must be an array" },
	{ "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"parts\":[7]}]}", "report part 1: must be an object" },
	{ "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"parts\":[{\"check\":\"a\"},{\"state\":\"open\"}]}]}", "report part 2: check is missing" },
	{ "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"parts\":[{\"check\":\"a\",\"state\":\"dead\"}]}]}", "state \"dead\" is not known" },
	{ "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"parts\":[{\"check\":\"a\",\"address\":\"2001:db8::1\"}]}]}", NULL },
	{ "{\"vantage\":\"eu\",\"entries\":[{\"service\":\"w\",\"endpoint\":\"e\",\"parts\":[{\"check\":\"a\",\"address\":\"192.0.2\"}]}]}", "address is not one" },
};
/* clang-format on */

static void test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { .text = "nothing" };
		struct report *report =
			report_parse(rows[i].text, strlen(rows[i].text), &err);

		if ((report != NULL) != (rows[i].error == NULL) ||
		    (report == NULL && strstr(err.text, rows[i].error) == NULL))
			fail_msg("%s: %s", rows[i].text, err.text);
		report_free(report);
	}
}

static void test_report_comes_back(void **state)
{
	struct report_entry entries[] = {
		{ .service = "www",
		  .endpoint = "us",
		  .state = REPORT_OPEN,
		  .wall_since_ms = 5,
		  .wall_probed_ms = 6,
		  .failing = true,
		  .failure = "status-503",
		  .samples = 20,
		  .failures = 20,
		  .part_count = 1 },
		{ .service = "www",
		  .endpoint = "eu",
		  .state = REPORT_HALF_OPEN,
		  .damped = true,
		  .forced = true,
		  .latency_ms = 12.3f,
		  .ewma_ms = 0.1f,
		  .p50_ms = 11,
		  .p95_ms = 99.75f,
		  .resolve_ms = 0.5f,
		  .connect_ms = 12.346f,
		  .tls_ms = 24.5f,
		  .first_byte_ms = 36,
		  .certificate_left_s = -5,
		  .part_first = 1,
		  .part_count = 2 },
		{ .service = "api", .endpoint = "eu" },
	};
	struct report_part parts[] = {
		{ .check = "web",
		  .state = REPORT_OPEN,
		  .failure = "timeout",
		  .failing = true },
		{ .check = "web", .state = REPORT_CLOSED },
		{ .check = "web", .addr = { NET_V4, { 192, 0, 2 } } },
	};
	struct report report = {
		.vantage = "eu",
		.policy_digest = "d",
		.sequence = 1700000000000,
		.wall_made_ms = 1700000000001,
		.abstains = true,
		.mistrusts = true,
		.stretch = 1.7f,
		.entries = entries,
		.count = 3,
		.parts = parts,
		.part_count = 3,
	};
	const struct report_entry *e;
	struct report *back;
	struct error err;
	size_t len;
	char *text = report_write(&report, &len);

	(void)state;
	assert_non_null(text);
	back = report_parse(text, len, &err);
	assert_non_null(back);
	assert_string_equal(back->vantage, "eu");
	assert_true(back->abstains && back->mistrusts && back->sorted);
	assert_true(back->stretch == 1.7f);
	assert_int_equal(back->sequence, 1700000000000);
	assert_string_equal(back->entries[0].service, "api");
	e = report_find(back, "www", "eu");
	assert_non_null(e);
	assert_true(e->latency_ms == 12.3f && e->ewma_ms == 0.1f &&
		    e->p95_ms == 99.75f && e->damped && e->forced);
	/* What is for people alone is rounded. */
	assert_true(e->resolve_ms == 0.5f && e->connect_ms == 12.35f &&
		    e->tls_ms == 24.5f && e->first_byte_ms == 36);
	assert_int_equal(e->certificate_left_s, -5);
	assert_int_equal(e->part_count, 2);
	assert_memory_equal(&back->parts[e->part_first], &parts[1],
			    2 * sizeof(parts[0]));
	e = report_find(back, "www", "us");
	assert_memory_equal(e, &entries[0], sizeof(*e));
	assert_null(report_find(back, "www", "ap"));
	assert_null(report_find(back, "zzz", "eu"));
	assert_ptr_equal(report_find(&report, "www", "eu"), &entries[1]);
	assert_null(report_find(&report, "api", "us"));
	report_free(back);
	free(text);
}

static void test_sequences_go_up(void **state)
{
	(void)state;
	assert_int_equal(report_follow(0, 1700000000000), 1700000000000);
	assert_int_equal(report_follow(1700000000000, 1700000001000),
			 1700000001000);
	/* Two at once, and a clock that was set back. */
	assert_int_equal(report_follow(1700000000000, 1700000000000),
			 1700000000001);
	assert_int_equal(report_follow(1700000000000, 1600000000000),
			 1700000000001);
	assert_int_equal(report_follow(0, -1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences_go_up),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_report_comes_back),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
