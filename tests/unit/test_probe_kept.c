/* SPDX-License-Identifier: Apache-2.0 */
/* probe_http on connections that are kept: which are used again, and what one
 * that fails says of the endpoint. */
#include "tests/unit/probe_world.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <event2/event.h>

#define HEAD "HTTP/1.1 200 OK\r\n"

/* The TCP_USER_TIMEOUT of the one connection to port; 0: there is none. */
static unsigned user_timeout_ms(uint16_t port)
{
	unsigned timeout_ms = 0;

	for (int fd = 3; fd < 100; fd++) {
		struct sockaddr_in at = { .sin_family = AF_UNSPEC };
		socklen_t len = sizeof(at), size = sizeof(timeout_ms);

		if (getpeername(fd, (struct sockaddr *)&at, &len) == 0 &&
		    at.sin_family == AF_INET && ntohs(at.sin_port) == port)
			getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
				   &timeout_ms, &size);
	}
	return timeout_ms;
}

static void test_kept_connection(void **state)
{
	struct probe_world *w = *state;
	struct observation seen;

	w->check.kept = true;
	w->check.body = "ok";
	probe_world_say(w, HEAD "Content-Length: 6\r\n\r\nis ok.", 0);
	for (unsigned i = 0; i < 3; i++) {
		seen = probe_world_run(w);
		assert_int_equal(seen.outcome, OUTCOME_OK);
		assert_true((seen.connect_ms > 0) == (i == 0));
		assert_true(seen.latency_ms > 0);
	}
	assert_int_equal(canned_accepted(w->canned), 1);
	assert_int_equal(user_timeout_ms(w->spec.port), PROBE_WORLD_TIMEOUT_MS);
	/* Another check of the same endpoint wants its own. */
	w->check.kept = false;
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	assert_int_equal(canned_accepted(w->canned), 2);
	/* A body that does not end is no longer enough. */
	w->check.kept = true;
	probe_world_say(w, HEAD "Content-Length: 60\r\n\r\nis ok.", 0);
	canned_hang_up(w->canned);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_TIMEOUT);
	/* What the endpoint closed meanwhile is made anew, and is no failure.
	 */
	probe_world_say(w, HEAD "Content-Length: 6\r\n\r\nis ok.", 0);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	canned_hang_up(w->canned);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	assert_int_equal(canned_accepted(w->canned), 5);
}

/* What a kept connection says when it is asked a second time, and how that
 * ends; a new one says what it said at first. */
static void test_kept_connection_fails(void **state)
{
	static const struct {
		const char *again;
		enum outcome outcome;
	} cases[] = {
		{ "", OUTCOME_OK },
		{ "HTTP/1.1 20", OUTCOME_OK },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		  OUTCOME_OK },
		{ "HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n",
		  OUTCOME_OK },
		{ "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
		  OUTCOME_STATUS },
	};
	struct probe_world *w = *state;
	struct canned_say say = {
		.octets = HEAD "Content-Length: 6\r\n\r\nis ok.",
		.len = strlen(HEAD "Content-Length: 6\r\n\r\nis ok."),
		.stays = true,
	};
	unsigned accepted = 0;

	w->check.kept = true;
	w->check.body = "ok";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say.again = cases[i].again;
		canned_hang_up(w->canned);
		canned_set(w->canned, &say);
		assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
		assert_int_equal(canned_accepted(w->canned), ++accepted);
		assert_int_equal(probe_world_run(w).outcome, cases[i].outcome);
		accepted += cases[i].outcome == OUTCOME_OK;
		assert_int_equal(canned_accepted(w->canned), accepted);
	}
}

/* A new connection that fails is the endpoint's, and is not tried again. */
static void test_new_connection_fails(void **state)
{
	struct probe_world *w = *state;

	w->check.kept = true;
	probe_world_say(w, "HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n", 0);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_STATUS);
	assert_int_equal(canned_accepted(w->canned), 1);
	/* Asked by the same one, then by another, and no further. */
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_STATUS);
	assert_int_equal(canned_accepted(w->canned), 2);
}

int main(void)
{
#define WITH_WORLD(test)                                         \
	cmocka_unit_test_setup_teardown(test, probe_world_setup, \
					probe_world_teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_kept_connection),
		WITH_WORLD(test_kept_connection_fails),
		WITH_WORLD(test_new_connection_fails),
	};

	return cmocka_run_group_tests_name("probe_kept", tests, NULL, NULL);
}
