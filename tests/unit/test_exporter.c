/* SPDX-License-Identifier: Apache-2.0 */
/* exporter: what is answered to whom, and what clients cannot do to it. */
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/exporter.h"
#include "policy/base/openmetrics.h"
#include "tests/unit/loopback.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RESPONSE_SIZE = 4096 };

struct served {
	struct event_base *loop;
	struct exporter *exporter;
	uint16_t port;
	const char *trouble;
	unsigned scrapes;
};

static void write_one(void *arg, struct openmetrics *out)
{
	static const struct metric_family family = { "w_up", METRIC_GAUGE, NULL,
						     "It is." };
	struct served *s = arg;

	s->scrapes++;
	openmetrics_family(out, &family);
	openmetrics_count(out, (struct metric_labels){ NULL, 0 }, 1);
}

static const char *tell(void *arg)
{
	const struct served *s = arg;

	return s->trouble;
}

static void serve(struct served *s, struct guests_limits limits)
{
	char listen[16];
	struct error err = { 0 };
	struct exporter_config config = { .listen = listen,
					  .limits = limits,
					  .write = write_one,
					  .unready = tell,
					  .arg = s };

	*s = (struct served){ .loop = event_base_new(),
			      .port = loopback_port() };
	snprintf(listen, sizeof(listen), "%u", s->port);
	s->exporter = exporter_start(s->loop, &config, &err);
	if (s->exporter == NULL)
		fail_msg("%s", err.text);
}

static void stop(struct served *s)
{
	exporter_stop(s->exporter);
	event_base_free(s->loop);
}

static int client(const struct served *s, const char *request)
{
	int fd = loopback_tcp("127.0.0.1", s->port);

	assert_true(loopback_write(fd, request, strlen(request)));
	return fd;
}

static const char *read_all(const struct served *s, int fd,
			    char text[RESPONSE_SIZE])
{
	return loopback_read_all(s->loop, fd, text, RESPONSE_SIZE);
}

#define OPEN "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PLAIN "text/plain; version=0.0.4; charset=utf-8"

/* clang-format off */
static const struct row {
	const char *title, *request;
	const char *trouble;
	const char *status, *has, *ends;
} rows[] = {
	{ "metrics as they always were", "GET /metrics HTTP/1.0\r\n\r\n", NULL,
	  "200", "Content-Type: " PLAIN "\r\n", "w_up 1\n" },
	{ "metrics as asked for", "GET /metrics HTTP/1.1\r\nHost: x\r\n"
	  "Accept: application/openmetrics-text\r\n\r\n", NULL,
	  "200", "Content-Type: " OPEN "\r\n", "# EOF\n" },
	{ "a query in the URL", "GET /metrics?name=x HTTP/1.1\r\nHost: x\r\n\r\n",
	  NULL, "200", PLAIN, "w_up 1\n" },
	{ "ready", "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n", NULL,
	  "200", "Connection: close\r\n", "ready\n" },
	{ "not ready", "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n", "no table",
	  "503", "text/plain", "no table\n" },
	{ "metrics while not ready", "GET /metrics HTTP/1.0\r\n\r\n", "no table",
	  "200", PLAIN, "w_up 1\n" },
	{ "no such page", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", NULL,
	  "404", "text/plain", "/ready\n" },
	{ "another method", "DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", NULL,
	  "501", "", "" },
	{ "a body", "GET /metrics HTTP/1.1\r\nHost: x\r\n"
	  "Content-Length: 1000000\r\n\r\nx", NULL, "413", "", "" },
	{ "no HTTP", "\x16\x03\x01\x02 \x01\r\n\r\n", NULL,
	  "400", "", "" },
	{ "two requests, one answer", "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n"
	  "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", NULL,
	  "200", "Connection: close\r\n", "\r\n\r\nready\n" },
};
/* clang-format on */

