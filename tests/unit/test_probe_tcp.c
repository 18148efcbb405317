/* SPDX-License-Identifier: Apache-2.0 */
/* probe_tcp and exchange: what a tcp check says and hears. */
#include "tests/unit/probe_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct tcp_row {
	const char *title;
	const char *send; /* canned speaks after an empty line */
	const char *say;
	size_t repeat;
	bool stays;
	const char *body;
	const char *outcome;
} tcp_rows[] = {
	{ "connects",              NULL, NULL, 0, true, NULL, "ok" },
	{ "sends, reads nothing",  "PING\r\n\r\n", NULL, 0, true, NULL, "ok" },
	{ "the text comes",        "PING\r\n\r\n", "+PONG\r\n", 0, true,
	  "+PONG", "ok" },
	{ "the text comes, then the end", "PING\r\n\r\n", "+PONG\r\n", 0,
	  false, "+PONG", "ok" },
	{ "another text, and the end", "PING\r\n\r\n", "-ERR\r\n", 0, false,
	  "+PONG", "body" },
	{ "another text, and waits", "PING\r\n\r\n", "-ERR\r\n", 0, true,
	  "+PONG", "timeout" },
	{ "no text and the end",   "PING\r\n\r\n", "", 0, false, "+PONG",
	  "closed" },
	{ "silence",               "PING\r\n\r\n", NULL, 0, true, "+PONG",
	  "timeout" },
	{ "talks without end",     "PING\r\n\r\n", "0123456789abcdef", 5000,
	  true, "+PONG", "body" },
	{ "the text beyond the cap, and silence", "PING\r\n\r\n", "0123456789abcdef", 4096,
	  true, "f+", "body" },
};
/* clang-format on */

static void test_tcp_outcomes(void **state)
{
	struct probe_world *w = *state;
	char text[OUTCOME_TEXT_SIZE];

	w->check.type = CHECK_TCP;
	for (size_t i = 0; i < sizeof(tcp_rows) / sizeof(tcp_rows[0]); i++) {
		const struct tcp_row *row = &tcp_rows[i];
		const struct canned_say say = {
			.octets = row->say,
			.len = row->say == NULL ? 0 : strlen(row->say),
			.repeat = row->repeat,
			.stays = row->stays,
		};
		struct observation seen;

		canned_set(w->canned, &say);
		w->check.send = row->send;
		/* Only silence is waited for so briefly. */
		w->check.timeout_ms = strcmp(row->outcome, "timeout") == 0
					      ? PROBE_WORLD_TIMEOUT_MS
					      : 20 * PROBE_WORLD_TIMEOUT_MS;
		w->check.body = row->body;
		seen = probe_world_run(w);
		if (strcmp(outcome_text(&seen, text), row->outcome) != 0)
			fail_msg("%s: %s", row->title, text);
		assert_true(seen.connect_ms > 0);
		assert_true(seen.tls_ms <= 0);
	}
}

/* The latency is what the asked endpoint needs, not the connect alone. */
static void test_tcp_times(void **state)
{
	struct probe_world *w = *state;
	struct observation seen;

	w->check.type = CHECK_TCP;
	w->check.send = "PING\r\n\r\n";
	w->check.body = "PONG";
	probe_world_say(w, "PONG", 60);
	seen = probe_world_run(w);
	assert_int_equal(seen.outcome, OUTCOME_OK);
	assert_true(seen.first_byte_ms >= 60 &&
		    seen.total_ms >= seen.first_byte_ms);
	assert_true(seen.latency_ms >= 59 &&
		    seen.latency_ms < seen.first_byte_ms);
	assert_string_equal(canned_request(w->canned), "PING\r\n\r\n");
	/* Nothing is expected: it does not wait for what would come. */
	w->check.body = NULL;
	probe_world_say(w, "PONG", 2000);
	seen = probe_world_run(w);
	assert_true(seen.latency_ms < 1900 && seen.first_byte_ms <= 0);
	assert_true(seen.latency_ms >= seen.connect_ms);
}

int main(void)
{
#define WITH_WORLD(test)                                         \
	cmocka_unit_test_setup_teardown(test, probe_world_setup, \
					probe_world_teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_tcp_outcomes),
		WITH_WORLD(test_tcp_times),
	};

	return cmocka_run_group_tests_name("probe_tcp", tests, NULL, NULL);
}
