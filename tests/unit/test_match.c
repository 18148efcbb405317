/* SPDX-License-Identifier: Apache-2.0 */
/* match and outcome: a text is found however packets cut it; every outcome has
 * its word. */
#include "health/match.h"
#include "health/outcome.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct match_row {
	const char *title, *text, *body;
	bool found;
} matches[] = {
	{ "the whole body",          "ok",      "ok",             true },
	{ "inside",                  "ok",      "all is ok here", true },
	{ "absent",                  "ok",      "all is well",    false },
	{ "empty body",              "ok",      "",               false },
	{ "empty text",              "",        "",               true },
	{ "a border is gone back to", "aab",    "aaab",           true },
	{ "nested borders",          "abcabd",  "abcabcabd",      true },
	{ "two levels back",         "aabaaa",  "aabaabaaa",      true },
	{ "only its beginning",      "ready!",  "ready",          false },
	{ "case matters",            "OK",      "ok",             false },
};
/* clang-format on */

static bool find_cut(const struct match_row *row, size_t first, size_t second)
{
	struct match m;
	size_t len = strlen(row->body);
	bool found;

	assert_true(match_init(&m, row->text));
	match_feed(&m, row->body, first);
	match_feed(&m, row->body + first, second - first);
	found = match_feed(&m, row->body + second, len - second);
	assert_int_equal(found, m.found);
	match_fini(&m);
	return found;
}

static void test_found_however_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		const struct match_row *row = &matches[i];
		size_t len = strlen(row->body);

		for (size_t a = 0; a <= len; a++)
			for (size_t b = a; b <= len; b++)
				if (find_cut(row, a, b) != row->found)
					fail_msg("%s, cut at %zu and %zu",
						 row->title, a, b);
	}
}

static void test_octets_of_any_value(void **state)
{
	static const char body[] = "\0\xff\0ok";
	struct match m;

	(void)state;
	assert_true(match_init(&m, "\xffo"));
	assert_false(match_feed(&m, body, 5));
	match_fini(&m);
	assert_true(match_init(&m, "ok"));
	assert_true(match_feed(&m, body, 5));
	match_fini(&m);
}

static void test_outcome_words(void **state)
{
	char buf[OUTCOME_TEXT_SIZE], other[OUTCOME_TEXT_SIZE];
	struct observation seen = { .outcome = OUTCOME_STATUS, .status = 503 };

	(void)state;
	assert_string_equal(outcome_text(&seen, buf), "status-503");
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		seen.outcome = (enum outcome)i;
		assert_true(strlen(outcome_text(&seen, buf)) > 0);
		for (int j = 0; j < i; j++) {
			struct observation o = { .outcome = (enum outcome)j };

			assert_string_not_equal(buf, outcome_text(&o, other));
		}
		/* Passed, failed, or says nothing: exactly one. */
		assert_int_equal(outcome_passed(seen.outcome) +
					 outcome_failed(seen.outcome) +
					 (i == OUTCOME_UNKNOWN ||
					  i == OUTCOME_LOCAL),
				 1);
	}
	assert_int_equal(outcome_of_errno(ECONNREFUSED), OUTCOME_REFUSED);
	assert_int_equal(outcome_of_errno(EMFILE), OUTCOME_LOCAL);
	assert_int_equal(outcome_of_errno(ECONNRESET), OUTCOME_CLOSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_however_cut),
		cmocka_unit_test(test_octets_of_any_value),
		cmocka_unit_test(test_outcome_words),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
