/* SPDX-License-Identifier: Apache-2.0 */
/* base: errors, arena, addresses, hash, options, nearest words. */
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/base/nearest.h"
#include "policy/base/net.h"
#include "policy/base/news.h"
#include "policy/base/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_errors_sort_by_place(void **state)
{
	struct errors errs = { 0 };

	(void)state;
	errors_add(&errs, 0, (struct place){ "b", 1, 1 }, "third");
	errors_add(&errs, 0, (struct place){ "a", 2, 5 }, "second");
	errors_warn(&errs, 0, (struct place){ "a", 2, 1 }, "first");
	errors_add(&errs, 0, (struct place){ "b", 1, 1 }, "fourth");
	errors_sort(&errs);
	assert_int_equal(errs.count, 4);
	assert_int_equal(errs.fatal, 3);
	assert_string_equal(errs.list[0].error.text, "first");
	assert_string_equal(errs.list[1].error.text, "second");
	assert_string_equal(errs.list[2].error.text, "third");
	assert_string_equal(errs.list[3].error.text, "fourth");
	errors_fini(&errs);
}

static void test_error_line(void **state)
{
	struct error err;
	char buf[64];

	(void)state;
	error_at(&err, (struct place){ "www.yaml", 14, 9 }, "no %s", "way");
	assert_string_equal(error_line(&err, buf, sizeof(buf)),
			    "www.yaml:14:9: no way");
	assert_string_equal(error_line(&err, buf, 12), "www.yaml:14");
}

static void test_arena_zeroes_and_refuses_overflow(void **state)
{
	struct arena *a = arena_new();
	unsigned char *big;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		unsigned char *p = arena_alloc(a, 1, i % 300);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (unsigned j = 0; j < i % 300; j++)
			assert_int_equal(p[j], 0);
		if (i % 300 > 0)
			memset(p, 0xff, i % 300);
	}
	big = arena_alloc(a, 1000, 1000);
	assert_non_null(big);
	assert_int_equal(big[999999], 0);
	assert_null(arena_alloc(a, SIZE_MAX / 4, 8));
	assert_string_equal(arena_text(a, "abcdef", 3), "abc");
	arena_free(a);
	arena_free(NULL);
}

/* clang-format off */
static const struct prefix_row {
	const char *text;
	bool ok, host_bits;
	const char *back;
} prefixes[] = {
	{ "192.0.2.0/24",    true,  false, "192.0.2.0/24" },
	{ "192.0.2.1",       true,  false, "192.0.2.1/32" },
	{ "192.0.2.1/24",    false, true,  NULL },
	{ "0.0.0.0/0",       true,  false, "0.0.0.0/0" },
	{ "192.0.2.0/33",    false, false, NULL },
	{ "192.0.2.0/",      false, false, NULL },
	{ "192.0.2.0/2x",    false, false, NULL },
	{ "192.0.2.0/-1",    false, false, NULL },
	{ "2001:db8::/32",   true,  false, "2001:db8::/32" },
	{ "2001:db8::1/127", false, true,  NULL },
	{ "2001:db8::/129",  false, false, NULL },
	{ "2001:DB8::",      true,  false, "2001:db8::/128" },
	{ "1.2.3",           false, false, NULL },
	{ "",                false, false, NULL },
};
/* clang-format on */

static void test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const struct prefix_row *row = &prefixes[i];
		struct net_prefix p;
		char buf[NET_TEXT_SIZE];
		bool host_bits;
		bool ok = net_prefix_parse(row->text, &p, &host_bits);

		if (ok != row->ok || host_bits != row->host_bits)
			fail_msg("%s: parsed %d, host bits %d", row->text, ok,
				 host_bits);
		if (ok)
			assert_string_equal(net_prefix_text(&p, buf),
					    row->back);
	}
}

static void test_mask_and_within(void **state)
{
	struct net_prefix p;
	struct net_addr a;

	(void)state;
	assert_true(net_prefix_parse("10.128.0.0/9", &p, NULL));
	assert_true(net_addr_parse("10.200.1.2", &a));
	assert_true(net_within(&p, &a));
	assert_true(net_addr_parse("10.127.255.255", &a));
	assert_false(net_within(&p, &a));
	assert_true(net_addr_parse("::a80:0", &a));
	assert_false(net_within(&p, &a));
}

static void test_hash_is_for_ever(void **state)
{
	struct net_addr a, b;

	(void)state;
	/* FNV-1a's own published vectors. */
	assert_true(hash_octets(HASH_FNV_OFFSET, "", 0) ==
		    UINT64_C(0xcbf29ce484222325));
	assert_true(hash_octets(HASH_FNV_OFFSET, "a", 1) ==
		    UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_octets(HASH_FNV_OFFSET, "foobar", 6) ==
		    UINT64_C(0x85944171f73967e8));
	assert_true(net_addr_parse("192.0.2.1", &a));
	assert_true(net_addr_parse("192.0.2.200", &b));
	assert_true(hash_client(&a, 24) == hash_client(&b, 24));
	assert_true(hash_client(&a, 32) != hash_client(&b, 32));
	assert_true(hash_client(&a, 200) == hash_client(&a, 32));
}

