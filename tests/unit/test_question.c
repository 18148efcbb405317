/* SPDX-License-Identifier: Apache-2.0 */
/* question: what a dns check asks, and what every kind of answer is worth. */
#include "health/question.h"
#include "tests/unit/forged_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { A = 1, MX = 15, TXT = 16, ID = 0x1234 };

#define A_RR "www.example.test. 60 IN A 192.0.2.1"
#define OTHER_A_RR "www.example.test. 60 IN A 192.0.2.2"
#define ALIAS_RR "www.example.test. 60 IN CNAME lb.example.test."
#define ALIASED_RR "lb.example.test. 60 IN A 192.0.2.1"

/* clang-format off */
static const struct row {
	const char *title;
	unsigned type, rcode; /* asked and expected */
	const char *rdata;
	struct forged_reply reply;
	const char *outcome; /* "unknown": not an answer to this */
} rows[] = {
	{ "a record",           A, 0, NULL, { .answers = { A_RR } }, "ok" },
	{ "no record, none expected", A, 0, NULL, { 0 }, "ok" },
	{ "the record",         A, 0, "192.0.2.1", { .answers = { A_RR } }, "ok" },
	{ "the second record",  A, 0, "192.0.2.1",
	  { .answers = { OTHER_A_RR, A_RR } }, "ok" },
	{ "behind an alias",    A, 0, "192.0.2.1",
	  { .answers = { ALIAS_RR, ALIASED_RR } }, "ok" },
	{ "another record",     A, 0, "192.0.2.1",
	  { .answers = { OTHER_A_RR } }, "rdata" },
	{ "no record",          A, 0, "192.0.2.1", { 0 }, "rdata" },
	{ "the same octets of another type", A, 0, "192.0.2.1",
	  { .answers = { "www.example.test. 60 IN TYPE65280 \\# 4 c0000201" } },
	  "rdata" },
	{ "names whatever their case", MX, 0, "10 Mail.Example.test.",
	  { .answers = { "www.example.test. 60 IN MX 10 mAIL.example.test." } },
	  "ok" },
	{ "another preference", MX, 0, "10 mail.example.test.",
	  { .answers = { "www.example.test. 60 IN MX 20 mail.example.test." } },
	  "rdata" },
	{ "text as it is written", TXT, 0, "\"Up and well\"",
	  { .answers = { "www.example.test. 60 IN TXT \"Up and well\"" } },
	  "ok" },
	{ "text of another case", TXT, 0, "\"Up and well\"",
	  { .answers = { "www.example.test. 60 IN TXT \"up and well\"" } },
	  "rdata" },
	{ "more text than is expected", TXT, 0, "\"Up\"",
	  { .answers = { "www.example.test. 60 IN TXT \"Up\" \"not\"" } },
	  "rdata" },
	{ "SERVFAIL",           A, 0, NULL, { .rcode = 2 }, "rcode-SERVFAIL" },
	{ "NXDOMAIN, expected", A, 3, NULL, { .rcode = 3 }, "ok" },
	{ "NXDOMAIN expected, and it exists", A, 3, NULL,
	  { .answers = { A_RR } }, "rcode-NOERROR" },
	{ "an RCODE without a word", A, 0, NULL, { .rcode = 9 }, "rcode-9" },
	{ "another case of the name", A, 0, NULL,
	  { .other_name = "WWW.Example.TEST." }, "ok" },
	{ "another ID",         A, 0, NULL, { .other_id = true }, "unknown" },
	{ "a query",            A, 0, NULL, { .no_qr = true }, "unknown" },
	{ "another opcode",     A, 0, NULL, { .notify = true }, "unknown" },
	{ "another name",       A, 0, NULL, { .other_name = "example.test." },
	  "unknown" },
	{ "another type",       A, 0, NULL, { .other_type = 28 }, "unknown" },
	{ "another class",      A, 0, NULL, { .other_class = 3 }, "unknown" },
	{ "no question",        A, 0, NULL, { .no_question = true }, "unknown" },
	{ "no question, REFUSED", A, 0, NULL,
	  { .no_question = true, .rcode = 5 }, "unknown" },
	{ "no question, FORMERR", A, 0, NULL,
	  { .no_question = true, .rcode = 1 }, "rcode-FORMERR" },
	{ "two questions",      A, 0, NULL, { .two_questions = true },
	  "unknown" },
	{ "cut in a record",    A, 0, NULL,
	  { .answers = { A_RR }, .cut = 3 }, "protocol" },
	{ "cut in the question", A, 0, NULL, { .cut = 3 }, "protocol" },
	{ "cut in the header",  A, 0, NULL, { .cut = 34 - 11 }, "unknown" },
};
/* clang-format on */

static struct question ask(const struct row *row)
{
	struct policy_check check = { .query_type = (uint16_t)row->type,
				      .rcode = row->rcode,
				      .rdata = row->rdata };
	struct question q;

	assert_true(question_init(&q, &check, "www.example.test", ID));
	return q;
}

static void test_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct question q = ask(&rows[i]);
		uint8_t octets[FORGED_REPLY_MAX];
		size_t len = forged_reply_make(&rows[i].reply, q.octets, q.len,
					       octets);
		struct reply reply = question_read(&q, octets, len);
		const struct observation seen = { .outcome = reply.outcome,
						  .status = reply.rcode };
		char text[OUTCOME_TEXT_SIZE];

		if (strcmp(outcome_text(&seen, text), rows[i].outcome) != 0)
			fail_msg("%s: %s", rows[i].title, text);
		assert_false(reply.truncated);
		question_fini(&q);
	}
}

/* Of whatever follows: records may be cut anywhere. */
static void test_truncated(void **state)
{
	const struct forged_reply plans[] = {
		{ .truncated = true },
		{ .truncated = true, .answers = { A_RR }, .cut = 5 },
		{ .truncated = true, .other_id = true },
	};
	struct question q = ask(&rows[0]);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t octets[FORGED_REPLY_MAX];
		size_t len =
			forged_reply_make(&plans[i], q.octets, q.len, octets);
		struct reply reply = question_read(&q, octets, len);

		assert_int_equal(reply.outcome, OUTCOME_UNKNOWN);
		assert_int_equal(reply.truncated, !plans[i].other_id);
	}
	question_fini(&q);
}

/* RFC 1035, 4.1: the header with RD, the name, the type, the class. */
static void test_query(void **state)
{
	static const uint8_t octets[] = "\x12\x34\x01\x00\0\x01\0\0\0\0\0\0"
					"\x03www\x07"
					"example\x04test\0\0\x01\0\x01";
	struct question q = ask(&rows[0]);

	(void)state;
	assert_int_equal(q.len, sizeof(octets) - 1);
	assert_memory_equal(q.octets, octets, q.len);
	question_fini(&q);
}

/* The longest name there is still fits. */
static void test_long_name(void **state)
{
	const struct policy_check check = { .query_type = A };
	struct question q;
	char name[254];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	assert_true(question_init(&q, &check, name, ID));
	assert_int_equal(q.len, 12 + 255 + 4);
	question_fini(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests_name("question", tests, NULL, NULL);
}
