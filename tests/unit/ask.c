/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ask.h"

#include "dns/ecs.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/wire.h"
#include "policy/base/net.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

static void die(const char *what, const char *word)
{
	fprintf(stderr, "ask: %s: \"%s\"\n", what, word);
	abort();
}

/* What the words asked for. */
struct wish {
	char qname[512], qtype[32];
	unsigned id, flags, opcode, class;
	bool edns, do_bit, z, opt2, rr, rr_an, opt_an, empty;
	unsigned size, version, cut;
	int counts[4]; /* -1: the truth */
	uint8_t options[2048];
	size_t options_len;
	uint8_t tail[512];
	size_t tail_len;
};

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t count = 0;
	unsigned octet;

	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		out[count++] = (uint8_t)octet;
	if (*hex != '\0')
		die("not hex", hex);
	return count;
}

static void wish_option(struct wish *w, unsigned code, const uint8_t *data,
			size_t len)
{
	struct wire out = wire_over(w->options, sizeof(w->options));

	out.len = w->options_len;
	wire_put_u16(&out, (uint16_t)code);
	wire_put_u16(&out, (uint16_t)len);
	wire_put(&out, data, len);
	w->options_len = out.len;
	w->edns = true;
}

static void wish_ecs(struct wish *w, const char *text)
{
	struct wire out = wire_over(w->options, sizeof(w->options));
	struct ecs ecs = { 0 };
	struct net_prefix prefix;

	out.len = w->options_len;
	if (strcmp(text, "0/0") == 0) {
		ecs.family = 1;
	} else if (strcmp(text, "none") != 0) {
		if (!net_prefix_parse(text, &prefix, NULL))
			die("not a prefix", text);
		ecs.family = prefix.addr.family == NET_V4 ? 1 : 2;
		ecs.source_bits = prefix.bits;
		ecs.addr = prefix.addr;
	}
	ecs_write(&out, &ecs, 0);
	w->options_len = out.len;
	w->edns = true;
}

static void wish_raw_option(struct wish *w, const char *text)
{
	uint8_t data[1024];
	const char *hex = strchr(text, ':');

	if (hex == NULL)
		die("no colon", text);
	wish_option(w, (unsigned)atoi(text), data, from_hex(hex + 1, data));
}

static bool wish_flag(struct wish *w, const char *word)
{
	const struct {
		const char *word;
		bool *flag;
	} flags[] = {
		{ "edns", &w->edns },     { "do", &w->do_bit },
		{ "z", &w->z },           { "opt2", &w->opt2 },
		{ "rr", &w->rr },         { "rr-an", &w->rr_an },
		{ "opt-an", &w->opt_an }, { "empty", &w->empty },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(word, flags[i].word) == 0)
			return *flags[i].flag = true;
	if (strcmp(word, "rd") == 0)
		return w->flags |= 0x0100;
	if (strcmp(word, "ad") == 0)
		return w->flags |= 0x0020;
	if (strcmp(word, "cd") == 0)
		return w->flags |= 0x0010;
	if (strcmp(word, "tc") == 0)
		return w->flags |= 0x0200;
	if (strcmp(word, "qr") == 0)
		return w->flags |= 0x8000;
	if (strcmp(word, "aa") == 0)
		return w->flags |= 0x0400;
	if (strcmp(word, "ra") == 0)
		return w->flags |= 0x0080;
	if (strcmp(word, "hz") == 0)
		return w->flags |= 0x0040;
	return false;
}

static bool wish_number(struct wish *w, const char *word, unsigned value)
{
	static const char *const counts[] = { "qd", "an", "ns", "ar" };
	const struct {
		const char *word;
		unsigned *number;
	} numbers[] = {
		{ "id", &w->id },           { "opcode", &w->opcode },
		{ "class", &w->class },     { "edns", &w->size },
		{ "version", &w->version }, { "cut", &w->cut },
	};

	for (size_t i = 0; i < 4; i++)
		if (strcmp(word, counts[i]) == 0) {
			w->counts[i] = (int)value;
			return true;
		}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(word, numbers[i].word) == 0) {
			*numbers[i].number = value;
			if (i == 3 || i == 4)
				w->edns = true;
			return true;
		}
	return false;
}

static void wish_word(struct wish *w, char *word)
{
	char *value = strchr(word, '=');

	if (value == NULL) {
		if (!wish_flag(w, word))
			die("unknown word", word);
		return;
	}
	*value++ = '\0';
	if (strcmp(word, "ecs") == 0)
		wish_ecs(w, value);
	else if (strcmp(word, "opt") == 0)
		wish_raw_option(w, value);
	else if (strcmp(word, "hex") == 0)
		w->tail_len = from_hex(value, w->tail);
	else if (!wish_number(w, word, (unsigned)atoi(value)))
		die("unknown word", word);
}

