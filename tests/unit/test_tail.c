/* SPDX-License-Identifier: Apache-2.0 */
/* tail: which lines of a journal are new to who reads it again and again. */
#include "steering/runbook/tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define LINE(sum, wall) \
	"{\"sum\":\"" sum "\",\"event\":{\"wall_ms\":" #wall "}}"

/* clang-format off */
/* One reader, one answer after the other. */
static const struct row {
	const char *title, *lines;
	size_t first;
	const char *sum; /* where the reader is then */
} rows[] = {
	{ "an empty journal", "[]", 0, "" },
	{ "the first lines", "[" LINE("a", 10) "," LINE("b", 20) "]", 0, "b" },
	{ "nothing new", "[" LINE("a", 10) "," LINE("b", 20) "]", 2, "b" },
	{ "one more", "[" LINE("a", 10) "," LINE("b", 20) "," LINE("c", 30) "]", 2, "c" },
	{ "no answer", "null", 0, "c" },
	{ "older ones are not told any more", "[" LINE("c", 30) "," LINE("d", 30) "]", 1, "d" },
	{ "another agent's, with what was before", "[" LINE("x", 29) "," LINE("y", 30) "," LINE("z", 31) "]", 2, "z" },
	{ "another one's, with nothing since", "[" LINE("d", 30) "]", 1, "z" },
	{ "a damaged line is none of before", "[" LINE("z", 31) ",\"x\"," LINE("e", 40) "]", 1, "e" },
};
/* clang-format on */

static void test_a_reader(void **state)
{
	struct tail_mark mark = { "", 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *lines =
			json_loads(rows[i].lines, JSON_DECODE_ANY, NULL);
		size_t first = tail_news(&mark, lines);

		if (first != rows[i].first ||
		    strcmp(mark.sum, rows[i].sum) != 0)
			fail_msg("%s: from %zu, at \"%s\"", rows[i].title,
				 first, mark.sum);
		json_decref(lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reader),
	};

	return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}