static void test_answers(void **state)
{
	struct served s;

	(void)state;
	serve(&s, exporter_default_limits);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		char text[RESPONSE_SIZE];
		size_t len;

		printf("# %s\n", row->title);
		s.trouble = row->trouble;
		read_all(&s, client(&s, row->request), text);
		len = strlen(text);
		assert_memory_equal(text, "HTTP/1.", 7);
		assert_memory_equal(text + 9, row->status, 3);
		assert_non_null(strstr(text, row->has));
		assert_true(len >= strlen(row->ends));
		assert_string_equal(text + len - strlen(row->ends), row->ends);
	}
	stop(&s);
}

static void test_headers_without_end(void **state)
{
	char text[RESPONSE_SIZE], field[100];
	struct served s;
	int fd;

	(void)state;
	serve(&s, exporter_default_limits);
	memset(field, 'x', sizeof(field));
	field[1] = ':';
	field[sizeof(field) - 1] = '\n';
	fd = client(&s, "GET /metrics HTTP/1.1\r\n");
	for (size_t i = 0; i < 2 * GUESTS_HEADERS_MAX / sizeof(field); i++)
		assert_true(loopback_write(fd, field, sizeof(field)));
	read_all(&s, fd, text);
	assert_memory_equal(text, "HTTP/1.1 400", 12);
	assert_int_equal(s.scrapes, 0);
	stop(&s);
}

static void test_silent_clients_make_room(void **state)
{
	const struct guests_limits limits = { .count = 4,
					      .life_ms = 60 * 1000 };
	char text[RESPONSE_SIZE];
	struct served s;
	int silent[8];

	(void)state;
	serve(&s, limits);
	for (size_t i = 0; i < 8; i++) {
		silent[i] = client(&s, "GET /metr");
		event_base_loop(s.loop, EVLOOP_NONBLOCK);
	}
	read_all(&s, client(&s, rows[0].request), text);
	assert_memory_equal(text, "HTTP/1.", 7);
	for (size_t i = 0; i < 8; i++) {
		bool cut = i < 5; /* by the four behind it and the scrape */

		if (cut)
			assert_string_equal(read_all(&s, silent[i], text), "");
		else
			assert_int_equal(recv(silent[i], text, 1, MSG_DONTWAIT),
					 -1);
		if (!cut)
			close(silent[i]);
	}
	stop(&s);
}

/* Each octet is activity to evhttp, and none to us. */
static void test_dripping_is_cut(void **state)
{
	const struct guests_limits limits = { .count = 4, .life_ms = 300 };
	int64_t until_ms = clock_now_ms() + LOOPBACK_PATIENCE_MS;
	struct served s;
	char octet;
	int fd;

	(void)state;
	serve(&s, limits);
	fd = client(&s, "GET /metrics HTTP/1.1\r\nX: ");
	while (recv(fd, &octet, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN) {
		const struct timeval drip = { .tv_usec = 10 * 1000 };

		event_base_loopexit(s.loop, &drip);
		event_base_dispatch(s.loop);
		(void)send(fd, "x", 1, MSG_NOSIGNAL);
		assert_true(clock_now_ms() < until_ms);
	}
	assert_int_equal(s.scrapes, 0);
	close(fd);
	stop(&s);
}

/* clang-format off */
static const struct listen_row {
	const char *listen, *error;
} listens[] = {
	{ "0", "port" },
	{ "65536", "port" },
	{ "127.0.0.1", "" },
	{ "localhost:9153", "" },
	{ "192.0.2.1:9153", "192.0.2.1:9153" },
};
/* clang-format on */

static void test_addresses_that_cannot_be(void **state)
{
	struct event_base *loop = event_base_new();

	(void)state;
	for (size_t i = 0; i < sizeof(listens) / sizeof(listens[0]); i++) {
		struct exporter_config config = { .listen = listens[i].listen };
		struct error err = { 0 };

		printf("# %s\n", listens[i].listen);
		assert_null(exporter_start(loop, &config, &err));
		assert_true(err.text[0] != '\0');
		assert_non_null(strstr(err.text, listens[i].error));
	}
	event_base_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_headers_without_end),
		cmocka_unit_test(test_silent_clients_make_room),
		cmocka_unit_test(test_dripping_is_cut),
		cmocka_unit_test(test_addresses_that_cannot_be),
	};

	return cmocka_run_group_tests_name("exporter", tests, NULL, NULL);
}