static void test_options(void **state)
{
	bool flag = false;
	const char *text = NULL;
	struct option_list list = { 0 };
	unsigned number = 7;
	const struct option_row rows[] = {
		{ "flag", OPTION_FLAG, &flag, NULL, "", 0, 0 },
		{ "text", OPTION_TEXT, &text, "T", "", 0, 0 },
		{ "list", OPTION_LIST, &list, "L", "", 0, 0 },
		{ "number", OPTION_NUMBER, &number, "N", "", 1, 9 },
	};
	char *argv[] = { (char[]){ "p" },        (char[]){ "one" },
			 (char[]){ "--flag" },   (char[]){ "--text=x" },
			 (char[]){ "--list" },   (char[]){ "a" },
			 (char[]){ "--list=b" }, (char[]){ "--number" },
			 (char[]){ "9" },        (char[]){ "--" },
			 (char[]){ "--two" } };
	char *wrong[] = { (char[]){ "p" }, (char[]){ "--numbr=3" } };
	char *big[] = { (char[]){ "p" }, (char[]){ "--number=10" } };
	char *none[] = { (char[]){ "p" }, (char[]){ "--text" } };
	const char *operands[11];
	struct error err;

	(void)state;
	assert_int_equal(option_parse(rows, 4, 11, argv, operands, &err), 2);
	assert_true(flag);
	assert_string_equal(text, "x");
	assert_int_equal(list.count, 2);
	assert_int_equal(number, 9);
	assert_string_equal(operands[1], "--two");
	assert_int_equal(option_parse(rows, 4, 2, wrong, operands, &err), -1);
	assert_string_equal(err.text, "option --numbr is not known; did you "
				      "mean --number?");
	assert_int_equal(option_parse(rows, 4, 2, big, operands, &err), -1);
	assert_string_equal(err.text,
			    "option --number is \"10\"; it must be 1..9");
	assert_int_equal(option_parse(rows, 4, 2, none, operands, &err), -1);
	assert_string_equal(err.text, "option --text needs a value: T");
}

static void test_nearest(void **state)
{
	const char *known[] = { "eu-west", "us-east", "ap-south" };

	(void)state;
	assert_string_equal(nearest_word("eu-wst", known, 3), "eu-west");
	assert_string_equal(nearest_word("us-esat", known, 3), "us-east");
	assert_null(nearest_word("mars", known, 3));
	assert_int_equal(nearest_distance("ca", "abc"), 3);
	assert_int_equal(nearest_distance("", "abc"), 3);
}

static void test_news(void **state)
{
	struct news news = { 0 };

	(void)state;
	assert_true(news_of(&news, "eu", "unsigned", 0));
	assert_false(news_of(&news, "eu", "unsigned", 1000));
	/* Another trouble is told, but not one a second. */
	assert_false(news_of(&news, "eu", "too large", NEWS_REST_MS - 1));
	assert_true(news_of(&news, "eu", "too large", NEWS_REST_MS));
	assert_false(news_of(&news, "eu", "too large", 10 * NEWS_REST_MS));
	/* In turns they keep quiet, each of the same. */
	assert_true(news_of(&news, "us", "too large", 50000));
	assert_false(news_of(&news, "eu", "too large", 50000));
	assert_false(news_of(&news, "us", "too large", 50000));
	news_over(&news, "eu");
	assert_true(news_of(&news, "eu", "too large", 50000));
	assert_false(news_of(&news, "us", "too large", 50000));
}

static unsigned told_of(struct news *news, int keys, int64_t now_ms)
{
	unsigned told = 0;
	char key[16];

	for (int i = 0; i < keys; i++) {
		snprintf(key, sizeof(key), "v%d", i);
		told += news_of(news, key, "garbage", now_ms);
	}
	return told;
}

/* Thousands of keys are told of a few times; once they are gone, others are. */
static void test_news_of_many(void **state)
{
	struct news news = { 0 };

	(void)state;
	/* Those of a fleet each. */
	assert_int_equal(told_of(&news, NEWS_PLACES, 0), NEWS_PLACES);
	for (int64_t ms = 5000; ms < 100000; ms += 5000)
		assert_int_equal(told_of(&news, 4096, ms), 0);
	assert_false(news_of(&news, "eu", "garbage", 100000));
	assert_true(news_of(&news, "eu", "garbage", 95000 + NEWS_HELD_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_sort_by_place),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_news_of_many),
		cmocka_unit_test(test_error_line),
		cmocka_unit_test(test_arena_zeroes_and_refuses_overflow),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_mask_and_within),
		cmocka_unit_test(test_hash_is_for_ever),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
