/* SPDX-License-Identifier: Apache-2.0 */
/* page: what is answered to whom, events, and what clients cannot do to it. */
#include "steering/page/page.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "tests/unit/loopback.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RESPONSE_SIZE = 64 * 1024 };

struct served {
	struct event_base *loop;
	struct page *page;
	uint16_t port;
	unsigned asked;
	char text[RESPONSE_SIZE];
};

/* Says what it was asked. */
static json_t *ask(void *arg, const json_t *request)
{
	struct served *s = arg;
	const char *op = json_string_value(json_object_get(request, "op"));

	s->asked++;
	return strcmp(op, "status") != 0 && strcmp(op, "echo") != 0
		       ? NULL
		       : json_pack("{s:O, s:i}", "asked", request, "time",
				   (int)s->asked);
}

static void serve(struct served *s, struct guests_limits limits)
{
	char listen[16];
	struct error err = { 0 };
	struct page_config config = {
		.listen = listen, .limits = limits, .ask = ask, .arg = s
	};

	*s = (struct served){ .loop = event_base_new(),
			      .port = loopback_port() };
	snprintf(listen, sizeof(listen), "%u", s->port);
	s->page = page_start(s->loop, &config, &err);
	if (s->page == NULL)
		fail_msg("%s", err.text);
}

static void stop(struct served *s)
{
	page_stop(s->page);
	event_base_free(s->loop);
}

static int client(const struct served *s, const char *request)
{
	int fd = loopback_tcp("127.0.0.1", s->port);

	assert_true(loopback_write(fd, request, strlen(request)));
	return fd;
}

/* clang-format off */
static const struct row {
	const char *title, *request, *status, *has;
} rows[] = {
	{ "the page", "GET / HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n", "200",
	  "<title>Windrose</title>" },
	{ "nothing of others", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
	  "200", "Content-Security-Policy: default-src 'self'" },
	{ "its script", "GET /page.js HTTP/1.1\r\nHost: [::1]:9\r\n\r\n", "200",
	  "Content-Type: text/javascript" },
	{ "its style", "GET /page.css HTTP/1.1\r\nHost: [::1]\r\n\r\n", "200",
	  "prefers-color-scheme" },
	{ "without a Host", "GET / HTTP/1.0\r\n\r\n", "200", "<title>" },
	{ "by a name of another's", "GET /api/echo HTTP/1.1\r\n"
	  "Host: evil.example.com:9\r\n\r\n", "403", "by an address" },
	{ "by a long name", "GET / HTTP/1.1\r\nHost: "
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "\r\n\r\n", "403", "by an address" },
	{ "events by a name of another's", "GET /events HTTP/1.1\r\n"
	  "Host: evil.example.com\r\n\r\n", "403", "by an address" },
	{ "a question", "GET /api/echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
	  "200", "{\"asked\":{\"op\":\"echo\"},\"time\":" },
	{ "with values", "GET /api/echo?after=a%20b&count=15 HTTP/1.1\r\n"
	  "Host: localhost\r\n\r\n", "200",
	  "{\"op\":\"echo\",\"after\":\"a b\",\"count\":15}" },
	{ "a number too long for one", "GET /api/echo?count=1234567890123456 "
	  "HTTP/1.1\r\nHost: localhost\r\n\r\n", "200",
	  "\"count\":\"1234567890123456\"" },
	{ "that means another one", "GET /api/echo?op=drain HTTP/1.1\r\n"
	  "Host: localhost\r\n\r\n", "200", "{\"op\":\"echo\"}" },
	{ "not UTF-8", "GET /api/echo?after=%ff HTTP/1.1\r\n"
	  "Host: localhost\r\n\r\n", "200", "{\"op\":\"echo\"}" },
	{ "more values than there can be", "GET /api/echo?a=1&b=1&c=1&d=1&e=1&f=1"
	  "&g=1&h=1&i=1 HTTP/1.1\r\nHost: localhost\r\n\r\n", "200",
	  "\"h\":1}" },
	{ "no question", "GET /api/drain HTTP/1.1\r\nHost: localhost\r\n\r\n",
	  "404", "no answer" },
	{ "no page", "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "404",
	  "no such page" },
	{ "nothing to post", "POST /api/echo HTTP/1.1\r\nHost: localhost\r\n"
	  "Content-Length: 0\r\n\r\n", "501", "" },
};
/* clang-format on */

static void test_answers(void **state)
{
	static struct served s;

	(void)state;
	serve(&s, page_default_limits);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		printf("# %s\n", rows[i].title);
		loopback_read_all(s.loop, client(&s, rows[i].request), s.text,
				  sizeof(s.text));
		assert_memory_equal(s.text, "HTTP/1.", 7);
		assert_memory_equal(s.text + 9, rows[i].status, 3);
		if (strstr(s.text, rows[i].has) == NULL)
			fail_msg("no %s in %s", rows[i].has, s.text);
	}
	stop(&s);
}

static const char events[] = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* Turns the loop until so many events came. */
static void read_events(struct served *s, int fd, unsigned wanted)
{
	int64_t until_ms = clock_now_ms() + LOOPBACK_PATIENCE_MS;
	size_t len = 0;
	unsigned found = 0;

	while (found < wanted) {
		ssize_t got = recv(fd, s->text + len, sizeof(s->text) - 1 - len,
				   MSG_DONTWAIT);

		event_base_loop(s->loop, EVLOOP_NONBLOCK);
		assert_true(clock_now_ms() < until_ms);
		if (got <= 0)
			continue;
		len += (size_t)got;
		s->text[len] = '\0';
		found = 0;
		for (const char *at = s->text;
		     (at = strstr(at,
				  "data: {\"asked\":{\"op\":\"status\"}")) !=
		     NULL;
		     at++)
			found++;
	}
}

/* One status, for however many listen. */
static void test_events(void **state)
{
	static struct served s;
	int first, second;

	(void)state;
	serve(&s, page_default_limits);
	first = client(&s, events);
	read_events(&s, first, 2);
	assert_non_null(strstr(s.text, "Content-Type: text/event-stream"));
	second = client(&s, events);
	s.asked = 0;
	read_events(&s, second, 2);
	assert_true(s.asked <= 3);
	close(first);
	close(second);
	stop(&s);
}

static void turn(const struct served *s, int ms)
{
	const struct timeval after = { .tv_sec = ms / 1000,
				       .tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(s->loop, &after);
	event_base_dispatch(s->loop);
}

/* Nobody listens any more, and nobody asks for a status. */
static void test_end_of_events(void **state)
{
	const struct guests_limits limits = { .count = 4, .life_ms = 1500 };
	static struct served s;
	int fd;

	(void)state;
	serve(&s, limits);
	fd = client(&s, events);
	loopback_read_all(s.loop, fd, s.text, sizeof(s.text));
	assert_non_null(strstr(s.text, "data: {"));
	/* The first one that cannot be written tells that he has gone. */
	turn(&s, PAGE_EVERY_MS + 200);
	s.asked = 0;
	turn(&s, PAGE_EVERY_MS + 200);
	assert_int_equal(s.asked, 0);
	stop(&s);
}

/* Who listens while the page ends is let go. */
static void test_stop_while_listened_to(void **state)
{
	static struct served s;
	int fd;

	(void)state;
	serve(&s, page_default_limits);
	fd = client(&s, events);
	read_events(&s, fd, 1);
	stop(&s);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_end_of_events),
		cmocka_unit_test(test_stop_while_listened_to),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
