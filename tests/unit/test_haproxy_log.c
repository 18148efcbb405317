/* SPDX-License-Identifier: Apache-2.0 */
/* haproxy_log: what a line says of a request's time, and lines that say
 * nothing; what of it goes into the ledger. */
#include "steering/edge/haproxy_log.h"

#include "steering/edge/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG_NAME \
	"0123456789012345678901234567890123456789012345678901234567890123"

/* clang-format off */
static const struct row {
	const char *title, *line;
	int got;
	uint64_t us;
} rows[] = {
	{ "an answer",                "windrose|www|us|0|12",            1, 12000 },
	{ "with its line end",        "windrose|www|us|0|12\n",          1, 12000 },
	{ "the connection counts",    "windrose|www|us|30|12",           1, 42000 },
	{ "below a millisecond",      "windrose|www|us|0|0",             1, 0 },
	{ "the longest",              "windrose|www|us|99999999|99999999", 1, UINT64_C(199999998000) },
	{ "no connection",            "windrose|www|us|-1|-1",           0, 0 },
	{ "no answer",                "windrose|www|us|3|-1",            0, 0 },
	{ "no server",                "windrose|www|<NOSRV>|-1|-1",      0, 0 },
	{ "something else",           "Proxy www started.\n",            0, 0 },
	{ "nothing",                  "",                                0, 0 },
	{ "too few fields",           "windrose|www|us|0",              -1, 0 },
	{ "too many",                 "windrose|www|us|0|1|2",          -1, 0 },
	{ "no backend",               "windrose||us|0|1",               -1, 0 },
	{ "a name too long",          "windrose|www|" LONG_NAME LONG_NAME "|0|1", -1, 0 },
	{ "a time of letters",        "windrose|www|us|0|soon",         -1, 0 },
	{ "a time with a fraction",   "windrose|www|us|0|0.1",          -1, 0 },
	{ "less than never",          "windrose|www|us|0|-2",           -1, 0 },
	{ "a time too long",          "windrose|www|us|0|123456789",    -1, 0 },
	{ "a time that is empty",     "windrose|www|us||1",             -1, 0 },
};
/* clang-format on */

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct haproxy_logged out = { .us = 0 };
		int got = haproxy_log_parse(row->line, strlen(row->line), &out);

		if (got != row->got || out.us != row->us ||
		    strcmp(out.server, got == 1 ? "us" : "") != 0)
			fail_msg("%s: %d", row->title, got);
	}
	assert_int_equal(haproxy_log_parse("windrose|w\0w|us|0|1", 20,
					   &(struct haproxy_logged){ 0 }),
			 -1);
}

/* A document never has more times than requests. */
static void test_times(void **state)
{
	const struct ledger_key us = { "www", "us", "" },
				eu = { "www", "eu", "" };
	struct served_count growth = { .requests = 5 };
	uint64_t latency[SERVED_BUCKETS] = { [3] = 2, [9] = 1 };
	struct ledger l;

	(void)state;
	ledger_init(&l, "edge", 1);
	ledger_add(&l, &us, &growth);
	assert_int_equal(ledger_time(&l, &eu, latency), 3);
	assert_int_equal(l.served.count, 1);
	assert_int_equal(ledger_time(&l, &us, latency), 0);
	assert_int_equal(l.served.rows[0].count.latency[3], 2);
	assert_int_equal(l.served.rows[0].count.latency[9], 1);
	assert_int_equal(latency[3] + latency[9], 0);
	latency[3] = 2;
	latency[9] = 2;
	assert_int_equal(ledger_time(&l, &us, latency), 2);
	assert_int_equal(l.served.rows[0].count.latency[3], 4);
	assert_int_equal(l.served.rows[0].count.latency[9], 1);
	assert_int_equal(latency[9], 2);
	growth.requests = 1;
	ledger_add(&l, &us, &growth);
	assert_int_equal(ledger_time(&l, &us, latency), 1);
	assert_int_equal(l.served.rows[0].count.latency[9], 2);
	assert_int_equal(l.served.rows[0].count.requests, 6);
	ledger_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests_name("haproxy log", tests, NULL, NULL);
}