static struct wish wish_of(const char *words)
{
	struct wish w = {
		.id = 0x1234,
		.class = 1,
		.size = 1232,
		.counts = { -1, -1, -1, -1 },
	};
	char *copy = strdup(words), *rest = NULL;
	char *word = strtok_r(copy, " ", &rest);

	snprintf(w.qname, sizeof(w.qname), "%s", word);
	word = strtok_r(NULL, " ", &rest);
	snprintf(w.qtype, sizeof(w.qtype), "%s", word);
	while ((word = strtok_r(NULL, " ", &rest)) != NULL)
		wish_word(&w, word);
	free(copy);
	return w;
}

static void put_qname(struct wire *out, const char *qname)
{
	uint8_t raw[512];
	ldns_rdf *name = NULL;

	if (strncmp(qname, "hex:", 4) == 0) {
		wire_put(out, raw, from_hex(qname + 4, raw));
		return;
	}
	/* ldns, because it keeps the case. */
	if (ldns_str2rdf_dname(&name, qname) != LDNS_STATUS_OK)
		die("not a name", qname);
	wire_put(out, ldns_rdf_data(name), ldns_rdf_size(name));
	ldns_rdf_deep_free(name);
}

static void put_question(struct wire *out, const struct wish *w)
{
	put_qname(out, w->qname);
	wire_put_u16(out, (uint16_t)ldns_get_rr_type_by_name(w->qtype));
	wire_put_u16(out, (uint16_t)w->class);
}

static void put_opt(struct wire *out, const struct wish *w)
{
	uint32_t ttl = w->version << 16;

	ttl |= w->do_bit ? 0x8000u : 0;
	ttl |= w->z ? 0x7fffu : 0;
	wire_put_u8(out, 0);
	wire_put_u16(out, 41);
	wire_put_u16(out, (uint16_t)w->size);
	wire_put_u32(out, ttl);
	wire_put_u16(out, (uint16_t)w->options_len);
	wire_put(out, w->options, w->options_len);
}

static void put_rr(struct wire *out)
{
	static const uint8_t rr[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0,
				      0,    9,  0, 4, 1, 2, 3, 4 };

	wire_put(out, rr, sizeof(rr));
}

size_t ask_write(const char *words, uint8_t *octets)
{
	struct wish w = wish_of(words);
	struct wire out = wire_over(octets, ASK_OCTETS_MAX);
	int truth[4] = { !w.empty, w.rr_an + w.opt_an, 0,
			 w.rr + w.edns + w.opt2 };

	wire_put_u16(&out, (uint16_t)w.id);
	wire_put_u16(&out, (uint16_t)(w.flags | w.opcode << 11));
	for (size_t i = 0; i < 4; i++)
		wire_put_u16(&out, (uint16_t)(w.counts[i] < 0 ? truth[i]
							      : w.counts[i]));
	if (!w.empty)
		put_question(&out, &w);
	if (w.rr_an)
		put_rr(&out);
	if (w.opt_an)
		put_opt(&out, &w);
	if (w.rr)
		put_rr(&out);
	if (w.edns)
		put_opt(&out, &w);
	if (w.opt2)
		put_opt(&out, &w);
	wire_put(&out, w.tail, w.tail_len);
	return out.len - w.cut;
}

/* Text that is added to, cut at the end of its buffer. */
struct text {
	char *buf;
	size_t used;
};

static void say(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct text *t, const char *fmt, ...)
{
	size_t room = ASK_TEXT_SIZE - t->used;
	va_list ap;
	int count;

	va_start(ap, fmt);
	count = vsnprintf(t->buf + t->used, room, fmt, ap);
	va_end(ap);
	t->used += (size_t)count < room ? (size_t)count : room - 1;
}

/* One record; tabs are blanks, a long run of dots is ".{LENGTH}". */
static void say_rr(struct text *t, const char *rr)
{
	while (*rr != '\0' && *rr != '\n') {
		size_t dots = strspn(rr, ".");

		if (dots > 8)
			say(t, ".{%zu}", dots);
		else if (dots == 0)
			say(t, "%c", *rr == '\t' ? ' ' : *rr);
		else
			say(t, "%.*s", (int)dots, rr);
		rr += dots == 0 ? 1 : dots;
	}
}

static void say_section(struct text *t, const ldns_rr_list *list)
{
	say(t, " |");
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		char *rr = ldns_rr2str(ldns_rr_list_rr(list, i));

		say(t, i == 0 ? " " : ", ");
		say_rr(t, rr);
		free(rr);
	}
}

static void say_ecs(struct text *t, const uint8_t *data, size_t len)
{
	struct net_prefix prefix = {
		.addr.family = data[1] == 2 ? NET_V6 : NET_V4,
		.bits = data[2],
	};
	char buf[NET_TEXT_SIZE];

	if (len > 4)
		memcpy(prefix.addr.octets, data + 4, len - 4);
	say(t, " ecs %u %s/%u", data[1], net_prefix_text(&prefix, buf),
	    data[3]);
}

