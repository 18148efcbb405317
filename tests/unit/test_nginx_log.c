/* SPDX-License-Identifier: Apache-2.0 */
/* nginx_log: what a line says of a request, and lines that say nothing. */
#include "steering/edge/nginx_log.h"

#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "<190>Nov  9 20:31:06 windrose: "

/* clang-format off */
static const struct row {
	const char *title, *line;
	int got;
	size_t part;
	uint64_t errors;
	uint64_t us; /* of its bucket; 0: no time */
} rows[] = {
	{ "an answer",                HEAD "www|us|200|0.012",               1, 0, 0, 12000 },
	{ "of a canary",              HEAD "www|v2.us|304|12.345",           1, 2, 0, 12345000 },
	{ "a failure",                HEAD "www|us|503|0.000",               1, 0, 1, 0 },
	{ "no connection at all",     HEAD "www|eu|502|-",                   1, 1, 1, 0 },
	{ "another upstream answered",HEAD "www|eu|502, 200|0.001, 0.020",   1, 1, 0, 20000 },
	{ "after an internal redirect",HEAD "www|eu|200 : 500|0.001 : 0.002", 1, 1, 1, 2000 },
	{ "nobody was asked",         HEAD "www|eu|-|-",                     0, 0, 0, 0 },
	{ "the client left",          HEAD "www|eu|499|0.100",               0, 0, 0, 0 },
	{ "not served here",          HEAD "www|ap|200|0.1",                -1, 0, 0, 0 },
	{ "no service of ours",       HEAD "api|us|200|0.100",              -1, 0, 0, 0 },
	{ "too few fields",           HEAD "www|us|200",                    -1, 0, 0, 0 },
	{ "too many",                 HEAD "www|us|200|0.100|x",            -1, 0, 0, 0 },
	{ "a status of letters",      HEAD "www|us|abc|0.100",              -1, 0, 0, 0 },
	{ "a status too long",        HEAD "www|us|2000|0.100",             -1, 0, 0, 0 },
	{ "a time of letters",        HEAD "www|us|200|soon",               -1, 0, 0, 0 },
	{ "a time too fine",          HEAD "www|us|200|0.1234",             -1, 0, 0, 0 },
	{ "a time too long",          HEAD "www|us|200|1000000.000",        -1, 0, 0, 0 },
	{ "somebody else's line",     "<190>Nov  9 20:31:06 nginx: GET /",  -1, 0, 0, 0 },
	{ "with the host's name",     "<190>Nov  9 20:31:06 host windrose: www|us|200|0.1", -1, 0, 0, 0 },
	{ "no head",                  "www|us|200|0.100",                   -1, 0, 0, 0 },
	{ "nothing",                  "",                                   -1, 0, 0, 0 },
};
/* clang-format on */

static void check_time(const struct row *row, const struct served_count *count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < SERVED_BUCKETS; i++)
		sum += count->latency[i];
	if (row->us > 0 && count->latency[served_bucket(row->us)] != 1)
		fail_msg("%s: another time", row->title);
	assert_true(sum <= 1);
}

static void test_lines(void **state)
{
	struct serving *s = malloc(sizeof(*s));
	struct error err;

	(void)state;
	assert_non_null(s);
	assert_true(serving_parse("www=us,eu,v2/us", s, &err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct nginx_logged out = { 0 };

		if (nginx_log_parse(row->line, strlen(row->line), s, 1, &out) !=
			    row->got ||
		    out.part != row->part || out.count.errors != row->errors ||
		    out.count.requests != (row->got == 1))
			fail_msg("%s", row->title);
		check_time(row, &out.count);
	}
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests_name("nginx log", tests, NULL, NULL);
}
