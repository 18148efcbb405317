/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_header: every form of version 2, right and wrong. */
#include "dns/proxy_header.h"
#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc6\x33\x64\7\xc0\0\2\1\x30\x39\0\x35"
#define V6                                      \
	"\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7" \
	"\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x30\x39\0\x35"
#define MAPPED                                       \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\7" \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1\x30\x39\0\x35"

#define OCTETS(text) text, sizeof(text) - 1

/* clang-format off */
static const struct header_row {
	const char *title, *octets;
	size_t len;
	const char *client; /* NULL: refused */
	uint16_t port;
	size_t left; /* octets behind the header */
} rows[] = {
	{ "UDP over IPv4", OCTETS(SIGNATURE "\x21\x12\0\xc" V4 "q"),
	  "198.51.100.7", 12345, 1 },
	{ "TCP over IPv4", OCTETS(SIGNATURE "\x21\x11\0\xc" V4),
	  "198.51.100.7", 12345, 0 },
	{ "UDP over IPv6", OCTETS(SIGNATURE "\x21\x22\0\x24" V6 "qq"),
	  "2001:db8::7", 12345, 2 },
	{ "TCP over IPv6", OCTETS(SIGNATURE "\x21\x21\0\x24" V6),
	  "2001:db8::7", 12345, 0 },
	{ "IPv4 in the form of IPv6",
	  OCTETS(SIGNATURE "\x21\x22\0\x24" MAPPED), "198.51.100.7", 12345, 0 },
	{ "extensions are skipped",
	  OCTETS(SIGNATURE "\x21\x12\0\x11" V4 "\4\0\2hiq"),
	  "198.51.100.7", 12345, 1 },
	{ "LOCAL", OCTETS(SIGNATURE "\x20\0\0\0q"), "192.0.2.99", 7, 1 },
	{ "LOCAL with addresses, which mean nothing",
	  OCTETS(SIGNATURE "\x20\x12\0\xc" V4 "q"), "192.0.2.99", 7, 1 },
	{ "unspecified family", OCTETS(SIGNATURE "\x21\0\0\3abcq"),
	  "192.0.2.99", 7, 1 },
	{ "unspecified transport", OCTETS(SIGNATURE "\x21\x10\0\xc" V4 "q"),
	  "192.0.2.99", 7, 1 },
	{ "a unix socket", OCTETS(SIGNATURE "\x21\x31\0\2ab"),
	  "192.0.2.99", 7, 0 },
	{ "nothing", "", 0, NULL, 0, 0 },
	{ "a query without a header",
	  OCTETS("\0\7\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), NULL, 0, 0 },
	{ "version 1", OCTETS("PROXY TCP4 198.51.100.7 192.0.2.1 9 53\r\n"),
	  NULL, 0, 0 },
	{ "a wrong signature",
	  OCTETS("\r\n\r\n\0\r\nQUIX\n\x21\x12\0\xc" V4), NULL, 0, 0 },
	{ "version 3", OCTETS(SIGNATURE "\x31\x12\0\xc" V4), NULL, 0, 0 },
	{ "an unknown command", OCTETS(SIGNATURE "\x22\x12\0\xc" V4),
	  NULL, 0, 0 },
	{ "an unknown family", OCTETS(SIGNATURE "\x21\x42\0\xc" V4),
	  NULL, 0, 0 },
	{ "an unknown transport", OCTETS(SIGNATURE "\x21\x13\0\xc" V4),
	  NULL, 0, 0 },
	{ "IPv4 in too few octets", OCTETS(SIGNATURE "\x21\x12\0\xb" V4),
	  NULL, 0, 0 },
	{ "IPv6 in too few octets", OCTETS(SIGNATURE "\x21\x22\0\x23" V6),
	  NULL, 0, 0 },
	{ "longer than the datagram", OCTETS(SIGNATURE "\x21\x12\0\xd" V4),
	  NULL, 0, 0 },
	{ "much longer than the datagram",
	  OCTETS(SIGNATURE "\x21\x22\xff\xff" V6), NULL, 0, 0 },
	{ "cut before the length", OCTETS(SIGNATURE "\x21\x12\0"),
	  NULL, 0, 0 },
};
/* clang-format on */

static struct proxy_sources only(const char *text)
{
	struct proxy_sources sources;
	struct error err = { 0 };

	assert_true(proxy_sources_parse(&text, 1, &sources, &err));
	return sources;
}

static void test_headers(void **state)
{
	const struct proxy_sources sources = only("192.0.2.0/24");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct header_row *row = &rows[i];
		struct proxy_client client = { .port = 7 };
		struct net_addr wanted;
		bool ok;

		print_message("# %s\n", row->title);
		net_addr_parse("192.0.2.99", &client.addr);
		ok = proxy_unwrap(&sources, (const uint8_t *)row->octets,
				  row->len, &client);
		assert_int_equal(ok, row->client != NULL);
		net_addr_parse(ok ? row->client : "192.0.2.99", &wanted);
		assert_true(net_equal(&client.addr, &wanted));
		assert_int_equal(client.port, ok ? row->port : 7);
		assert_int_equal(client.skip, ok ? row->len - row->left : 0);
	}
}

/* From anybody else a header is only a strange query. */
static void test_others_are_not_believed(void **state)
{
	const struct proxy_sources sources = only("192.0.2.99");
	struct proxy_client client = { .port = 7 };
	struct net_addr stranger;

	(void)state;
	net_addr_parse("192.0.2.98", &stranger);
	client.addr = stranger;
	assert_true(proxy_unwrap(&sources, (const uint8_t *)rows[0].octets,
				 rows[0].len, &client));
	assert_int_equal(client.skip, 0);
	assert_true(net_equal(&client.addr, &stranger));
}

static void test_sources(void **state)
{
	static const char *const bad[] = { "", "192.0.2.1/24", "192.0.2.0/33",
					   "proxy.example", "192.0.2.0/" };
	const char *many[PROXY_SOURCES_MAX + 1];
	struct proxy_sources sources;
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(proxy_sources_parse(&bad[i], 1, &sources, &err));
		assert_non_null(strstr(err.text, bad[i]));
	}
	for (size_t i = 0; i <= PROXY_SOURCES_MAX; i++)
		many[i] = "2001:db8::/32";
	assert_true(
		proxy_sources_parse(many, PROXY_SOURCES_MAX, &sources, &err));
	assert_false(proxy_sources_parse(many, PROXY_SOURCES_MAX + 1, &sources,
					 &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_others_are_not_believed),
		cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests_name("proxy_header", tests, NULL, NULL);
}
