/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cookie: the hash, against its paper's vectors; server cookies, against RFC
 * 9018's; secrets from text.  What a query with a cookie is answered is in
 * tests/data/dns/answer.cases.
 */
#include "dns/cookie.h"
#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* SipHash, appendix A: key 00..0f, input 00..(length - 1). */
static const struct hash_row {
	size_t len;
	uint64_t hash;
} hashes[] = {
	{ 0, UINT64_C(0x726fdb47dd0e0e31) },
	{ 1, UINT64_C(0x74f839c593dc67fd) },
	{ 7, UINT64_C(0xab0200f58b01d137) },
	{ 8, UINT64_C(0x93f5f5799a932462) },
	{ 15, UINT64_C(0xa129ca6149be45e5) },
	{ 63, UINT64_C(0x958a324ceb064572) },
};

static void test_hash(void **state)
{
	uint8_t octets[64];
	struct siphash_key key;

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	key = siphash_key_of(octets);
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (siphash(key, octets, hashes[i].len) != hashes[i].hash)
			fail_msg("length %zu", hashes[i].len);
}

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t count = 0;
	unsigned octet;

	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		out[count++] = (uint8_t)octet;
	return count;
}

#define OLD "dd3bdf9344b678b185a6f5cb60fca715\n"
#define NEW "445536bcd2513298075a5d379663c962\n"
#define ONE "e5e973e5a6b2a43f48e7dc849e37bfcf\n"

/* clang-format off */
static const struct turn_row {
	const char *title, *secrets, *client, *sent, *answered;
	uint32_t now_s;
	enum cookie_verdict verdict;
} turns[] = {
	{ "A.1: learning", ONE, "198.51.100.100", "2464c4abcf10c957",
	  "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
	  1559731985, COOKIE_CLIENT },
	{ "A.2: renewed after 40 minutes", ONE, "198.51.100.100",
	  "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
	  "2464c4abcf10c957010000005cf7a871d4a564a1442aca77",
	  1559734385, COOKIE_GOOD },
	{ "A.3: another client, reserved octets set, two hours later", ONE,
	  "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
	  "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
	  1559734700, COOKIE_BAD },
	{ "A.3: in its time", ONE,
	  "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
	  "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
	  0x5cf78f71, COOKIE_GOOD },
	{ "A.4: IPv6, the secret was rolled", NEW OLD,
	  "2001:db8:220:1:59de:d0f4:8769:82b8",
	  "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
	  "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
	  1559741961, COOKIE_GOOD },
	{ "A.4: the old secret was removed", NEW,
	  "2001:db8:220:1:59de:d0f4:8769:82b8",
	  "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
	  "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
	  1559741961, COOKIE_BAD },
	{ "another client's cookie", ONE, "198.51.100.100",
	  "2464c4abcf10c958010000005cf79f111f8130c3eee29480", NULL,
	  1559731985, COOKIE_BAD },
	{ "another address", ONE, "198.51.100.101",
	  "2464c4abcf10c957010000005cf79f111f8130c3eee29480", NULL,
	  1559731985, COOKIE_BAD },
	{ "another time", ONE, "198.51.100.100",
	  "2464c4abcf10c957010000005cf79f121f8130c3eee29480", NULL,
	  1559731985, COOKIE_BAD },
	{ "another version", ONE, "198.51.100.100",
	  "2464c4abcf10c957020000005cf79f111f8130c3eee29480", NULL,
	  1559731985, COOKIE_BAD },
	{ "one bit of the hash", ONE, "198.51.100.100",
	  "2464c4abcf10c957010000005cf79f111f8130c3eee29481", NULL,
	  1559731985, COOKIE_BAD },
	{ "an octet more", ONE, "198.51.100.100",
	  "2464c4abcf10c957010000005cf79f111f8130c3eee2948000", NULL,
	  1559731985, COOKIE_BAD },
};
/* clang-format on */

