/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query: what is read of a message.  What is answered to each mistake is in
 * tests/data/dns/answer.cases; here, the values, and every place to cut.
 */
#include "dns/query.h"
#include "tests/unit/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct query_row {
	const char *title, *words;
	enum query_verdict verdict;
	uint16_t question_len, udp_size;
	bool edns, dnssec_ok, has_ecs;
} rows[] = {
	{ "plain",                "a.b A",               QUERY_OK,      9, 0,    false, false, false },
	{ "EDNS",                 "a.b A edns=4096",     QUERY_OK,      9, 4096, true,  false, false },
	{ "DO",                   "a.b A edns do",       QUERY_OK,      9, 1232, true,  true,  false },
	{ "all Z bits are not DO", "a.b A edns z",       QUERY_OK,      9, 1232, true,  false, false },
	{ "client subnet",        "a.b A ecs=10.0.0.0/8", QUERY_OK,     9, 1232, true,  false, true },
	{ "client subnet behind others", "a.b A opt=3: opt=10:0102030405060708 ecs=::/0",
	                                                 QUERY_OK,      9, 1232, true,  false, true },
	{ "two client subnets",   "a.b A ecs=10.0.0.0/8 ecs=10.0.0.0/8",
	                                                 QUERY_FORMERR, 9, 1232, true,  false, false },
	{ "good subnet, octet behind", "a.b A ecs=10.0.0.0/8 hex=00",
	                                                 QUERY_FORMERR, 9, 1232, true,  false, false },
	{ "BADVERS",              "a.b A version=1",     QUERY_BADVERS, 9, 1232, true,  false, false },
	{ "BADVERS then cut",     "a.b A version=1 ar=2", QUERY_FORMERR, 9, 1232, true, false, false },
	{ "two OPTs, one later",  "a.b A version=1 opt2", QUERY_FORMERR, 9, 1232, true, false, false },
	{ "STATUS",               "a.b A opcode=2 edns", QUERY_NOTIMP,  9, 1232, true,  false, false },
	{ "STATUS with subnet",   "a.b A opcode=2 ecs=10.0.0.0/8",
	                                                 QUERY_NOTIMP,  9, 1232, true,  false, false },
	{ "STATUS, nothing else", "a.b A opcode=2 qd=0 cut=9", QUERY_NOTIMP, 0, 0, false, false, false },
	{ "no question, a cookie", "a.b A empty opt=10:0102030405060708",
	                                                 QUERY_EMPTY,   0, 1232, true,  false, false },
	{ "no question, BADVERS", "a.b A empty version=1", QUERY_BADVERS, 0, 1232, true, false, false },
	{ "no question, a bad cookie", "a.b A empty opt=10:00", QUERY_EMPTY, 0, 1232, true, false, false },
	{ "NOTIFY",               "a.b A opcode=4",      QUERY_REFUSED, 9, 0,    false, false, false },
	{ "UPDATE",               "a.b A opcode=5 edns", QUERY_REFUSED, 9, 1232, true,  false, false },
	{ "NOTIFY, nothing else", "a.b A opcode=4 qd=0 cut=9", QUERY_REFUSED, 0, 0, false, false, false },
	{ "a response",           "a.b A qr",            QUERY_DROP,    0, 0,    false, false, false },
	{ "a NOTIFY response",    "a.b A qr opcode=4",   QUERY_DROP,    0, 0,    false, false, false },
	{ "two questions",        "a.b A qd=2 hex=0000010001", QUERY_FORMERR, 0, 0, false, false, false },
	{ "no question",          "a.b A qd=0 cut=9",    QUERY_EMPTY,   0, 0,    false, false, false },
};
/* clang-format on */

static void check_values(const struct query_row *row, const struct query *q)
{
	if (q->question_len != row->question_len ||
	    q->udp_size != row->udp_size || q->edns != row->edns ||
	    q->dnssec_ok != row->dnssec_ok || q->has_ecs != row->has_ecs)
		fail_msg("%s: question %u size %u edns %d do %d ecs %d",
			 row->title, q->question_len, q->udp_size, q->edns,
			 q->dnssec_ok, q->has_ecs);
}

static void test_values(void **state)
{
	static uint8_t octets[ASK_OCTETS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = ask_write(rows[i].words, octets);
		struct query q = { 0 };
		enum query_verdict verdict = query_parse(octets, len, &q);

		if (verdict != rows[i].verdict)
			fail_msg("%s: verdict %d", rows[i].title, verdict);
		check_values(&rows[i], &q);
	}
}

/*
 * A message cut anywhere is dropped below 12 octets and FORMERR from there
 * on; copies of exact size, so that a sanitizer sees each octet beyond.
 */
static void test_cut_anywhere(void **state)
{
	static uint8_t octets[ASK_OCTETS_MAX];
	size_t len = ask_write("www.gslb.example A rr ecs=2001:db8::/56 "
			       "opt=10:0102030405060708",
			       octets);

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		uint8_t *copy = malloc(cut + 1);
		enum query_verdict verdict;
		struct query q;

		assert_non_null(copy);
		memmove(copy + 1, octets, cut);
		verdict = query_parse(copy + 1, cut, &q);
		free(copy);
		assert_int_equal(verdict, cut < 12    ? QUERY_DROP
					  : cut < len ? QUERY_FORMERR
						      : QUERY_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
