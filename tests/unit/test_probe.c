/* SPDX-License-Identifier: Apache-2.0 */
/* probe: http and tcp probes against servers on loopback that behave well and
 * badly in every way we name. */
#include "health/probe_http.h"
#include "health/probe_tcp.h"
#include "tests/unit/probe_world.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#define HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

/* clang-format off */
static const struct row {
	const char *title;
	const char *say;
	size_t repeat;
	bool stays;
	int delay_ms;
	const char *body; /* expected text, NULL: any */
	const char *outcome;
} rows[] = {
	{ "200",              HEAD "Content-Length: 2\r\n\r\nok", 0, true, 0,
	  NULL, "ok" },
	{ "204",              "HTTP/1.1 204 No Content\r\n\r\n", 0, true, 0,
	  NULL, "ok" },
	{ "ends by closing",  HEAD "\r\nall is ok", 0, false, 0, "is ok", "ok" },
	{ "HTTP/1.0",         "HTTP/1.0 200 OK\r\n\r\nok", 0, false, 0, "ok",
	  "ok" },
	{ "chunks",           CHUNKED "2\r\nre\r\n3\r\nady\r\n0\r\n\r\n", 0,
	  true, 0, "ready", "ok" },
	{ "100 before 200",   "HTTP/1.1 100 Continue\r\n\r\n"
	  HEAD "Content-Length: 2\r\n\r\nok", 0, true, 0, "ok", "ok" },
	{ "503",              "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nok",
	  0, true, 0, "ok", "status-503" },
	{ "503 that hangs in its body",
	  "HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\nok", 0, true, 0, NULL,
	  "status-503" },
	{ "a redirect is not followed",
	  "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
	  "Content-Length: 0\r\n\r\n", 0, true, 0, NULL, "status-302" },
	{ "body without it",  HEAD "Content-Length: 4\r\n\r\ndown", 0, true, 0,
	  "ok", "body" },
	{ "no body at all",   HEAD "Content-Length: 0\r\n\r\n", 0, true, 0,
	  "ok", "body" },
	{ "answers late, in time", HEAD "Content-Length: 2\r\n\r\nok", 0, true,
	  100, "ok", "ok" },
	{ "answers too late", HEAD "Content-Length: 2\r\n\r\nok", 0, true, 2000,
	  "ok", "timeout" },
	{ "never answers",    NULL, 0, true, 0, NULL, "timeout" },
	{ "hangs in the head", "HTTP/1.1 200 OK\r\nContent-", 0, true, 0, NULL,
	  "timeout" },
	{ "hangs in the body", HEAD "Content-Length: 20\r\n\r\nfirst half", 0,
	  true, 0, NULL, "timeout" },
	{ "the text came before it hangs",
	  HEAD "Content-Length: 20\r\n\r\nall is ok", 0, true, 0, "ok", "ok" },
	{ "closes at once",   "", 0, false, 0, NULL, "closed" },
	{ "closes in the head", "HTTP/1.1 200 OK\r\nConte", 0, false, 0, NULL,
	  "closed" },
	{ "closes in the body", HEAD "Content-Length: 20\r\n\r\nhalf", 0, false,
	  0, NULL, "closed" },
	{ "closes in a chunk", CHUNKED "20\r\nhalf", 0, false, 0, NULL,
	  "closed" },
	{ "not HTTP",         "220 mail.example.test ESMTP\r\n\r\n", 0, false, 0,
	  NULL, "protocol" },
	{ "chunks of garbage", CHUNKED "zz\r\nnonsense\r\n", 0, true, 0, NULL,
	  "protocol" },
	{ "a head without end", "HTTP/1.1 200 OK\r\nA: bbbbbbbbbbbbbbbbbbbb\r\n",
	  1, true, 0, NULL, "timeout" },
	{ "endless header fields", "HTTP/1.1 200 OK\r\nA: bbbbbbbbbbbbbbbb\r\n",
	  20000, true, 0, NULL, "protocol" },
	{ "a line without end", "HTTP/1.1 200 bbbbbbbbbbbbbbbb", 20000, true,
	  0, NULL, "protocol" },
};
/* clang-format on */

static void test_http_outcomes(void **state)
{
	struct probe_world *w = *state;
	char text[OUTCOME_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const struct canned_say say = {
			.octets = row->say,
			.len = row->say == NULL ? 0 : strlen(row->say),
			.repeat = row->repeat,
			.stays = row->stays,
			.delay_ms = row->delay_ms,
		};
		struct observation seen;

		canned_set(w->canned, &say);
		w->check.body = row->body;
		seen = probe_world_run(w);
		if (strcmp(outcome_text(&seen, text), row->outcome) != 0)
			fail_msg("%s: %s", row->title, text);
	}
}

