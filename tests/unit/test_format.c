/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format: the form of a policy's YAML, row by row; and that every policy of the
 * corpus, good or bad, is refused or says the same in it.
 */
#include "policy/review/format.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/review/likeness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>

/* clang-format off */
static const struct form_row {
	const char *title, *before, *after; /* NULL: it is refused */
} forms[] = {
	{ "nothing", "", "" },
	{ "empty lines", "\n\na: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n" },
	{ "no end", "a: 1", "a: 1\n" },
	{ "blanks behind", "a: 1  \n# b \t\n", "a: 1\n# b\n" },
	{ "CR LF", "a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n" },
	{ "maps", "a:\n    b:\n     c: 1\n    d: 2\n", "a:\n  b:\n    c: 1\n  d: 2\n" },
	{ "lists", "a:\n- 1\n- b: 2\n  c: 3\nd:\n      - 4\n", "a:\n  - 1\n  - b: 2\n    c: 3\nd:\n  - 4\n" },
	{ "lists in lists", "- - 1\n  - 2\n-\n    - 3\n", "- - 1\n  - 2\n-\n  - 3\n" },
	{ "an item below its dash", "a:\n-\n   b: 1\n", "a:\n  -\n    b: 1\n" },
	{ "an item over lines", "a:\n- \"b\n   c\"\n", "a:\n  - \"b\n     c\"\n" },
	{ "spaces inside a line", "a:   {b: 1,c: 2}   # d\n", "a:   {b: 1,c: 2}   # d\n" },
	{ "flow over lines", "a:\n    b: [1,\n       2]\n", "a:\n  b: [1,\n     2]\n" },
	{ "a value below", "a:\n      b\n", "a:\n  b\n" },
	{ "quotes over lines", "a:\n   b: \"c\n\n      d \n     e\"  \n", "a:\n  b: \"c\n\n     d \n    e\"\n" },
	{ "literal", "a:\n   b: |\n      c  \n\n       d\n\n\n   e: 1\n", "a:\n  b: |\n     c  \n\n      d\n\n  e: 1\n" },
	{ "literal that keeps its end", "a: |+\n  b\n\n\nc: 1\n", "a: |+\n  b\n\n\nc: 1\n" },
	{ "comment with the next", "a:\n    # b\n    b: 1\n", "a:\n  # b\n  b: 1\n" },
	{ "comment with the last", "a:\n    b: 1\n    # b\nc: 2\n", "a:\n  b: 1\n  # b\nc: 2\n" },
	{ "comment at the end", "a:\n    b: 1\n    # b\n# a\n", "a:\n  b: 1\n  # b\n# a\n" },
	{ "comment further in", "a:\n      # b\n  b: 1\n", "a:\n  # b\n  b: 1\n" },
	{ "comment alone", "   # a\n", "# a\n" },
	{ "not YAML", "a: [1\n", NULL },
	{ "a tab", "a:\n\tb: 1\n", NULL },
	{ "CR", "a: 1\rb: 2\n", NULL },
	{ "Unicode's line end", "a: 1\xe2\x80\xa8" "b: 2\n", NULL },
};
/* clang-format on */

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form_row *row = &forms[i];
		struct error err;
		size_t len;
		char *got = format_text(row->before, strlen(row->before), &len,
					&err);

		if ((got == NULL) != (row->after == NULL) ||
		    (got != NULL && strcmp(got, row->after) != 0))
			fail_msg("%s: got \"%s\"", row->title,
				 got == NULL ? err.text : got);
		free(got);
	}
}

/* Where it would mean something else nothing comes of it, and it is said. */
static void test_likeness(void **state)
{
	struct error err;

	(void)state;
	assert_true(likeness_find("a: {b: 1}", "a:   {b:   1} # c\n", &err));
	assert_false(likeness_find("a: 1", "a: '1'", &err));
	assert_false(likeness_find("a: 1", "b: 1", &err));
	assert_false(likeness_find("a: 1", "a: [1]", &err));
	assert_false(likeness_find("a: 1\nb: 2", "a: 1", &err));
	assert_false(likeness_find("a: 1", "a: 1\nb: 2", &err));
	assert_false(likeness_find("a: 1", "a: [", &err));
	assert_false(likeness_find("a: [", "a: 1", &err));
	assert_false(likeness_find("a: !t b", "a: b", &err));
	assert_false(likeness_find("a: &x b", "a: b", &err));
}

static int check_file(const char *path, const struct stat *st, int type)
{
	size_t len, once_len, twice_len;
	char *text, *once, *twice;
	struct error err;

	(void)st;
	if (type != FTW_F || strcmp(path + strlen(path) - 5, ".yaml") != 0)
		return 0;
	text = file_read(path, 1 << 20, &len, &err);
	assert_non_null(text);
	once = format_text(text, len, &once_len, &err);
	if (once == NULL && strstr(path, "/bad/") == NULL)
		fail_msg("%s: %s", path, err.text);
	if (once != NULL) {
		twice = format_text(once, once_len, &twice_len, &err);
		assert_non_null(twice);
		assert_string_equal(once, twice);
		free(twice);
	}
	free(once);
	free(text);
	return 0;
}

static void test_corpus(void **state)
{
	const char *srcdir = getenv("SRCDIR");
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/data",
		 srcdir == NULL ? "." : srcdir);
	assert_int_equal(ftw(path, check_file, 16), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_likeness),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