static void test_turns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		const struct turn_row *row = &turns[i];
		uint8_t sent[64], wanted[64], got[COOKIE_OCTETS];
		size_t len = from_hex(row->sent, sent);
		struct cookie_secrets secrets;
		struct cookie cookie;
		struct net_addr client;
		struct error err;

		print_message("# %s\n", row->title);
		assert_true(net_addr_parse(row->client, &client));
		assert_true(cookie_secrets_parse(row->secrets, "-", &secrets,
						 &err));
		assert_true(cookie_parse(sent, len, &cookie));
		assert_int_equal(cookie_turn(&cookie, &secrets, &client,
					     row->now_s, got),
				 row->verdict);
		if (row->answered == NULL)
			continue;
		assert_int_equal(from_hex(row->answered, wanted),
				 COOKIE_OCTETS);
		assert_memory_equal(got, wanted, COOKIE_OCTETS);
	}
}

/* Every cookie that is made is good at once, also where seconds wrap. */
static void test_round_trip(void **state)
{
	static const uint32_t times[] = { 0, 1, 1800, INT32_MAX, UINT32_MAX };
	struct net_addr client = net_from_v4(0x0a010203);
	struct cookie_secrets secrets;
	struct error err;

	(void)state;
	assert_true(cookie_secrets_parse(NEW OLD, "-", &secrets, &err));
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint8_t made[COOKIE_OCTETS], again[COOKIE_OCTETS];
		struct cookie cookie = { .client = { 1, 2, 3 } };

		cookie_turn(&cookie, &secrets, &client, times[i], made);
		assert_true(cookie_parse(made, sizeof(made), &cookie));
		assert_int_equal(cookie_turn(&cookie, &secrets, &client,
					     times[i] + COOKIE_RENEW_S, again),
				 COOKIE_GOOD);
		assert_memory_equal(made, again, COOKIE_OCTETS);
		assert_int_equal(cookie_turn(&cookie, &secrets, &client,
					     times[i] + COOKIE_PAST_S + 1,
					     again),
				 COOKIE_BAD);
	}
}

static void test_lengths(void **state)
{
	const uint8_t octets[64] = { 0 };
	struct cookie cookie;

	(void)state;
	for (size_t len = 0; len <= sizeof(octets); len++)
		assert_int_equal(cookie_parse(octets, len, &cookie),
				 len == 8 || (len >= 16 && len <= 40));
}

/* clang-format off */
static const struct secrets_row {
	const char *title, *text;
	size_t count; /* 0: an error */
	const char *error;
} texts[] = {
	{ "one",                    ONE, 1, NULL },
	{ "without a newline",      "e5e973e5a6b2a43f48e7dc849e37bfcf", 1, NULL },
	{ "two and a comment",      "# new first\n" NEW "\n" OLD, 2, NULL },
	{ "capitals, DOS lines",    "E5E973E5A6B2A43F48E7DC849E37BFCF\r\n", 1, NULL },
	{ "eight",                  ONE ONE ONE ONE ONE ONE ONE ONE "\n#\n", 8, NULL },
	{ "nine",                   ONE ONE ONE ONE ONE ONE ONE ONE ONE, 0,
	  "f:9: more than 8" },
	{ "empty",                  "", 0, "f: no cookie secret" },
	{ "only a comment",         "# none\n", 0, "f: no cookie secret" },
	{ "31 digits",              ONE "e5e973e5a6b2a43f48e7dc849e37bfc\n", 0,
	  "f:2: not a cookie secret" },
	{ "33 digits",              "e5e973e5a6b2a43f48e7dc849e37bfcf0\n", 0,
	  "f:1: not a cookie secret" },
	{ "no digit",               "e5e973e5a6b2a43f48e7dc849e37bfcg\n", 0,
	  "f:1: not a cookie secret" },
	{ "a blank behind",         "e5e973e5a6b2a43f48e7dc849e37bfcf \n", 0,
	  "f:1: not a cookie secret" },
};
/* clang-format on */

static void test_secrets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct secrets_row *row = &texts[i];
		struct cookie_secrets secrets = { .count = 77 };
		struct error err = { 0 };
		char line[300];

		print_message("# %s\n", row->title);
		assert_int_equal(cookie_secrets_parse(row->text, "f", &secrets,
						      &err),
				 row->count > 0);
		assert_int_equal(secrets.count,
				 row->count > 0 ? row->count : 77);
		if (row->error != NULL &&
		    strncmp(error_line(&err, line, sizeof(line)), row->error,
			    strlen(row->error)) != 0)
			fail_msg("%s", line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