static void test_body_beyond_the_cap_is_not_read(void **state)
{
	struct probe_world *w = *state;
	static char page[PROBE_BODY_MAX + 200];
	struct canned_say say = { .octets = page, .stays = true };
	int head = snprintf(page, sizeof(page),
			    HEAD "Content-Length: 99999999\r\n\r\n");

	memset(page + head, 'x', sizeof(page) - (size_t)head);
	/* The text's last octet is the cap's last: found. */
	memcpy(page + head + PROBE_BODY_MAX - 2, "ok", 2);
	say.len = sizeof(page);
	w->check.body = "ok";
	canned_set(w->canned, &say);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	/* One further: not, and the rest is not waited for. */
	memcpy(page + head + PROBE_BODY_MAX - 2, "xok", 3);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_BODY);
	/* Any body: what was read is enough. */
	w->check.body = NULL;
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
}

/* What the endpoint is asked, and that no proxy is. */
static void test_request(void **state)
{
	struct probe_world *w = *state;
	char host[64];

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	probe_world_say(w, HEAD "Content-Length: 0\r\n\r\n", 0);
	w->check.path = "/a/../b?c=d";
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	snprintf(host, sizeof(host), "\r\nHost: www.example.test:%u\r\n",
		 w->spec.port);
	assert_non_null(strstr(canned_request(w->canned), host));
	assert_ptr_equal(strstr(canned_request(w->canned),
				"GET /a/../b?c=d HTTP/1.1\r\n"),
			 canned_request(w->canned));
	assert_non_null(strstr(canned_request(w->canned),
			       "\r\nUser-Agent: windrose-health/"));
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

static struct policy_field fields[] = { { "X-Probe", "a: b" },
					{ "Accept", "text/plain" } };

static void test_fields(void **state)
{
	struct probe_world *w = *state;
	const char *request = canned_request(w->canned);

	probe_world_say(w, HEAD "Content-Length: 0\r\n\r\n", 0);
	w->check.headers = fields;
	w->check.header_count = 2;
	w->check.user_agent = "our probe";
	w->check.identity = "X-Vantage";
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	assert_non_null(strstr(request, "\r\nX-Probe: a: b\r\n"));
	assert_non_null(strstr(request, "\r\nAccept: text/plain\r\n"));
	assert_null(strstr(request, "*/*"));
	assert_non_null(strstr(request, "\r\nUser-Agent: our probe\r\n"));
	assert_non_null(strstr(request, "\r\nX-Vantage: here\r\n"));
}

static void test_statuses(void **state)
{
	struct probe_world *w = *state;
	struct status_range ranges[] = { { 200, 204 }, { 304, 304 } };

	w->check.statuses = ranges;
	w->check.status_count = 2;
	probe_world_say(w, "HTTP/1.1 304 Not Modified\r\n\r\n", 0);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	probe_world_say(w, HEAD "Content-Length: 0\r\n\r\n", 0);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	probe_world_say(w, "HTTP/1.1 303 See\r\nContent-Length: 0\r\n\r\n", 0);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_STATUS);
	w->check.status_count = 1;
	probe_world_say(w, "HTTP/1.1 304 Not Modified\r\n\r\n", 0);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_STATUS);
}

static void test_each_probe_connects_anew(void **state)
{
	struct probe_world *w = *state;

	probe_world_say(w, HEAD "Content-Length: 0\r\n\r\n", 0);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
		assert_int_equal(canned_accepted(w->canned), i);
	}
}

static void test_times_rise(void **state)
{
	struct probe_world *w = *state;
	struct observation seen;

	probe_world_say(w, HEAD "Content-Length: 0\r\n\r\n", 60);
	seen = probe_world_run(w);
	assert_true(seen.connect_ms > 0);
	assert_true(seen.first_byte_ms >= 60);
	assert_true(seen.total_ms >= seen.first_byte_ms);
	assert_true(seen.latency_ms >= 59 &&
		    seen.latency_ms <= seen.first_byte_ms);
	assert_int_equal(seen.status, 200);
	assert_true(seen.tls_ms <= 0);
}

static void test_ipv6(void **state)
{
	struct probe_world *w = *state;
	struct canned *six = canned_start(w->loop, "::1");
	const struct canned_say say = {
		.octets = HEAD "Content-Length: 0\r\n\r\n",
		.len = strlen(HEAD "Content-Length: 0\r\n\r\n"),
		.stays = true,
	};

	if (six == NULL)
		skip(); /* this machine has no IPv6 loopback */
	canned_set(six, &say);
	net_addr_parse("::1", &w->spec.addr);
	w->spec.port = canned_port(six);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	w->check.type = CHECK_TCP;
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	canned_stop(six);
}