static void say_hex(struct text *t, const char *what, const uint8_t *data,
		    size_t len)
{
	say(t, " %s ", what);
	for (size_t i = 0; i < len; i++)
		say(t, "%02x", data[i]);
}

static void say_options(struct text *t, const uint8_t *octets, size_t len)
{
	struct reader r = reader_over(octets, len);

	while (reader_left(&r) > 0) {
		uint16_t code = reader_u16(&r);
		uint16_t count = reader_u16(&r);
		const uint8_t *data = reader_take(&r, count);

		if (data == NULL) {
			say(t, " MALFORMED");
			return;
		}
		if (code == ECS_OPTION)
			say_ecs(t, data, count);
		else if (code == COOKIE_OPTION)
			say_hex(t, "cookie", data, count);
		else if (code == NSID_OPTION)
			say(t, " nsid %.*s", count, (const char *)data);
		else if (code == KEEPALIVE_OPTION && count == 2)
			say(t, " keepalive %u", data[0] << 8 | data[1]);
		else if (code == PADDING_OPTION)
			say(t, " padding %u", count);
		else if (code == EDE_OPTION)
			say(t, " ede %u", data[0] << 8 | data[1]);
		else
			say(t, " option %u", code);
	}
}

static void say_opt(struct text *t, const ldns_pkt *pkt)
{
	const ldns_rdf *options = ldns_pkt_edns_data(pkt);

	say(t, " |");
	if (!ldns_pkt_edns(pkt))
		return;
	say(t, " opt %u", ldns_pkt_edns_udp_size(pkt));
	if (ldns_pkt_edns_version(pkt) != 0)
		say(t, " version %u", ldns_pkt_edns_version(pkt));
	if (ldns_pkt_edns_do(pkt))
		say(t, " do");
	if (options != NULL)
		say_options(t, ldns_rdf_data(options), ldns_rdf_size(options));
}

/* hz: the reserved bit of the header, which ldns does not show. */
static void say_header(struct text *t, const ldns_pkt *pkt, bool hz)
{
	unsigned rcode = (unsigned)ldns_pkt_get_rcode(pkt) |
			 (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4;
	const ldns_lookup_table *name =
		ldns_lookup_by_id(ldns_rcodes, (int)rcode);

	say(t, "%s",
	    rcode == 16    ? "BADVERS"
	    : rcode == 23  ? "BADCOOKIE"
	    : name == NULL ? "RCODE?"
			   : name->name);
	if (ldns_pkt_get_opcode(pkt) != LDNS_PACKET_QUERY)
		say(t, " opcode %d", (int)ldns_pkt_get_opcode(pkt));
	say(t, "%s%s%s%s%s%s%s%s", ldns_pkt_qr(pkt) ? "" : " NO-QR",
	    hz ? " Z" : "", ldns_pkt_aa(pkt) ? " aa" : "",
	    ldns_pkt_tc(pkt) ? " tc" : "", ldns_pkt_rd(pkt) ? " rd" : "",
	    ldns_pkt_ra(pkt) ? " RA" : "", ldns_pkt_ad(pkt) ? " AD" : "",
	    ldns_pkt_cd(pkt) ? " CD" : "");
	if (ldns_pkt_qdcount(pkt) == 0)
		say(t, " no-question");
	if (ldns_pkt_id(pkt) != 0x1234)
		say(t, " id %u", ldns_pkt_id(pkt));
}

/* Is the message no longer than its counts say?  ldns would not mind. */
static bool ends_there(const uint8_t *octets, size_t len)
{
	struct reader r = reader_over(octets, len);
	unsigned questions, records;

	reader_u32(&r);
	questions = reader_u16(&r);
	records = reader_u16(&r);
	records += reader_u16(&r);
	records += reader_u16(&r);
	for (; questions > 0; questions--) {
		reader_skip_name(&r);
		reader_u32(&r);
	}
	for (; records > 0; records--) {
		reader_skip_name(&r);
		reader_take(&r, 8);
		reader_take(&r, reader_u16(&r));
	}
	return reader_ok(&r) && reader_left(&r) == 0;
}

const char *ask_read(const uint8_t *octets, size_t len, char *buf)
{
	struct text t = { buf, 0 };
	ldns_pkt *pkt = NULL;

	buf[0] = '\0';
	if (len == 0)
		say(&t, "silence");
	else if (ldns_wire2pkt(&pkt, octets, len) != LDNS_STATUS_OK)
		say(&t, "UNREADABLE");
	if (pkt == NULL)
		return buf;
	if (!ends_there(octets, len))
		say(&t, "TRAILING ");
	say_header(&t, pkt, octets[3] & 0x40);
	say_section(&t, ldns_pkt_answer(pkt));
	say_section(&t, ldns_pkt_authority(pkt));
	say_section(&t, ldns_pkt_additional(pkt));
	say_opt(&t, pkt);
	ldns_pkt_free(pkt);
	return buf;
}
