/* SPDX-License-Identifier: Apache-2.0 */
/* ecs: RFC 7871, 6, every form right and wrong; what is right comes back. */
#include "dns/ecs.h"
#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct ecs_row {
	const char *title, *octets; /* OPTION-DATA */
	size_t len;
	const char *prefix; /* NULL: malformed; "": no subnet */
} rows[] = {
	{ "IPv4 /24",              "\0\1\x18\0\xc0\0\2", 7,      "192.0.2.0/24" },
	{ "IPv4 /32",              "\0\1\x20\0\xc0\0\2\1", 8,    "192.0.2.1/32" },
	{ "IPv4 /23",              "\0\1\x17\0\xc0\0\2", 7,      "192.0.2.0/23" },
	{ "IPv4 /1",               "\0\1\1\0\x80", 5,            "128.0.0.0/1" },
	{ "IPv4 /0",               "\0\1\0\0", 4,                "0.0.0.0/0" },
	{ "IPv6 /56",              "\0\2\x38\0\x20\1\xd\xb8\0\1\x42", 11,
	  "2001:db8:1:4200::/56" },
	{ "IPv6 /128",
	  "\0\2\x80\0\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 20,
	  "2001:db8::1/128" },
	{ "IPv6 /0",               "\0\2\0\0", 4,                "::/0" },
	{ "FAMILY 0, nothing",     "\0\0\0\0", 4,                "" },
	{ "FAMILY 0 /8",           "\0\0\x8\0\xa", 5,            NULL },
	{ "FAMILY 0, an octet",    "\0\0\0\0\0", 5,              NULL },
	{ "FAMILY 3",              "\0\3\x18\0\xc0\0\2", 7,      NULL },
	{ "FAMILY 256",            "\1\0\x18\0\xc0\0\2", 7,      NULL },
	{ "IPv4 /33",              "\0\1\x21\0\xc0\0\2\1\0", 9,  NULL },
	{ "IPv4 /255",             "\0\1\xff\0\xc0\0\2\1", 8,    NULL },
	{ "IPv6 /129",
	  "\0\2\x81\0\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0", 21, NULL },
	{ "an octet missing",      "\0\1\x18\0\xc0\0", 6,        NULL },
	{ "an octet too many",     "\0\1\x18\0\xc0\0\2\0", 8,    NULL },
	{ "/0 with an octet",      "\0\1\0\0\0", 5,              NULL },
	{ "a bit beyond /23",      "\0\1\x17\0\xc0\0\3", 7,      NULL },
	{ "a bit beyond /1",       "\0\1\1\0\xc0", 5,            NULL },
	{ "a bit beyond IPv6 /55", "\0\2\x37\0\x20\1\xd\xb8\0\1\1", 11, NULL },
	{ "SCOPE set",             "\0\1\x18\1\xc0\0\2", 7,      NULL },
	{ "three octets",          "\0\1\0", 3,                  NULL },
	{ "no octets",             "", 0,                        NULL },
};
/* clang-format on */

static void check_back(const struct ecs_row *row, const struct ecs *ecs)
{
	uint8_t out[64];
	struct wire w = wire_over(out, sizeof(out));

	ecs_write(&w, ecs, 19);
	assert_true(wire_ok(&w));
	assert_int_equal(w.len, ecs_octets(ecs));
	assert_int_equal(w.len, row->len + 4);
	assert_memory_equal(out, "\0\10\0", 3);
	assert_int_equal(out[3], row->len);
	assert_memory_equal(out + 4, row->octets, 3);
	assert_int_equal(out[7], 19);
	assert_memory_equal(out + 8, row->octets + 4, row->len - 4);
}

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_prefix prefix;
		char text[NET_TEXT_SIZE];
		struct ecs ecs;
		bool ok = ecs_parse((const uint8_t *)rows[i].octets,
				    rows[i].len, &ecs);

		if (ok != (rows[i].prefix != NULL))
			fail_msg("%s", rows[i].title);
		if (!ok)
			continue;
		check_back(&rows[i], &ecs);
		prefix = (struct net_prefix){ ecs.addr, ecs.source_bits };
		if (ecs.addr.family != NET_NONE &&
		    strcmp(net_prefix_text(&prefix, text), rows[i].prefix) != 0)
			fail_msg("%s: %s", rows[i].title, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests_name("ecs", tests, NULL, NULL);
}
