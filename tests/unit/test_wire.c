/* SPDX-License-Identifier: Apache-2.0 */
/* wire: nothing is read or written outside, and that it was tried is known. */
#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_never_writes_past_cap(void **state)
{
	(void)state;
	for (size_t cap = 0; cap <= 8; cap++) {
		uint8_t octets[12];
		struct wire w = wire_over(octets, cap);

		memset(octets, 0xa5, sizeof(octets));
		wire_put_u16(&w, 0x1234);
		wire_put_u32(&w, 0xdeadbeef);
		wire_put_u8(&w, 0x7f);
		assert_int_equal(wire_ok(&w), cap >= 7);
		assert_true(w.len <= cap);
		for (size_t i = cap; i < sizeof(octets); i++)
			assert_int_equal(octets[i], 0xa5);
	}
}

static void test_stays_full(void **state)
{
	uint8_t octets[4];
	struct wire w = wire_over(octets, sizeof(octets));

	(void)state;
	wire_put_u8(&w, 1);
	wire_put_u32(&w, 2);
	wire_put_u8(&w, 3); /* would fit, but a hole is worse than nothing */
	assert_false(wire_ok(&w));
	assert_int_equal(w.len, 1);
	wire_rewind(&w, 0);
	assert_true(wire_ok(&w));
	wire_put_u32(&w, 0x01020304);
	assert_true(wire_ok(&w));
	wire_patch_u16(&w, 2, 0x0a0b);
	assert_memory_equal(octets, "\1\2\12\13", 4);
	wire_patch_u32(&w, 0, 0x61626364);
	assert_memory_equal(octets, "abcd", 4);
}

static void test_reads_what_is_there(void **state)
{
	static const uint8_t octets[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct reader r = reader_over(octets, sizeof(octets));

	(void)state;
	assert_int_equal(reader_u8(&r), 1);
	assert_int_equal(reader_u16(&r), 0x0203);
	assert_int_equal(reader_u32(&r), 0x04050607);
	assert_int_equal(reader_left(&r), 1);
	assert_int_equal(reader_u16(&r), 0);
	assert_false(reader_ok(&r));
	assert_int_equal(reader_u8(&r), 0); /* there, but too late */
	assert_null(reader_take(&r, 0));
	assert_int_equal(r.at, 7);
}

/* clang-format off */
static const struct skip_row {
	const char *title, *octets;
	size_t len, at;
	bool ok;
} skips[] = {
	{ "the root",             "\0x", 2,            1, true },
	{ "labels",               "\1a\2bc\0x", 7,     6, true },
	{ "a pointer",            "\xc0\x0cx", 3,      2, true },
	{ "labels and a pointer", "\1a\xff\xffx", 5,   4, true },
	{ "label type 01",        "\x40\0", 2,         0, false },
	{ "label type 10",        "\xbf\0", 2,         0, false },
	{ "half a pointer",       "\xc0", 1,           0, false },
	{ "half a label",         "\3ab", 3,           0, false },
	{ "no root",              "\1a", 2,            0, false },
};
/* clang-format on */

static void test_skips_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(skips) / sizeof(skips[0]); i++) {
		const struct skip_row *row = &skips[i];
		struct reader r =
			reader_over((const uint8_t *)row->octets, row->len);

		reader_skip_name(&r);
		if (reader_ok(&r) != row->ok || r.at != row->at)
			fail_msg("%s", row->title);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_writes_past_cap),
		cmocka_unit_test(test_stays_full),
		cmocka_unit_test(test_reads_what_is_there),
		cmocka_unit_test(test_skips_names),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
