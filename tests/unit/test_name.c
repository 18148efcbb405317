/* SPDX-License-Identifier: Apache-2.0 */
/* name: what is a name on the wire and in text, folding, suffixes, hashes. */
#include "dns/name.h"
#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct read_row {
	const char *title;
	const char *octets;
	size_t len;
	const char *text; /* NULL: refused */
	unsigned labels;
} reads[] = {
	{ "the root",               "\0", 1,                  ".",          0 },
	{ "two labels",             "\3www\2ab\0", 8,         "www.ab.",    2 },
	{ "capitals are folded",    "\3WwZ\2AB\0", 8,         "wwz.ab.",    2 },
	{ "only ASCII letters are", "\4@[`{\0", 6,            "\\@[`{.",    1 },
	{ "octets above 127 stay",  "\3\xc1\xda\x41\0", 5,
	  "\\193\\218a.", 1 },
	{ "a dot in a label",       "\3a.b\0", 5,             "a\\.b.",     1 },
	{ "a NUL in a label",       "\3a\0b\0", 5,            "a\\000b.",   1 },
	{ "no octets",              "", 0,                    NULL,         0 },
	{ "no root",                "\3www", 4,               NULL,         0 },
	{ "a label cut off",        "\3ww", 3,                NULL,         0 },
	{ "a pointer",              "\xc0\0", 2,              NULL,         0 },
	{ "a pointer behind",       "\1a\xc0\0", 4,           NULL,         0 },
	{ "label type 01",          "\x41\0\0", 3,            NULL,         0 },
	{ "label type 10",          "\x81\0\0", 3,            NULL,         0 },
	{ "octets after it",        "\1a\0x", 4,              NULL,         0 },
};
/* clang-format on */

static void test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		const struct read_row *row = &reads[i];
		const uint8_t *octets = (const uint8_t *)row->octets;
		char text[NAME_TEXT_SIZE];
		struct name name;
		bool ok;

		memset(&name, 0xff, sizeof(name));
		ok = name_from_wire(octets, row->len, &name);
		if (ok != (row->text != NULL))
			fail_msg("%s", row->title);
		if (!ok)
			continue;
		name_text(name.octets, name.len, text);
		if (strcmp(text, row->text) != 0 ||
		    name.labels != row->labels || name.len != row->len)
			fail_msg("%s: %s", row->title, text);
	}
}

/* The longest names there are, and one octet more. */
static void test_limits(void **state)
{
	uint8_t octets[260];
	struct name name;

	(void)state;
	for (size_t i = 0; i < 254; i += 2)
		memcpy(octets + i, "\1x", 2);
	octets[254] = 0;
	assert_true(name_from_wire(octets, 255, &name));
	assert_int_equal(name.labels, NAME_LABELS_MAX);
	assert_int_equal(name.at[NAME_LABELS_MAX], 254);
	memcpy(octets + 252, "\2xx\0", 4);
	assert_false(name_from_wire(octets, 256, &name));
	memset(octets, 'x', sizeof(octets));
	octets[0] = octets[64] = octets[128] = 63;
	octets[192] = 61;
	octets[254] = 0;
	assert_true(name_from_wire(octets, 255, &name));
	assert_int_equal(name.labels, 4);
	octets[192] = 62;
	octets[255] = 0;
	assert_false(name_from_wire(octets, 256, &name));
}

/* clang-format off */
static const struct text_row {
	const char *text, *back; /* back NULL: refused */
} texts[] = {
	{ ".",              "." },
	{ "a",              "a." },
	{ "a.b.",           "a.b." },
	{ "A.B",            "a.b." },
	{ "*.pool.x",       "*.pool.x." },
	{ "a\\.b.c",        "a\\.b.c." },
	{ "\\065\\000.c",   "a\\000.c." },
	{ "\\a\\b",         "ab." },
	{ "",               NULL },
	{ "..",             NULL },
	{ ".a",             NULL },
	{ "a..b",           NULL },
	{ "a\\",            NULL },
	{ "a\\25",          NULL },
	{ "a\\256",         NULL },
	{ "a\\1x2",         NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa." },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  NULL },
};
/* clang-format on */

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[NAME_TEXT_SIZE];
		struct name name;
		bool ok = name_from_text(texts[i].text, &name);

		if (ok != (texts[i].back != NULL))
			fail_msg("\"%s\"", texts[i].text);
		if (ok)
			assert_string_equal(name_text(name.octets, name.len,
						      text),
					    texts[i].back);
	}
}

/* Every octet: folded as the C library's tolower() would in the C locale. */
static void test_folding(void **state)
{
	(void)state;
	for (unsigned octet = 0; octet < 256; octet++)
		for (size_t at = 1; at < 20; at++) {
			uint8_t octets[22] = { [0] = 20 };
			struct name name;

			octets[at] = (uint8_t)octet;
			assert_true(name_from_wire(octets, 22, &name));
			assert_int_equal(name.octets[at],
					 octet >= 'A' && octet <= 'Z'
						 ? octet + 32
						 : octet);
			assert_int_equal(name.octets[at + 1], 0);
		}
}

static void test_suffixes(void **state)
{
	struct name name, apex, other, beside;

	(void)state;
	assert_true(name_from_text("a.bb.gslb.EXAMPLE", &name));
	assert_true(name_from_text("gslb.example", &apex));
	assert_true(name_from_text("b.gslb.example", &other));
	assert_true(name_from_text("xgslb.example", &beside));
	assert_true(name_within(&name, &apex));
	assert_true(name_within(&apex, &apex));
	assert_false(name_within(&apex, &name));
	assert_false(name_within(&beside, &apex));
	assert_true(name_suffix_is(&name, 2, apex.octets, apex.len));
	assert_false(name_suffix_is(&name, 1, other.octets, other.len));
	assert_true(name_hash(&name, 2) == name_hash(&apex, 0));
	assert_true(name_hash(&name, 0) != name_hash(&apex, 0));
	assert_true(name_hash(&name, 4) == name_hash(&beside, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),     cmocka_unit_test(test_limits),
		cmocka_unit_test(test_text),     cmocka_unit_test(test_folding),
		cmocka_unit_test(test_suffixes),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
