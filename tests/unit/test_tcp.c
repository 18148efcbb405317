/* SPDX-License-Identifier: Apache-2.0 */
/* tcp: RFC 7766 with clients that drip, pipeline, stall and stay. */
#include "dns/listeners.h"
#include "dns/proxy_header.h"
#include "dns/slot.h"
#include "dns/stats.h"
#include "dns/tcp.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "tests/unit/echo.h"
#include "tests/unit/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

struct served {
	struct listeners listeners;
	struct proxy_sources proxies; /* none */
	struct tcp *tcp;
	struct slot slot;
	struct stats *stats;
	uint16_t port;
};

static void serve(struct served *s, const struct tcp_limits *limits)
{
	struct listeners given = { 0 };
	struct error err = { 0 };
	char text[SOCKET_TEXT_SIZE];
	const char *const listen[] = { text };
	const struct listeners_wish wish = {
		.listen = listen,
		.listen_count = 1,
		.workers = 1,
	};

	memset(s, 0, sizeof(*s));
	s->port = loopback_port();
	snprintf(text, sizeof(text), "127.0.0.1:%u", (unsigned)s->port);
	assert_true(listeners_open(&s->listeners, &wish, &given, &err));
	s->tcp = tcp_open(&(struct tcp_config){ .listeners = &s->listeners,
						.limits = limits,
						.proxies = &s->proxies },
			  &err);
	assert_non_null(s->tcp);
	s->stats = stats_new(1);
	slot_init(&s->slot, echo_table());
	assert_true(
		tcp_start(s->tcp, &s->slot, stats_block(s->stats, 0), &err));
}

static void stop(struct served *s)
{
	tcp_free(s->tcp);
	listeners_fini(&s->listeners);
	slot_fini(&s->slot);
	stats_free(s->stats);
}

static int client(const struct served *s)
{
	int fd = loopback_tcp("127.0.0.1", s->port);

	assert_true(fd >= 0);
	return fd;
}

static void ask(int fd, uint16_t id)
{
	uint8_t query[64];
	size_t len = loopback_query(query, id, "a.test", 1);

	assert_true(loopback_write_message(fd, query, len));
}

static void expect(int fd, uint16_t id)
{
	uint8_t answer[64];

	assert_int_equal(loopback_read_message(fd, answer, sizeof(answer)), 24);
	assert_int_equal(answer[0] << 8 | answer[1], id);
	assert_int_equal(answer[2], 0x80);
	assert_int_equal(answer[23], 4);
}

static void test_one_octet_at_a_time(void **state)
{
	struct served s;
	uint8_t whole[64] = { 0 };
	size_t len = loopback_query(whole + 2, 7, "a.test", 1);
	int fd;

	(void)state;
	whole[1] = (uint8_t)len;
	serve(&s, &tcp_default_limits);
	fd = client(&s);
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < 2 + len; i++)
			assert_true(loopback_write(fd, whole + i, 1));
		expect(fd, 7);
	}
	close(fd);
	stop(&s);
}

static void expect_count(const struct served *s, enum stats_event event,
			 uint64_t count)
{
	assert_int_equal(stats_sum(s->stats).events[event], count);
}

enum { PIPELINED = 500 };

static void test_pipelining(void **state)
{
	struct served s;
	int fd;

	(void)state;
	serve(&s, &tcp_default_limits);
	fd = client(&s);
	for (uint16_t id = 0; id < PIPELINED; id++)
		ask(fd, id);
	for (uint16_t id = 0; id < PIPELINED; id++)
		expect(fd, id);
	assert_int_equal(stats_sum(s.stats).rcodes[STATS_TCP][0], PIPELINED);
	close(fd);
	stop(&s);
}

static void test_silence_leaves_it_open(void **state)
{
	struct served s;
	uint8_t response[12] = { 0, 1, 0x80 };
	int fd;

	(void)state;
	serve(&s, &tcp_default_limits);
	fd = client(&s);
	assert_true(loopback_write_message(fd, NULL, 0));
	assert_true(loopback_write_message(fd, "short", 5));
	assert_true(loopback_write_message(fd, response, sizeof(response)));
	ask(fd, 3);
	expect(fd, 3);
	assert_int_equal(stats_sum(s.stats).events[STATS_SILENT], 3);
	close(fd);
	stop(&s);
}

static void test_half_close_is_answered(void **state)
{
	struct served s;
	int fd;

	(void)state;
	serve(&s, &tcp_default_limits);
	fd = client(&s);
	for (uint16_t id = 0; id < 20; id++)
		ask(fd, id);
	shutdown(fd, SHUT_WR);
	for (uint16_t id = 0; id < 20; id++)
		expect(fd, id);
	assert_true(loopback_is_closed(fd));
	expect_count(&s, STATS_ACCEPTED, 1);
	expect_count(&s, STATS_CLOSED_CLIENT, 1);
	close(fd);
	stop(&s);
}

static void test_largest_message(void **state)
{
	struct served s;
	uint8_t query[65535] = { 0 }, answer[65535];
	int fd;

	(void)state;
	serve(&s, &tcp_default_limits);
	fd = client(&s);
	query[0] = 9;
	assert_true(loopback_write_message(fd, query, sizeof(query)));
	assert_int_equal(loopback_read_message(fd, answer, sizeof(answer)),
			 sizeof(query));
	assert_int_equal(answer[0], 9);
	close(fd);
	stop(&s);
}

