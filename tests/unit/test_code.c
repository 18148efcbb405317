/* SPDX-License-Identifier: Apache-2.0 */
/* code: each kind of findings has a number, a name and a page of its own. */
#include "policy/language/code.h"
#include "policy/review/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_sentences(const char *text)
{
	assert_non_null(text);
	assert_true(strlen(text) > 8);
	assert_int_equal(text[strlen(text) - 1], '.');
}

static void test_rows(void **state)
{
	const struct code_row *row, *before = NULL;

	(void)state;
	for (size_t i = 0; (row = code_row_at(i)) != NULL; before = row, i++) {
		assert_true(before == NULL || row->code > before->code);
		assert_true(row->code < 10000);
		assert_int_equal(strspn(row->name,
					"abcdefghijklmnopqrstuvwxyz-"),
				 strlen(row->name));
		assert_int_not_equal(row->line[strlen(row->line) - 1], '.');
		assert_sentences(row->means);
		assert_sentences(row->matters);
		assert_sentences(row->mend);
		assert_true(strlen(row->example) > 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(code_row_at(k)->name,
						row->name);
	}
	assert_non_null(before);
}

static void test_texts(void **state)
{
	static const struct {
		const char *text;
		unsigned code; /* 0: none */
	} rows[] = {
		{ "WR0402", CODE_SET_CIRCLE },
		{ "wr0402", CODE_SET_CIRCLE },
		{ "WR1301", CODE_RESPONDER_REFUSED },
		{ "WR402", 0 },
		{ "WR04020", 0 },
		{ "WR0402 ", 0 },
		{ "WR9999", 0 },
		{ "WR0000", 0 },
		{ "WR+402", 0 },
		{ "0402", 0 },
		{ "WR", 0 },
		{ "", 0 },
	};
	char text[CODE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct code_row *row = code_row_find(rows[i].text);

		if ((row == NULL ? 0 : (unsigned)row->code) != rows[i].code)
			fail_msg("\"%s\"", rows[i].text);
	}
	assert_string_equal(code_text(CODE_SET_CIRCLE, text), "WR0402");
	assert_string_equal(code_text(CODE_RESPONDER_REFUSED, text), "WR1301");
	assert_null(code_row_of(0));
}

/* Every page fits a terminal, but for words and examples. */
static void test_pages(void **state)
{
	const struct code_row *row;

	(void)state;
	for (size_t i = 0; (row = code_row_at(i)) != NULL; i++) {
		char *page = NULL, *line, *rest;
		size_t len;
		FILE *out = open_memstream(&page, &len);

		page_print(row, out);
		fclose(out);
		assert_non_null(strstr(page, "\nExample\n"));
		rest = page;
		while ((line = strsep(&rest, "\n")) != NULL)
			if (strlen(line) > 80)
				fail_msg("%s", line);
		free(page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
