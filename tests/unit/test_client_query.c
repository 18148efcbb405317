/* SPDX-License-Identifier: Apache-2.0 */
/* client_query: what is asked, and what of an answer is heard. */
#include "health/client_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ID = 0x1234, HEADER = 12, MOST = 512 };

static struct client_query query_of(enum asked_kind kind, const char *fqdn)
{
	const struct net_prefix v4 = { net_from_v4(0xc6336400u), 24 };
	struct client_query q;

	assert_true(client_query_init(&q, fqdn, kind, &v4, ID));
	return q;
}

/* Octet for octet. */
static void test_octets(void **state)
{
	static const uint8_t wanted[] = {
		0x12,        0x34, 0, 0,   0,   1,   0,  0,   0,   0,
		0,           1,    3, 'w', 'w', 'w', 4,  't', 'e', 's',
		't',         0,    0, 1,   0,   1,   0,  0,   41,  1232 >> 8,
		1232 & 0xff, 0,    0, 0,   0,   0,   11, 0,   8,   0,
		7,           0,    1, 24,  0,   198, 51, 100,
	};
	struct client_query q = query_of(ASKED_A, "www.test.");

	(void)state;
	assert_int_equal(q.len, sizeof(wanted));
	assert_memory_equal(q.octets, wanted, sizeof(wanted));
}

static void test_prefixes(void **state)
{
	const struct net_prefix v6 = { { NET_V6, { 0x20, 1, 0xd, 0xb8, 0, 7 } },
				       48 };
	static const uint8_t option[] = { 0, 8,    0, 10,  0,    2, 48,
					  0, 0x20, 1, 0xd, 0xb8, 0, 7 };
	struct client_query q;

	(void)state;
	assert_true(client_query_init(&q, "*.test.", ASKED_AAAA, &v6, ID));
	assert_memory_equal(q.octets + q.len - sizeof(option), option,
			    sizeof(option));
	/* A wildcard is no name to ask for. */
	assert_memory_equal(q.octets + HEADER, "\017windrose-verify\4test", 21);
}

/* An answer to www.test. A: the parts that are put together. */
struct parts {
	const char *title;
	unsigned flags; /* the header's second word; 0: QR and AA */
	unsigned id;    /* 0: ours */
	const char *records, *options; /* octets, in hex */
	unsigned answers;
	unsigned type;     /* asked, 0: A */
	unsigned extended; /* RCODE's upper octet */
	size_t cut;
	/* What is heard of it. */
	enum outcome outcome;
	bool truncated;
	struct said said;
};

#define RR_A       \
	"c00c"     \
	"0001"     \
	"0001"     \
	"0000003c" \
	"0004"
#define RR_CNAME   \
	"c00c"     \
	"0005"     \
	"0001"     \
	"0000003c" \
	"0004"     \
	"0141c010"

/* clang-format off */
static const struct parts rows[] = {
	{ "one address and the subnet", .records = RR_A "c0000201", .answers = 1, .options = "00080007" "00011818" "c63364",
	  .outcome = OUTCOME_OK, .said = { .subnet = true, .count = 1 } },
	{ "two addresses, no subnet", .records = RR_A "c0000201" RR_A "c0000202", .answers = 2,
	  .outcome = OUTCOME_OK, .said = { .count = 2 } },
	{ "an alias where an address was asked for", .records = RR_CNAME, .answers = 1, .outcome = OUTCOME_OK },
	{ "none", .options = "00080007" "00011818" "c63364", .outcome = OUTCOME_OK, .said = { .subnet = true } },
	{ "health is not heard of", .options = "000f0002" "0003", .outcome = OUTCOME_OK, .said = { .held = true } },
	{ "too much is down", .options = "000f0003" "000041", .outcome = OUTCOME_OK, .said = { .deferred = true } },
	{ "another extended error", .options = "000f0002" "0012", .outcome = OUTCOME_OK },
	{ "all of them", .options = "000f0002" "0003" "00080007" "00011818" "c63364", .outcome = OUTCOME_OK,
	  .said = { .held = true, .subnet = true } },
	{ "REFUSED", .flags = 0x8005, .outcome = OUTCOME_OK, .said = { .rcode = 5 } },
	{ "truncated", .flags = 0x8200, .outcome = OUTCOME_UNKNOWN, .truncated = true },
	{ "a cookie is wanted", .flags = 0x8007, .extended = 1, .outcome = OUTCOME_OK, .truncated = true, .said = { .rcode = 23 } },
	{ "another ID", .id = 0x4321, .outcome = OUTCOME_UNKNOWN },
	{ "no response", .flags = 0x0100, .outcome = OUTCOME_UNKNOWN },
	{ "another question", .type = 28, .outcome = OUTCOME_UNKNOWN },
	{ "cut", .records = RR_A "c0000201", .answers = 1, .cut = 3, .outcome = OUTCOME_PROTOCOL },
};
/* clang-format on */

static size_t put_hex(uint8_t *out, const char *hex)
{
	size_t len = 0;

	for (; hex != NULL && *hex != '\0'; hex += 2) {
		char digits[3] = { hex[0], hex[1], '\0' };

		out[len++] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return len;
}

static size_t make(const struct parts *p, const struct client_query *q,
		   uint8_t out[MOST])
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
	unsigned id = p->id == 0 ? ID : p->id;
	unsigned flags = p->flags == 0 ? 0x8400 : p->flags;
	size_t len = HEADER + 14, options;

	memcpy(out, q->octets, len);
	out[0] = (uint8_t)(id >> 8);
	out[1] = (uint8_t)id;
	out[2] = (uint8_t)(flags >> 8);
	out[3] = (uint8_t)flags;
	out[7] = (uint8_t)p->answers;
	if (p->type != 0)
		out[len - 3] = (uint8_t)p->type;
	len += put_hex(out + len, p->records);
	memcpy(out + len, opt, sizeof(opt));
	out[len + 5] = (uint8_t)p->extended;
	options = put_hex(out + len + sizeof(opt), p->options);
	out[len + 10] = (uint8_t)options;
	return len + sizeof(opt) + options - p->cut;
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct parts *p = &rows[i];
		struct client_query q = query_of(ASKED_A, "www.test.");
		struct said said = { 0 };
		uint8_t octets[MOST];
		size_t len = make(p, &q, octets);
		struct reply reply = client_query_read(&q, octets, len, &said);

		if (reply.outcome != p->outcome ||
		    reply.truncated != p->truncated ||
		    said.rcode != p->said.rcode ||
		    said.count != p->said.count ||
		    said.subnet != p->said.subnet ||
		    said.held != p->said.held ||
		    said.deferred != p->said.deferred || said.alias[0] != '\0')
			fail_msg("%s: outcome %d, RCODE %u, %zu addresses, "
				 "subnet %d, held %d, deferred %d",
				 p->title, reply.outcome, said.rcode,
				 said.count, said.subnet, said.held,
				 said.deferred);
		if (said.count > 0)
			assert_int_equal(net_v4(&said.addresses[0]),
					 0xc0000201u);
	}
}

static void test_alias(void **state)
{
	const struct parts p = { .records = RR_CNAME, .answers = 1, .type = 5 };
	struct client_query q = query_of(ASKED_CNAME, "www.test.");
	struct said said = { 0 };
	uint8_t octets[MOST];
	size_t len = make(&p, &q, octets);

	(void)state;
	assert_int_equal(client_query_read(&q, octets, len, &said).outcome,
			 OUTCOME_OK);
	assert_string_equal(said.alias, "a.test.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