/* Idle is without a whole query: who drips octets is idle, too. */
static void test_idle_is_closed(void **state)
{
	struct tcp_limits limits = tcp_default_limits;
	struct served s;
	int quiet, dripping;

	(void)state;
	limits.idle_ms = 100;
	serve(&s, &limits);
	quiet = client(&s);
	dripping = client(&s);
	for (unsigned i = 0; loopback_write(dripping, "\1", 1); i++) {
		const struct timeval drip = { .tv_usec = 10 * 1000 };
		uint8_t octet;

		/* Waits for the end or for the time of the next drop. */
		setsockopt(dripping, SOL_SOCKET, SO_RCVTIMEO, &drip,
			   sizeof(drip));
		if (recv(dripping, &octet, 1, 0) == 0)
			break;
		assert_true(i < LOOPBACK_PATIENCE_MS / 10);
	}
	assert_true(loopback_is_closed(quiet));
	expect_count(&s, STATS_CLOSED_IDLE, 2);
	close(quiet);
	close(dripping);
	stop(&s);
}

/* Pipelines large answers without reading any, until its socket is full. */
static void stall(int fd)
{
	uint8_t query[64] = { 0 };
	const struct timeval soon = { .tv_usec = 50 * 1000 };

	query[20] = 'B';
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	for (unsigned i = 0; i < 300; i++)
		if (!loopback_write_message(fd, query, 21))
			return;
}

static void test_a_stalled_client_stops_nobody_and_is_cut(void **state)
{
	struct tcp_limits limits = tcp_default_limits;
	struct served s;
	uint8_t answer[ECHO_BIG];
	unsigned got = 0;
	int stalled, other;

	(void)state;
	limits.unread_ms = 300;
	limits.idle_ms = 2000;
	serve(&s, &limits);
	stalled = client(&s);
	stall(stalled);
	other = client(&s);
	ask(other, 5);
	expect(other, 5);
	/* Answered as far as the limit lets it, not all, and then cut off. */
	while (stats_sum(s.stats).answers < 3)
		continue;
	ask(other, 6);
	expect(other, 6);
	while (loopback_is_closed(other) == false)
		continue; /* idle: by then the stalled one is gone */
	while (loopback_read_message(stalled, answer, sizeof(answer)) > 0)
		got++;
	assert_true(got < 300);
	assert_true(loopback_is_closed(stalled));
	expect_count(&s, STATS_CLOSED_UNREAD, 1);
	close(stalled);
	close(other);
	stop(&s);
}

/* What a slow reader left unread is answered when it reads again. */
static void test_a_late_reader_gets_everything(void **state)
{
	struct served s;
	uint8_t query[64] = { 0 }, answer[ECHO_BIG];
	int fd;

	(void)state;
	serve(&s, &tcp_default_limits);
	fd = client(&s);
	query[20] = 'B';
	for (unsigned i = 0; i < 100; i++) {
		query[0] = (uint8_t)i;
		assert_true(loopback_write_message(fd, query, 21));
	}
	shutdown(fd, SHUT_WR);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(loopback_read_message(fd, answer,
						       sizeof(answer)),
				 ECHO_BIG);
		assert_int_equal(answer[0], i);
	}
	assert_true(loopback_is_closed(fd));
	close(fd);
	stop(&s);
}

/* clang-format off */
static const struct limit_row {
	const char *title;
	size_t total, per_client;
} limits_rows[] = {
	{ "in all", 3, 100 },
	{ "of one client", 100, 3 },
};
/* clang-format on */

static void test_limits_drop_the_idlest(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tcp_limits limits = tcp_default_limits;
		struct served s;
		int fds[4];

		print_message("# %s\n", limits_rows[i].title);
		limits.total = limits_rows[i].total;
		limits.per_client = limits_rows[i].per_client;
		serve(&s, &limits);
		for (uint16_t c = 0; c < 3; c++) {
			fds[c] = client(&s);
			ask(fds[c], c);
			expect(fds[c], c);
		}
		ask(fds[0], 10); /* now the second is the idlest */
		expect(fds[0], 10);
		fds[3] = client(&s);
		ask(fds[3], 11);
		expect(fds[3], 11);
		assert_true(loopback_is_closed(fds[1]));
		for (unsigned c = 0; c < 4; c++) {
			if (c != 1) {
				ask(fds[c], 12);
				expect(fds[c], 12);
			}
			close(fds[c]);
		}
		stop(&s);
	}
}

static void test_stop_answers_what_arrived(void **state)
{
	struct served s;
	int64_t begun_ms;
	int fd, idle;

	(void)state;
	serve(&s, &tcp_default_limits);
	idle = client(&s);
	fd = client(&s);
	for (uint16_t id = 0; id < 50; id++)
		ask(fd, id);
	begun_ms = clock_now_ms();
	stop(&s);
	assert_true(clock_now_ms() - begun_ms < 2000);
	for (uint16_t id = 0; id < 50; id++)
		expect(fd, id);
	assert_true(loopback_is_closed(fd));
	assert_true(loopback_is_closed(idle));
	close(fd);
	close(idle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_octet_at_a_time),
		cmocka_unit_test(test_pipelining),
		cmocka_unit_test(test_silence_leaves_it_open),
		cmocka_unit_test(test_half_close_is_answered),
		cmocka_unit_test(test_largest_message),
		cmocka_unit_test(test_idle_is_closed),
		cmocka_unit_test(test_a_stalled_client_stops_nobody_and_is_cut),
		cmocka_unit_test(test_a_late_reader_gets_everything),
		cmocka_unit_test(test_limits_drop_the_idlest),
		cmocka_unit_test(test_stop_answers_what_arrived),
	};

	return cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
