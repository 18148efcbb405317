/* SPDX-License-Identifier: Apache-2.0 */
/* datagram: one query is answered, limited and counted, by whatever way. */
#include "dns/datagram.h"
#include "dns/rrl.h"
#include "dns/slot.h"
#include "dns/stats.h"
#include "policy/base/error.h"
#include "tests/unit/echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { QUERY = 40, SIZE = 256 };

static const struct net_addr client = { NET_V4, { 192, 0, 2, 7 } };

struct scene {
	struct proxy_sources proxies;
	struct slot slot;
	struct stats *stats;
	struct datagram_answerer answerer;
	uint8_t query[SIZE], answer[SIZE];
	struct datagram datagram;
};

/* limit: NULL for none. */
static void begin(struct scene *s, const char *limit)
{
	struct rrl_config config;
	struct error err;

	*s = (struct scene){ .stats = stats_new(1) };
	slot_init(&s->slot, echo_table());
	slot_register();
	slot_offline();
	assert_true(datagram_answerer_init(&s->answerer, &err));
	s->answerer.slot = &s->slot;
	s->answerer.proxies = &s->proxies;
	s->answerer.stats = stats_block(s->stats, 0);
	s->answerer.transport = STATS_XDP;
	if (limit != NULL) {
		assert_true(rrl_config_parse(&limit, 1, &config, &err));
		s->answerer.rrl =
			rrl_new(&config, (struct siphash_key){ 1, 2 });
	}
	s->datagram = (struct datagram){
		.query = s->query,
		.len = QUERY,
		.answer = s->answer,
		.cap = SIZE,
		.peer = client,
		.port = 4242,
	};
	datagram_begin(&s->answerer);
}

static struct stats_sum end(struct scene *s)
{
	struct stats_sum sum = stats_sum(s->stats);

	datagram_end(&s->answerer);
	slot_unregister();
	slot_fini(&s->slot);
	stats_free(s->stats);
	rrl_free(s->answerer.rrl);
	return sum;
}

static size_t answer(struct scene *s)
{
	struct datagram *list[] = { &s->datagram };

	datagram_answer(&s->answerer, list, 1);
	return s->datagram.answer_len;
}

static void test_answered_by_its_transport(void **state)
{
	struct scene s;
	struct stats_sum sum;

	(void)state;
	begin(&s, NULL);
	assert_false(datagram_wants_ends(&s.answerer));
	assert_int_equal(answer(&s), QUERY);
	assert_int_equal(s.answer[QUERY - 1], NET_V4);
	s.datagram.cap = 20;
	assert_int_equal(answer(&s), 20);
	sum = end(&s);
	assert_int_equal(stats_transport(&sum, STATS_XDP), 2);
	assert_int_equal(stats_transport(&sum, STATS_UDP), 0);
	assert_int_equal(sum.events[STATS_SILENT], 0);
}

static void test_silence(void **state)
{
	struct scene s;
	struct stats_sum sum;

	(void)state;
	begin(&s, "responses-per-second=1");
	s.query[2] = 0x80;
	assert_int_equal(answer(&s), 0);
	s.query[2] = 0;
	s.datagram.len = 11;
	assert_int_equal(answer(&s), 0);
	sum = end(&s);
	assert_int_equal(sum.answers, 0);
	assert_int_equal(sum.events[STATS_SILENT], 2);
	assert_int_equal(sum.events[STATS_LIMITED], 0);
}

/* clang-format off */
static const struct limit_row {
	const char *title, *limit;
	const char *said; /* of each query: answered, cut, or nothing */
	unsigned answers, limited, slipped;
} limits[] = {
	{ "cut, every second", "responses-per-second=2",            "aac.c.", 4, 2, 2 },
	{ "cut, all",          "responses-per-second=2,slip=1",     "aacccc", 6, 0, 4 },
	{ "dropped",           "responses-per-second=2,slip=0",     "aa....", 2, 4, 0 },
	{ "counted, but sent", "responses-per-second=2,log-only=yes", "aaaaaa", 6, 2, 2 },
};
/* clang-format on */

