/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool: what sets of endpoints are answered with, read back by ldns.
 */
#include "dns/pool.h"

#include "dns/model.h"
#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/sign/signer.h"
#include "policy/base/net.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

enum { TEXT_SIZE = 4096 };

/* One RDATA as ldns reads it, appended to text. */
static void append(char *text, uint16_t type, const struct sign_rdata *rdata)
{
	uint8_t wire[11 + 4096] = { 0, (uint8_t)(type >> 8), (uint8_t)type, 0,
				    1 };
	ldns_rr *rr = NULL;
	size_t at = 0;

	wire[9] = (uint8_t)(rdata->len >> 8);
	wire[10] = (uint8_t)rdata->len;
	assert_true(rdata->len <= sizeof(wire) - 11);
	memcpy(wire + 11, rdata->octets, rdata->len);
	assert_int_equal(ldns_wire2rr(&rr, wire, 11u + rdata->len, &at,
				      LDNS_SECTION_ANSWER),
			 LDNS_STATUS_OK);
	assert_int_equal(at, 11u + rdata->len);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		char *word = ldns_rdf2str(ldns_rr_rdf(rr, i));

		assert_non_null(word);
		strcat(text, i == 0 ? "" : " ");
		strcat(text, word);
		free(word);
	}
	ldns_rr_free(rr);
}

static const char *rdata_text(const struct pool *pool, enum pool_kind kind,
			      uint64_t set, char *text)
{
	static struct sign_rdata rdata[POOL_RDATA_MAX];
	size_t count = pool_rdata(pool, kind, set, rdata);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(text, i == 0 ? "" : ", ");
		append(text, pool_type(kind), &rdata[i]);
	}
	return text;
}

/* clang-format off */
static const struct row {
	const char *title;
	enum world_service service;
	enum pool_kind kind;
	uint64_t set;
	const char *text;
} rows[] = {
	{ "one endpoint", WORLD_ALL, POOL_A, 1, "192.0.2.21, 192.0.2.25" },
	{ "two with an address in common", WORLD_ALL, POOL_A, 3,
	  "192.0.2.21, 192.0.2.25, 192.0.2.22" },
	{ "one with an address twice", WORLD_JIT, POOL_A, 1, "192.0.2.41" },
	{ "one of two has the family", WORLD_WWW, POOL_AAAA, 3, "2001:db8::11" },
	{ "none has the family", WORLD_WWW, POOL_AAAA, 2, "" },
	{ "nobody", WORLD_WWW, POOL_A, 0, "" },
	{ "a name", WORLD_AWAY, POOL_CNAME, 2, "host.example.net." },
	{ "a name has no addresses", WORLD_AWAY, POOL_A, 3, "" },
	{ "a name has no HTTPS", WORLD_AWAY, POOL_HTTPS, 3, "" },
	{ "addresses have no name", WORLD_WWW, POOL_CNAME, 3, "" },
	{ "both families as hints", WORLD_WEB, POOL_HTTPS, 1,
	  "1 . alpn=h3,h2 no-default-alpn port=8443 ipv4hint=192.0.2.71 "
	  "ech=AAQAAQID ipv6hint=2001:db8::71" },
	{ "one family as hints", WORLD_WEB, POOL_HTTPS, 2,
	  "1 . alpn=h3,h2 no-default-alpn port=8443 ipv4hint=192.0.2.72 "
	  "ech=AAQAAQID" },
	{ "records that differ in hints", WORLD_WEBS, POOL_HTTPS, 3,
	  "16 x.web.gslb.example. ipv4hint=192.0.2.73, "
	  "16 x.web.gslb.example. ipv4hint=192.0.2.74" },
	{ "an alias is one for all", WORLD_WEB, POOL_SVCB, 3,
	  "0 svc.example.net." },
	{ "a service without such records", WORLD_WWW, POOL_SVCB, 3, "" },
};
/* clang-format on */

static void test_rdata(void **state)
{
	struct world *w = *state;
	char text[TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const struct pool *pool = &w->model->pools[row->service];

		if (strcmp(rdata_text(pool, row->kind, row->set, text),
			   row->text) != 0)
			fail_msg("%s: %s", row->title, text);
	}
}

static void test_types(void **state)
{
	(void)state;
	for (enum pool_kind kind = 0; kind < POOL_KINDS; kind++)
		assert_int_equal(pool_kind_of(pool_type(kind)), kind);
	assert_int_equal(pool_kind_of(TYPE_TXT), POOL_KINDS);
	assert_int_equal(pool_kind_of(TYPE_ANY), POOL_KINDS);
}

/* Who has what, over all services. */
static void test_having(void **state)
{
	struct world *w = *state;

	for (size_t s = 0; s < WORLD_SERVICES; s++) {
		const struct pool *pool = &w->model->pools[s];

		for (size_t i = 0; i < 2 * POOL_KINDS; i++) {
			enum pool_kind kind = (enum pool_kind)(i / 2);
			bool has = pool->having[kind] >> i % 2 & 1;

			if (i % 2 >= pool->endpoint_count)
				assert_false(has);
			else
				assert_int_equal(has,
						 pool->endpoints[i % 2]
								 .rrsets[kind]
								 .count > 0);
		}
	}
}

/* All that a policy may say, at its longest: RFC 9460, 2.2 in order. */
static void test_longest(void **state)
{
	static char a[256], b[256], name[] = "a.";
	static uint8_t ech[POLICY_ECH_OCTETS_MAX];
	static struct net_addr v4[POLICY_ADDRESSES_MAX],
		v6[POLICY_ADDRESSES_MAX];
	const char *alpn[] = { a, b };
	struct policy_endpoint e = { .a = v4, .aaaa = v6 };
	struct policy_service s = { .endpoints = &e, .endpoint_count = 1 };
	struct sign_rdata rdata[POOL_RDATA_MAX];
	struct pool pool;
	unsigned last = 0;

	(void)state;
	memset(a, 'a', 255);
	memset(b, 'b', 255);
	for (uint8_t i = 0; i < POLICY_ADDRESSES_MAX; i++) {
		v4[i] = net_from_v4(0xc0000200 + i);
		v6[i] = (struct net_addr){ NET_V6, { 0x20, 1, [15] = i } };
	}
	e.a_count = e.aaaa_count = POLICY_ADDRESSES_MAX;
	s.https = (struct policy_binding){
		.at.line = 1,
		.priority = 65535,
		.target = name,
		.alpn = alpn,
		.alpn_count = 2,
		.no_default_alpn = true,
		.port = 65535,
		.ech = ech,
		.ech_octets = sizeof(ech),
	};
	assert_true(pool_init(&pool, &s));
	assert_int_equal(pool_rdata(&pool, POOL_HTTPS, 1, rdata), 1);
	assert_int_equal(rdata[0].len, 2 + 3 + 4 + 512 + 4 + 4 + 2 + 4 + 64 +
					       4 + sizeof(ech) + 4 + 256);
	for (size_t at = 5; at < rdata[0].len;) {
		const uint8_t *param = rdata[0].octets + at;
		unsigned key = (unsigned)param[0] << 8 | param[1];

		assert_true(key > last && key <= 6);
		last = key;
		at += 4u + ((size_t)param[2] << 8 | param[3]);
		assert_true(at <= rdata[0].len);
	}
	assert_int_equal(last, 6);
	assert_int_equal(pool.endpoints[0].rrsets[POOL_A].count,
			 POLICY_ADDRESSES_MAX);
	pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rdata),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_having),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests_name("pool", tests, world_set_up,
					   world_tear_down);
}
