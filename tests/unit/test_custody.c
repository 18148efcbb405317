/* SPDX-License-Identifier: Apache-2.0 */
/* custody: lines as they are written, what follows what, heads as text. */
#include "policy/base/error.h"
#include "steering/custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* As sha256sum(1) has it, so that anybody can check a journal. */
static void test_line(void **state)
{
	static const char first[] = "{\"n\":1,\"prev\":\"" ZEROS
				    "\",\"event\":{\"a\":1},\"sum\":\"";
	json_t *event = json_pack("{s:i}", "a", 1);
	struct custody start = custody_start(), next, walked = start;
	struct custody_line line;
	struct error err;
	size_t len;
	char *text = custody_write(&start, event, &len, &next, &err);

	(void)state;
	assert_non_null(text);
	assert_int_equal(strncmp(text, first, sizeof(first) - 1), 0);
	assert_int_equal(len, sizeof(first) - 1 + 66);
	assert_int_equal(next.n, 1);
	assert_true(custody_parse(text, len, &line, &err));
	assert_int_equal(line.n, 1);
	assert_string_equal(line.prev, ZEROS);
	assert_string_equal(line.hash, next.hash);
	assert_true(custody_follow(&walked, &line, &err));
	assert_string_equal(walked.hash, next.hash);
	for (size_t cut = 0; cut < len; cut++)
		assert_false(custody_parse(text, cut, &line, &err));
	free(text);
	json_decref(event);
}

static const struct follow_row {
	const char *title;
	struct custody before;
	struct custody_line line;
	const char *error; /* NULL: follows */
} follow_rows[] = {
	/* clang-format off */
	{ "the first of all",          { 0, ZEROS }, { 1, ZEROS, B }, NULL },
	{ "the first of a later file", { 0, ZEROS }, { 7, A, B },     NULL },
	{ "the first after something", { 0, ZEROS }, { 1, A, B },     "is no beginning" },
	{ "number 0",                  { 0, ZEROS }, { 0, ZEROS, B }, "is no beginning" },
	{ "the next",                  { 6, A },     { 7, A, B },     NULL },
	{ "one too far",               { 6, A },     { 8, A, B },     "lines are missing" },
	{ "the same again",            { 6, A },     { 6, A, B },     "has number 6 and follows number 6" },
	{ "after another",             { 6, A },     { 7, B, A },     "was not written after" },
	/* clang-format on */
};

static void test_follow(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(follow_rows) / sizeof(follow_rows[0]);
	     i++) {
		const struct follow_row *row = &follow_rows[i];
		struct custody custody = row->before;
		struct error err = { .text = "" };
		bool ok = custody_follow(&custody, &row->line, &err);

		if (ok != (row->error == NULL) ||
		    (!ok && strstr(err.text, row->error) == NULL))
			fail_msg("%s: %s", row->title, err.text);
		assert_int_equal(custody.n, ok ? row->line.n : row->before.n);
	}
}

static const struct head_row {
	const char *text;
	uint64_t n; /* 0: it is none */
} head_rows[] = {
	{ "00000000000000000012 " A "\n", 12 },
	{ "12:" A, 12 },
	{ "12 " A, 12 },
	{ "999999999999999999 " A, 999999999999999999 },
	{ "9999999999999999999 " A, 0 },
	{ "12 " A "b", 0 },
	{ "12 " A "\n\n", 0 },
	{ "12" A, 0 },
	{ "12 aa", 0 },
	{ "-1 " A, 0 },
	{ " " A, 0 },
	{ "", 0 },
};

static void test_head(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(head_rows) / sizeof(head_rows[0]); i++) {
		const struct head_row *row = &head_rows[i];
		struct custody head = { .n = 0 };
		bool ok =
			custody_parse_head(row->text, strlen(row->text), &head);

		if (ok != (row->n != 0) || head.n != row->n)
			fail_msg("\"%s\"", row->text);
	}
}

static void test_too_long(void **state)
{
	char *what = calloc(1, CUSTODY_LINE_MAX + 1);
	struct custody start = custody_start(), next;
	struct error err;
	json_t *event;
	size_t len;

	(void)state;
	memset(what, 'x', CUSTODY_LINE_MAX);
	event = json_pack("{s:s}", "what", what);
	assert_null(custody_write(&start, event, &len, &next, &err));
	assert_non_null(strstr(err.text, "too long"));
	json_decref(event);
	free(what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