/* What is dropped by the limit is not silence, which is for no answer. */
static void test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct limit_row *row = &limits[i];
		char said[8] = "";
		struct scene s;
		struct stats_sum sum;

		print_message("# %s\n", row->title);
		begin(&s, row->limit);
		for (size_t n = 0; n < strlen(row->said); n++) {
			size_t len = answer(&s);

			said[n] = len == 0                       ? '.'
				  : (s.answer[2] & ECHO_TC) != 0 ? 'c'
								 : 'a';
		}
		/* Another client is answered as if nothing had been. */
		s.datagram.peer.octets[0] = 198;
		assert_int_equal(answer(&s), QUERY);
		assert_int_equal(s.answer[2] & ECHO_TC, 0);
		sum = end(&s);
		assert_string_equal(said, row->said);
		assert_int_equal(sum.answers, row->answers + 1);
		assert_int_equal(sum.events[STATS_LIMITED], row->limited);
		assert_int_equal(sum.events[STATS_SLIPPED], row->slipped);
		assert_int_equal(sum.events[STATS_SILENT], 0);
	}
}

/* Version 2, proxied, IPv6 over UDP, from 2001:db8::9 port 5. */
static size_t put_header(uint8_t *out)
{
	static const uint8_t header[PROXY_HEADER_KNOWN] = {
		0x0d, 0x0a, 0x0d, 0x0a, 0x00,     0x0d,     0x0a,      0x51,
		0x55, 0x49, 0x54, 0x0a, 0x21,     0x22,     0,         36,
		0x20, 1,    0x0d, 0xb8, [31] = 9, [49] = 5, [51] = 53,
	};

	memcpy(out, header, sizeof(header));
	return sizeof(header);
}

static void test_behind_a_proxy(void **state)
{
	struct scene s;
	struct stats_sum sum;

	(void)state;
	begin(&s, NULL);
	s.proxies.list[0] = (struct net_prefix){ client, 32 };
	s.proxies.count = 1;
	assert_true(datagram_wants_ends(&s.answerer));
	assert_int_equal(answer(&s), 0);
	s.datagram.len = put_header(s.query) + QUERY;
	assert_int_equal(answer(&s), QUERY);
	assert_int_equal(s.answer[QUERY - 1], NET_V6);
	sum = end(&s);
	assert_int_equal(sum.answers, 1);
	assert_int_equal(sum.events[STATS_SILENT], 1);
}

/*
 * Each gets its own answer, whoever stands beside it in its group: each third
 * is a response, each fourth no DNS at all.
 */
static void test_more_than_a_group(void **state)
{
	enum { COUNT = 2 * DATAGRAM_GROUP + 3 };
	static uint8_t queries[COUNT][SIZE], answers[COUNT][SIZE];
	struct datagram datagrams[COUNT], *list[COUNT];
	struct scene s;
	struct stats_sum sum;
	unsigned silent = 0;

	(void)state;
	begin(&s, NULL);
	for (size_t i = 0; i < COUNT; i++) {
		memset(queries[i], 0, SIZE);
		queries[i][0] = (uint8_t)i;
		queries[i][2] = i % 3 == 0 ? 0x80 : 0;
		datagrams[i] = s.datagram;
		datagrams[i].query = queries[i];
		datagrams[i].len = i % 4 == 0 ? 3 : QUERY;
		datagrams[i].answer = answers[i];
		list[i] = &datagrams[i];
	}
	datagram_answer(&s.answerer, list, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		bool answered = i % 3 != 0 && i % 4 != 0;

		silent += answered ? 0 : 1;
		assert_int_equal(datagrams[i].answer_len, answered ? QUERY : 0);
		if (answered)
			assert_int_equal(answers[i][0], i);
		for (size_t j = 0; answered && j < i; j++)
			if (datagrams[j].answer_len > 0)
				assert_int_not_equal(datagrams[i].random,
						     datagrams[j].random);
	}
	sum = end(&s);
	assert_int_equal(sum.answers, COUNT - silent);
	assert_int_equal(sum.events[STATS_SILENT], silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered_by_its_transport),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_behind_a_proxy),
		cmocka_unit_test(test_more_than_a_group),
	};

	return cmocka_run_group_tests_name("datagram", tests, NULL, NULL);
}
