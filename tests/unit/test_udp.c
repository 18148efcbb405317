/* SPDX-License-Identifier: Apache-2.0 */
/* udp: every query is answered, from the address that was asked. */
#include "dns/listeners.h"
#include "dns/proxy_header.h"
#include "dns/rrl.h"
#include "dns/slot.h"
#include "dns/socket.h"
#include "dns/stats.h"
#include "dns/udp.h"
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

static const struct proxy_sources none;

struct served {
	struct listeners listeners;
	struct udp *udp;
	struct slot slot;
	struct stats *stats;
	struct rrl *rrl; /* NULL: no limit */
	uint16_t port;
};

static struct served serve(const char *address, unsigned sockets,
			   unsigned threads)
{
	struct served s = { .port = loopback_port() };
	struct listeners given = { 0 };
	struct error err = { 0 };
	char text[SOCKET_TEXT_SIZE];
	const char *const listen[] = { text };
	const struct listeners_wish wish = {
		.listen = listen,
		.listen_count = 1,
		.workers = sockets,
	};

	snprintf(text, sizeof(text), "%s:%u", address, (unsigned)s.port);
	assert_true(listeners_open(&s.listeners, &wish, &given, &err));
	s.udp = udp_open(&s.listeners, threads, &none, &err);
	assert_non_null(s.udp);
	assert_int_equal(udp_thread_count(s.udp),
			 sockets > threads ? sockets : threads);
	return s;
}

/* Apart, since the slot must not move once threads read it. */
static void start(struct served *s)
{
	struct error err;

	s->stats = stats_new(udp_thread_count(s->udp));
	slot_init(&s->slot, echo_table());
	assert_true(udp_start(s->udp, &s->slot, s->stats, s->rrl, &err));
}

static void stop(struct served *s)
{
	udp_free(s->udp);
	listeners_fini(&s->listeners);
	slot_fini(&s->slot);
	stats_free(s->stats);
	rrl_free(s->rrl);
}

/* clang-format off */
static const struct route_row {
	const char *title, *listen, *ask;
	uint8_t family; /* of the client, as the answer says */
} routes[] = {
	{ "one address",               "127.0.0.1", "127.0.0.1", 4 },
	{ "IPv4 wildcard, another",    "0.0.0.0",   "127.0.0.9", 4 },
	{ "IPv6 address",              "[::1]",     "::1",       6 },
	{ "IPv6 wildcard",             "[::]",      "::1",       6 },
	{ "IPv6 wildcard, IPv4 mapped","[::]",      "127.0.0.7", 4 },
};
/* clang-format on */

/* The client's socket is connected: an answer from elsewhere never arrives. */
static void test_answers_leave_from_where_they_were_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		struct served s = serve(routes[i].listen, 1, 1);
		uint8_t query[64], answer[64];
		size_t len = loopback_query(query, 0x1234, "a.test", 1);
		int fd = loopback_udp(routes[i].ask, s.port);

		start(&s);
		print_message("# %s\n", routes[i].title);
		assert_true(loopback_write(fd, query, len));
		assert_int_equal(recv(fd, answer, sizeof(answer), 0), len);
		assert_int_equal(answer[2], 0x80);
		assert_int_equal(answer[len - 1], routes[i].family);
		close(fd);
		stop(&s);
	}
}

static void test_silence_and_oversize(void **state)
{
	struct served s = serve("127.0.0.1", 1, 1);
	uint8_t query[6000] = { 0 }, answer[6000];
	int fd = loopback_udp("127.0.0.1", s.port);
	struct stats_sum sum;

	(void)state;
	start(&s);
	assert_int_equal(send(fd, query, 0, 0), 0);
	assert_int_equal(send(fd, query, 11, 0), 11);
	query[2] = 0x80;
	assert_int_equal(send(fd, query, 40, 0), 40);
	query[2] = 0;
	assert_int_equal(send(fd, query, sizeof(query), 0), sizeof(query));
	/* The only answer is the last one's, no larger than UDP may be. */
	assert_int_equal(recv(fd, answer, sizeof(answer), 0), 1232);
	sum = stats_sum(s.stats);
	assert_int_equal(sum.events[STATS_SILENT], 3);
	assert_int_equal(sum.answers, 1);
	assert_int_equal(sum.rcodes[STATS_UDP][0], 1);
	close(fd);
	stop(&s);
}

enum { QUEUED = 500 };

/* clang-format off */
static const struct threads_row {
	const char *title;
	unsigned sockets, threads;
} threads_rows[] = {
	{ "a socket each",              2, 2 },
	{ "one socket of a manager's",  1, 3 },
	{ "more sockets than threads",  4, 1 },
};
/* clang-format on */

/*
 * Queries that wait in the socket when the end comes are still answered,
 * however the threads share the sockets.
 */
static void test_stop_answers_what_is_queued(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof(threads_rows) / sizeof(threads_rows[0]);
	     r++) {
		struct served s = serve("127.0.0.1", threads_rows[r].sockets,
					threads_rows[r].threads);
		int fds[8];
		uint8_t query[64], answer[64];
		unsigned answered = 0;

		print_message("# %s\n", threads_rows[r].title);
		for (unsigned c = 0; c < 8; c++)
			fds[c] = loopback_udp("127.0.0.1", s.port);
		for (unsigned i = 0; i < QUEUED; i++) {
			size_t len =
				loopback_query(query, (uint16_t)i, "a.test", 1);

			assert_true(loopback_write(fds[i % 8], query, len));
		}
		start(&s);
		stop(&s);
		for (unsigned i = 0; i < QUEUED; i++)
			answered += recv(fds[i % 8], answer, sizeof(answer),
					 MSG_DONTWAIT) > 0;
		assert_int_equal(answered, QUEUED);
		for (unsigned c = 0; c < 8; c++)
			close(fds[c]);
	}
}

