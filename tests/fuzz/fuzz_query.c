/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as a query: the whole path to an answer over a small world.  What
 * holds for every answer is asserted below, ldns being the reader of both.
 * Under libFuzzer most inputs are whole queries of tests/fuzz/forge, damaged.
 * The first octet chooses how it came: bit 0
 * TCP, bit 1 another client, bit 2 the smallest buffer, bit 3 a signed zone,
 * bit 4 a responder that says who it is, bit 5 one that requires cookies, bit
 * 6 encrypted, bit 7 a client over its rate.
 */
#include "dns/answer.h"
#include "dns/identity.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/reading.h"
#include "tests/unit/both_ways.h"
#include "tests/unit/world.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

enum {
	QR = 0x8000,
	AA = 0x0400,
	TC = 0x0200,
	SENT_BACK = 0x7900,
	MINE = 0x8600
};

/* libFuzzer's; NULL where tests/fuzz/corpus.c runs the corpus. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *octets, size_t len,
					      size_t cap);
size_t LLVMFuzzerCustomMutator(uint8_t *octets, size_t len, size_t cap,
			       unsigned seed);
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* An exchange, and what ldns reads in it. */
struct exchange {
	const struct answer_input *in;
	struct reading query, answer;
	bool well; /* nothing is wrong with the query */
};

static unsigned flags_of(const struct reading *r)
{
	return reading_u16(r, 2);
}

/* RFC 1035, 4.1.1: what comes back, what may be set, what stays 0. */
static void check_header(const struct exchange *e)
{
	unsigned asked = flags_of(&e->query), flags = flags_of(&e->answer);
	unsigned rcode = flags & 15;

	require(memcmp(e->answer.octets, e->query.octets, 2) == 0);
	require((flags & QR) != 0 && (asked & QR) == 0);
	require((flags & SENT_BACK) == (asked & SENT_BACK));
	require((flags & ~(SENT_BACK | MINE | 15u)) == 0);
	if ((flags & AA) != 0)
		require(rcode == LDNS_RCODE_NOERROR ||
			rcode == LDNS_RCODE_NXDOMAIN ||
			rcode == LDNS_RCODE_YXDOMAIN);
	if ((flags & TC) != 0)
		require(!e->in->stream || e->answer.len <= ANSWER_CAP_MIN);
}

/* The question comes back octet for octet, or not at all. */
static void check_question(const struct exchange *e)
{
	const ldns_rr_list *list = ldns_pkt_question(e->answer.pkt);
	size_t octets;

	require(ldns_rr_list_rr_count(list) <= 1);
	if (e->well)
		require(ldns_rr_list_rr_count(list) ==
			reading_u16(&e->query, 4));
	if (ldns_rr_list_rr_count(list) == 0)
		return;
	octets = ldns_rdf_size(ldns_rr_owner(ldns_rr_list_rr(list, 0))) + 4;
	require(12 + octets <= e->query.len &&
		memcmp(e->answer.octets + 12, e->query.octets + 12, octets) ==
			0);
}

/* RFC 7871, 7.2.1: what was sent, SCOPE apart, in truncated answers too. */
static void check_subnet(const struct exchange *e)
{
	unsigned rcode = flags_of(&e->answer) & 15;
	const uint8_t *sent, *back;
	size_t sent_len, back_len;

	/* What options of another version look like nobody knows. */
	if (ldns_pkt_edns_version(e->query.pkt) != 0 ||
	    !reading_option(&e->query, 8, &sent, &sent_len)) {
		require(!reading_option(&e->answer, 8, &back, &back_len));
		return;
	}
	if (!reading_option(&e->answer, 8, &back, &back_len)) {
		require(rcode != LDNS_RCODE_NXDOMAIN &&
			(flags_of(&e->answer) & AA) == 0);
		return;
	}
	require(sent_len == back_len && memcmp(sent, back, 3) == 0 &&
		memcmp(sent + 4, back + 4, back_len - 4) == 0);
	require(back[3] <= (back[1] == 2 ? 128 : 32));
}