static void test_nobody_listens(void **state)
{
	struct probe_world *w = *state;

	canned_fall(w->canned);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_REFUSED);
	w->check.type = CHECK_TCP;
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_REFUSED);
	canned_rise(w->canned);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
}

static void test_tls_with_one_who_has_none(void **state)
{
	struct probe_world *w = *state;

	w->check.type = CHECK_HTTPS;
	w->check.verify = true;
	probe_world_say(w, "HTTP/1.1 400 Bad\r\n\r\n", 0);
	/* It waits for an end of the head that never comes. */
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_TIMEOUT);
}

/* The kernel refuses to connect to a broadcast address: not the endpoint's
 * fault. */
static void test_local_trouble_is_no_evidence(void **state)
{
	struct probe_world *w = *state;

	net_addr_parse("255.255.255.255", &w->spec.addr);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_LOCAL);
	w->check.type = CHECK_TCP;
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_LOCAL);
}

static void test_no_descriptor_is_left(void **state)
{
	struct probe_world *w = *state;
	struct rlimit before, none;
	int lowest = dup(0);

	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_LOCAL);
	w->check.type = CHECK_TCP;
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_LOCAL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* A listener whose queue is full drops SYNs: as silent as a black hole. */
static void test_full_backlog_times_out(void **state)
{
	struct probe_world *w = *state;
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fill[4];

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 0), 0);
	getsockname(listener, (struct sockaddr *)&at, &len);
	for (size_t i = 0; i < 4; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		/* In progress is what is wanted. */
		if (connect(fill[i], (struct sockaddr *)&at, len) == 0)
			fail_msg("loopback connected without waiting");
	}
	w->spec.port = ntohs(at.sin_port);
	w->check.type = CHECK_TCP;
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_TIMEOUT);
	w->check.type = CHECK_HTTP;
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_TIMEOUT);
	for (size_t i = 0; i < 4; i++)
		close(fill[i]);
	close(listener);
}

struct crowd {
	struct probe_world *world;
	unsigned left, passed;
};

static void on_crowd(void *arg, const struct observation *seen)
{
	struct crowd *c = arg;

	c->passed += seen->outcome == OUTCOME_OK;
	if (--c->left == 0)
		event_base_loopbreak(c->world->loop);
}

static void test_many_at_once(void **state)
{
	struct probe_world *w = *state;
	const struct timeval deadline = { .tv_sec = 20 };
	struct crowd c = { .world = w, .left = 300 };

	probe_world_say(w, HEAD "Content-Length: 2\r\n\r\nok", 20);
	w->check.body = "ok";
	w->check.timeout_ms = 10000;
	for (unsigned i = 0; i < 300; i++)
		assert_non_null(
			probe_http_start(w->http, &w->spec, on_crowd, &c));
	event_base_loopexit(w->loop, &deadline);
	event_base_dispatch(w->loop);
	assert_int_equal(c.left, 0);
	assert_int_equal(c.passed, 300);
}

static void test_cancelled_probes_say_nothing(void **state)
{
	struct probe_world *w = *state;
	struct probe_ending first = { .world = w }, second = { .world = w };
	struct probe *http, *tcp;

	probe_world_say(w, HEAD "Content-Length: 2\r\n\r\nok", 100);
	http = probe_http_start(w->http, &w->spec, probe_world_done, &first);
	tcp = probe_tcp_start(w->loop, &w->spec, probe_world_done, &second);
	/* Some way into it: connected, perhaps, but not answered. */
	event_base_loop(w->loop, EVLOOP_ONCE);
	if (second.count == 0)
		probe_cancel(tcp);
	probe_cancel(http);
	probe_cancel(NULL);
	assert_int_equal(probe_world_run(w).outcome, OUTCOME_OK);
	assert_int_equal(first.count, 0);
	assert_true(second.count <= 1);
}

int main(void)
{
#define WITH_WORLD(test)                                         \
	cmocka_unit_test_setup_teardown(test, probe_world_setup, \
					probe_world_teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_http_outcomes),
		WITH_WORLD(test_body_beyond_the_cap_is_not_read),
		WITH_WORLD(test_request),
		WITH_WORLD(test_fields),
		WITH_WORLD(test_statuses),
		WITH_WORLD(test_each_probe_connects_anew),
		WITH_WORLD(test_times_rise),
		WITH_WORLD(test_ipv6),
		WITH_WORLD(test_nobody_listens),
		WITH_WORLD(test_tls_with_one_who_has_none),
		WITH_WORLD(test_local_trouble_is_no_evidence),
		WITH_WORLD(test_no_descriptor_is_left),
		WITH_WORLD(test_full_backlog_times_out),
		WITH_WORLD(test_many_at_once),
		WITH_WORLD(test_cancelled_probes_say_nothing),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