/* Another process that has the socket, too, goes on with it. */
static void test_stop_leaves_the_socket_to_others(void **state)
{
	struct served s = serve("127.0.0.1", 1, 2);
	int fd = loopback_udp("127.0.0.1", s.port);
	int other = dup(s.listeners.list[1].fd);
	uint8_t query[64], got[64];
	size_t len = loopback_query(query, 1, "a.test", 1);

	(void)state;
	start(&s);
	stop(&s);
	assert_true(loopback_write(fd, query, len));
	assert_int_equal(recv(other, got, sizeof(got), 0), len);
	close(other);
	close(fd);
}

/* clang-format off */
static const struct rate_row {
	const char *title, *config;
	unsigned answers, cut, limited, slipped; /* of nine queries */
} rates[] = {
	{ "every second answer over the rate is cut, the others dropped",
	  "responses-per-second=3",              6, 3, 3, 3 },
	{ "dropped, all over the rate",
	  "responses-per-second=3,slip=0",       3, 0, 6, 0 },
	{ "counted, but sent",
	  "responses-per-second=3,log-only=yes", 9, 0, 3, 3 },
	{ "an exempt client",
	  "responses-per-second=3,exempt-clients=127.0.0.0/8", 9, 0, 0, 0 },
};
/* clang-format on */

/* All nine wait in the socket when the thread starts: one batch, one second. */
static void test_rates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct rate_row *row = &rates[i];
		struct served s = serve("127.0.0.1", 1, 1);
		int fd = loopback_udp("127.0.0.1", s.port);
		unsigned answers = 0, cut = 0;
		uint8_t query[64], answer[64];
		size_t len = loopback_query(query, 7, "a.test", 1);
		struct rrl_config config;
		struct stats_sum sum;
		struct error err;

		print_message("# %s\n", row->title);
		assert_true(rrl_config_parse(&row->config, 1, &config, &err));
		s.rrl = rrl_new(&config, (struct siphash_key){ 1, 2 });
		for (unsigned n = 0; n < 9; n++)
			assert_true(loopback_write(fd, query, len));
		start(&s);
		udp_free(s.udp); /* answers what is queued */
		s.udp = NULL;
		while (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0) {
			answers++;
			cut += (answer[2] & ECHO_TC) != 0;
		}
		sum = stats_sum(s.stats);
		assert_int_equal(answers, row->answers);
		assert_int_equal(cut, row->cut);
		assert_int_equal(sum.answers, row->answers);
		assert_int_equal(sum.events[STATS_LIMITED], row->limited);
		assert_int_equal(sum.events[STATS_SLIPPED], row->slipped);
		close(fd);
		stop(&s);
	}
}

/* clang-format off */
static const struct text_row {
	const char *text;
	bool ok, wildcard;
} texts[] = {
	{ "127.0.0.1:53",       true,  false },
	{ "0.0.0.0:5300",       true,  true },
	{ "[::]:53",            true,  true },
	{ "[2001:db8::1]:65535",true,  false },
	{ "127.0.0.1",          false, false },
	{ "127.0.0.1:0",        false, false },
	{ "127.0.0.1:65536",    false, false },
	{ "127.0.0.1:+53",      false, false },
	{ "127.0.0.1:53x",      false, false },
	{ "::1:53",             false, false },
	{ "[127.0.0.1]:53",     false, false },
	{ "[::1:53",            false, false },
	{ "[]:53",              false, false },
	{ "]:53",               false, false },
	{ "[:53",               false, false },
	{ ":53",                false, false },
	{ "localhost:53",       false, false },
	{ "",                   false, false },
};
/* clang-format on */

static void test_listen_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct socket_address at;
		struct error err = { 0 };

		print_message("# \"%s\"\n", texts[i].text);
		assert_int_equal(socket_parse(texts[i].text, &at, &err),
				 texts[i].ok);
		if (texts[i].ok)
			assert_int_equal(at.wildcard, texts[i].wildcard);
		else
			assert_non_null(strstr(err.text, texts[i].text));
	}
}

/* Somebody who does not share the port is an error that names it. */
static void test_port_in_use_is_said(void **state)
{
	uint16_t port = loopback_port();
	struct socket_address at;
	struct listeners all = { 0 }, given = { 0 };
	struct error err = { 0 };
	char text[SOCKET_TEXT_SIZE];
	const char *const listen[] = { text };
	const struct listeners_wish wish = {
		.listen = listen,
		.listen_count = 1,
		.workers = 2,
	};
	int other = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	snprintf(text, sizeof(text), "127.0.0.1:%u", (unsigned)port);
	assert_true(socket_parse(text, &at, &err));
	assert_int_equal(bind(other, (struct sockaddr *)&at.addr, at.len), 0);
	assert_false(listeners_open(&all, &wish, &given, &err));
	listeners_fini(&all);
	assert_non_null(strstr(err.text, text));
	assert_non_null(strstr(err.text, "another program has this port"));
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_leave_from_where_they_were_asked),
		cmocka_unit_test(test_silence_and_oversize),
		cmocka_unit_test(test_stop_answers_what_is_queued),
		cmocka_unit_test(test_stop_leaves_the_socket_to_others),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_listen_addresses),
		cmocka_unit_test(test_port_in_use_is_said),
	};

	return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
