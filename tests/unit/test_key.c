/* SPDX-License-Identifier: Apache-2.0 */
/* key: what the keys of windrose top do. */
#include "steering/runbook/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LAST (SIZE_MAX / 2)

/* clang-format off */
static const struct row {
	const char *keys;
	bool goes_on;
	struct key_state after; /* from page 24 and nothing else */
} rows[] = {
	{ "q", false, { .page = 24 } },
	{ "Q", false, { .page = 24 } },
	{ "\004", false, { .page = 24 } },
	{ "xyz", true, { .page = 24 } },
	{ "p", true, { .page = 24, .paused = true } },
	{ "pp", true, { .page = 24 } },
	{ " ", true, { .page = 24, .paused = true } },
	{ "s", true, { .page = 24, .order = BOARD_BY_NAME } },
	{ "ss", true, { .page = 24 } },
	{ "jjk", true, { .page = 24, .scroll = 1 } },
	{ "k", true, { .page = 24 } },
	{ "\033[B\033[B\033[A", true, { .page = 24, .scroll = 1 } },
	{ "\033OB", true, { .page = 24, .scroll = 1 } },
	{ "\033[6~", true, { .page = 24, .scroll = 20 } },
	{ "\033[6~\033[6~\033[5~", true, { .page = 24, .scroll = 20 } },
	{ "G", true, { .page = 24, .scroll = LAST } },
	{ "\033[F", true, { .page = 24, .scroll = LAST } },
	{ "jjg", true, { .page = 24 } },
	{ "\033[1;5Cq", false, { .page = 24 } },
	{ "\033[", true, { .page = 24 } },
	{ "\033[1;", true, { .page = 24 } },
	{ "/us", true, { .page = 24, .typing = true, .filter = "us" } },
	{ "/qp\n", true, { .page = 24, .filter = "qp" } },
	{ "/us\033", true, { .page = 24 } },
	{ "/us\x7f\x7f\x7f" "a", true, { .page = 24, .typing = true, .filter = "a" } },
	{ "/\xc3\xbc\xc3\xbc\b", true, { .page = 24, .typing = true, .filter = "\xc3\xbc" } },
	{ "/us\033[B", true, { .page = 24, .typing = true, .filter = "us", .scroll = 1 } },
	{ "/us\rq", false, { .page = 24, .filter = "us" } },
};
/* clang-format on */

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct key_state s = { .page = 24 };

		if (key_take(&s, r->keys, strlen(r->keys)) != r->goes_on)
			fail_msg("row %zu: goes on: %d", i, !r->goes_on);
		if (s.paused != r->after.paused ||
		    s.typing != r->after.typing ||
		    strcmp(s.filter, r->after.filter) != 0 ||
		    s.order != r->after.order || s.scroll != r->after.scroll)
			fail_msg("row %zu: filter \"%s\", scroll %zu", i,
				 s.filter, s.scroll);
	}
}

static void test_a_long_filter(void **state)
{
	struct key_state s = { .page = 1 };

	(void)state;
	key_take(&s, "/", 1);
	for (int i = 0; i < 1000; i++)
		key_take(&s, "x", 1);
	assert_int_equal(strlen(s.filter), PICTURE_FILTER_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_a_long_filter),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
