/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as a query: the whole path to an answer over a small world.  The
 * answer, if there is one, is a response with the query's ID that ldns can
 * read, no larger than asked for.  The first octet chooses how it came: bit 0
 * TCP, bit 1 another client, bit 2 the smallest buffer, bit 3 a signed zone,
 * bit 4 a responder that says who it is, bit 5 one that requires cookies, bit
 * 6 encrypted, bit 7 a client over its rate.
 */
#include "dns/answer.h"
#include "dns/identity.h"
#include "tests/unit/world.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check(const uint8_t *query, const uint8_t *out, size_t len)
{
	ldns_pkt *pkt = NULL;

	require(len >= 12 && memcmp(out, query, 2) == 0 && out[2] & 0x80);
	require(ldns_wire2pkt(&pkt, out, len) == LDNS_STATUS_OK);
	ldns_pkt_free(pkt);
}

/* As long as they may be, so that room for them is what may be missing. */
static void fill_text(struct identity_text *text, size_t len)
{
	text->len = (uint8_t)len;
	memset(text->octets, 'x', len);
}

static const struct identity *identity_of(uint8_t how)
{
	static struct identity identity;

	if ((how & 0x30) == 0)
		return NULL;
	identity.cookies = how & 0x20 ? COOKIES_REQUIRED : COOKIES_ON;
	identity.secrets.count = 2;
	identity.secrets.keys[1].k0 = 1;
	fill_text(&identity.nsid, IDENTITY_NSID_MAX);
	fill_text(&identity.name, IDENTITY_TEXT_MAX);
	fill_text(&identity.version, IDENTITY_TEXT_MAX);
	return &identity;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	static struct world worlds[2];
	const struct table *table;
	static uint8_t out[ANSWER_TCP_MAX];
	struct answer_input input;
	struct answer_outcome outcome;
	size_t cap = sizeof(out), got;

	if (worlds[0].table == NULL) {
		worlds[0] = world_new();
		worlds[1] = world_new_signed();
	}
	if (len == 0)
		return 0;
	input = (struct answer_input){
		.query = octets + 1,
		.len = len - 1,
		.peer = net_from_v4(octets[0] & 2 ? 0x0a020101 : 0x0a010101),
		.stream = octets[0] & 1,
		.random = octets[0],
		.identity = identity_of(octets[0]),
		.keepalive_ms = 10000,
		.encrypted = (octets[0] & 0x41) == 0x41,
		.turned_away = octets[0] & 0x80,
	};
	if (octets[0] & 4)
		cap = ANSWER_CAP_MIN;
	table = worlds[octets[0] >> 3 & 1].table;
	got = answer_query(table, &input, out, cap, &outcome);
	require(got <= cap && (input.stream || got <= ANSWER_UDP_MAX));
	if (got > 0)
		check(octets + 1, out, got);
	return 0;
}
