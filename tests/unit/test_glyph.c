/* SPDX-License-Identifier: Apache-2.0 */
/* glyph: text cut to columns, with nothing that a terminal obeys. */
#include "steering/runbook/glyph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct row {
	const char *title, *text;
	size_t columns;
	bool utf8;
	const char *out;
	size_t taken;
} rows[] = {
	{ "fits", "www", 5, true, "www", 3 },
	{ "just fits", "www", 3, true, "www", 3 },
	{ "is cut", "wwww", 3, true, "ww~", 3 },
	{ "one column", "ww", 1, true, "~", 1 },
	{ "no column", "ww", 0, true, "", 0 },
	{ "nothing", "", 3, true, "", 0 },
	{ "umlauts", "M\xc3\xbcnchen", 7, true, "M\xc3\xbcnchen", 7 },
	{ "without UTF-8", "M\xc3\xbcnchen", 7, false, "M?nchen", 7 },
	{ "wide", "\xe6\x9d\xb1\xe4\xba\xac", 4, true, "\xe6\x9d\xb1\xe4\xba\xac", 4 },
	{ "wide, cut in half", "\xe6\x9d\xb1\xe4\xba\xac", 3, true, "\xe6\x9d\xb1~", 3 },
	{ "wide has no room for a half", "\xe6\x9d\xb1\xe4\xba\xac", 2, true, "~", 1 },
	{ "combining", "e\xcc\x81t\xc3\xa9", 3, true, "e\xcc\x81t\xc3\xa9", 3 },
	{ "emoji", "\xf0\x9f\x94\xa5x", 3, true, "\xf0\x9f\x94\xa5x", 3 },
	{ "an escape sequence", "a\033[31mb", 20, true, "a?[31mb", 7 },
	{ "a tab, a delete, a C1", "\t\x7f\xc2\x9b", 20, true, "???", 3 },
	{ "no UTF-8", "a\xff\xc3" "b", 20, true, "a??b", 4 },
	{ "overlong", "\xc0\xaf\xe0\x80\xaf", 20, true, "?????", 5 },
	{ "a surrogate", "\xed\xa0\x80", 20, true, "???", 3 },
	{ "cut short", "\xf0\x9f\x94", 20, true, "???", 3 },
};
/* clang-format on */

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		char out[100];
		size_t taken = glyph_copy(r->text, r->columns, r->utf8, out,
					  sizeof(out));

		if (strcmp(out, r->out) != 0 || taken != r->taken)
			fail_msg("%s: \"%s\", %zu", r->title, out, taken);
	}
}

/* Whatever room there is, whole characters are put into it. */
static void test_little_room(void **state)
{
	(void)state;
	for (size_t size = 1; size < 12; size++) {
		char *out = malloc(size);
		size_t len;

		glyph_copy("\xe6\x9d\xb1\xe4\xba\xac\xc3\xbc", 9, true, out,
			   size);
		len = strlen(out);
		assert_true(len < size);
		assert_true(len == 0 || len == 3 || len == 6 || len == 8);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_little_room),
	};

	return cmocka_run_group_tests_name("glyph", tests, NULL, NULL);
}