/* RFC 6891, 6.1.1 and 6.2.3. */
static void check_opt(const struct exchange *e)
{
	size_t limit = 512;

	require(e->answer.opts <= 1 && e->answer.opts_before == 0);
	if (!e->well)
		return;
	require(e->answer.opts == e->query.opts);
	if (e->query.opts > 0) {
		limit = ldns_pkt_edns_udp_size(e->query.pkt);
		limit = limit < 512 ? 512 : limit > 1232 ? 1232 : limit;
		require(ldns_pkt_edns_do(e->query.pkt) ==
			ldns_pkt_edns_do(e->answer.pkt));
	}
	require(e->in->stream || e->answer.len <= limit);
	if (e->answer.opts > 0)
		check_subnet(e);
}

/* RFC 2308, 2.1: NXDOMAIN has the SOA; RFC 4035, 3.1: no DO, no RRSIG. */
static void check_sections(const struct exchange *e)
{
	const ldns_rr_list *list = ldns_pkt_authority(e->answer.pkt);
	bool soa = false, signature = false;

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr_type type = ldns_rr_get_type(ldns_rr_list_rr(list, i));

		soa |= type == LDNS_RR_TYPE_SOA;
		signature |= type == LDNS_RR_TYPE_RRSIG;
	}
	if ((flags_of(&e->answer) & 15) == LDNS_RCODE_NXDOMAIN)
		require(soa || (flags_of(&e->answer) & TC) != 0);
	if (signature)
		require(ldns_pkt_edns_do(e->answer.pkt));
}

static void check(const struct answer_input *in, const uint8_t *out, size_t len)
{
	struct exchange e = { .in = in };

	reading_init(&e.query, in->query, in->len);
	reading_init(&e.answer, out, len);
	require(e.answer.status == LDNS_STATUS_OK && !e.answer.astray &&
		e.answer.end == len && !e.answer.pointer_to_pointer);
	e.well = e.query.status == LDNS_STATUS_OK && !e.query.astray &&
		 !reading_breaks_rule(&e.query);
	check_header(&e);
	check_question(&e);
	check_opt(&e);
	check_sections(&e);
	reading_fini(&e.query);
	reading_fini(&e.answer);
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
	/* Whoever asks first is told why. */
	identity.askers[0] = (struct net_prefix){ net_from_v4(0x0a010000), 16 };
	identity.asker_count = 1;
	return &identity;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	static struct world worlds[2];
	const struct table *table;
	static uint8_t buffer[ANSWER_TCP_MAX];
	struct answer_input input;
	struct answer_outcome outcome;
	size_t cap, got;
	uint8_t *out;

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
		.view = worlds[octets[0] >> 3 & 1].view,
	};
	cap = octets[0] & 4  ? ANSWER_CAP_MIN
	      : input.stream ? ANSWER_TCP_MAX
			     : ANSWER_UDP_MAX;
	/* Nothing beyond its end is touched. */
	out = buffer + sizeof(buffer) - cap;
	table = worlds[octets[0] >> 3 & 1].table;
	got = both_ways(table, &input, out, cap, &outcome);
	require(got <= cap && (input.stream || got <= ANSWER_UDP_MAX));
	if (got > 0)
		check(&input, out, got);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *octets, size_t len, size_t cap,
			       unsigned seed)
{
	static uint8_t message[FORGE_OCTETS_MAX];
	struct dice dice = { seed };
	unsigned how = dice_throw(&dice, 8);
	size_t made;

	if (how == 0 || len < 2)
		made = forge_query(&dice, message);
	else if (how < 3)
		return LLVMFuzzerMutate(octets, len, cap);
	else if (len - 1 > sizeof(message))
		return len;
	else
		memcpy(message, octets + 1, made = len - 1);
	if (how > 2 || dice_throw(&dice, 2) > 0)
		made = forge_damage(&dice, message, made, sizeof(message));
	if (made + 1 > cap)
		return len;
	if (dice_throw(&dice, 8) == 0)
		octets[0] = (uint8_t)dice_throw(&dice, 256);
	memcpy(octets + 1, message, made);
	return made + 1;
}
