/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/query.h"

#include "dns/edns.h"
#include "dns/wire.h"

enum {
	FLAG_QR = 0x8000,
	OPCODE_MASK = 0x7800,
	OPCODE_NOTIFY = 4 << 11,
	OPCODE_UPDATE = 5 << 11,
	OPT_DO = 0x8000,
};

/* The header's four counts. */
struct counts {
	uint16_t questions, answers, authorities, additionals;
};

/* One record's fixed part; its RDATA is data[0..len). */
struct rr {
	uint8_t root; /* 1: the owner is the root, written as one octet */
	uint16_t type, class;
	uint32_t ttl;
	const uint8_t *data;
	uint16_t len;
};

static bool rr_read(struct reader *r, struct rr *out)
{
	size_t start = r->at;

	reader_skip_name(r);
	out->root = r->at == start + 1;
	out->type = reader_u16(r);
	out->class = reader_u16(r);
	out->ttl = reader_u32(r);
	out->len = reader_u16(r);
	out->data = reader_take(r, out->len);
	return reader_ok(r);
}

/* A second client subnet would leave open which one we answer: malformed. */
static bool subnet_read(struct query *q, const uint8_t *data, uint16_t len)
{
	if (q->has_ecs || !ecs_parse(data, len, &q->ecs))
		return false;
	q->has_ecs = true;
	return true;
}

/* RFC 7873, 5.2: the first counts, the others do not. */
static void cookie_read(struct query *q, const uint8_t *data, uint16_t len)
{
	if (q->has_cookie || q->cookie_malformed)
		return;
	q->has_cookie = cookie_parse(data, len, &q->cookie);
	q->cookie_malformed = !q->has_cookie;
}

static bool option_read(struct query *q, uint16_t code, const uint8_t *data,
			uint16_t len)
{
	switch (code) {
	case ECS_OPTION:
		return subnet_read(q, data, len);
	case COOKIE_OPTION:
		cookie_read(q, data, len);
		return true;
	case NSID_OPTION:
		q->has_nsid = true;
		return true;
	case KEEPALIVE_OPTION:
		q->has_keepalive = true;
		q->keepalive_timed = q->keepalive_timed || len > 0;
		return true;
	case PADDING_OPTION:
		q->has_padding = true;
		return true;
	default:
		return true;
	}
}

static bool options_read(struct query *q, const struct rr *opt)
{
	struct reader r = reader_over(opt->data, opt->len);

	while (reader_left(&r) > 0) {
		uint16_t code = reader_u16(&r);
		uint16_t len = reader_u16(&r);
		const uint8_t *data = reader_take(&r, len);

		if (!reader_ok(&r) || !option_read(q, code, data, len))
			return false;
	}
	return true;
}

/* RFC 6891, 6.1.2: where the fields of OPT are in a record. */
static enum query_verdict opt_read(struct query *q, const struct rr *opt)
{
	bool second = q->edns;

	q->edns = true;
	if (second || !opt->root)
		return QUERY_FORMERR; /* 6.1.1: one only, owned by the root */
	q->udp_size = opt->class;
	q->dnssec_ok = (opt->ttl & OPT_DO) != 0;
	/* What options of a later version look like is not known. */
	if ((opt->ttl >> 16 & 0xff) != 0)
		return QUERY_BADVERS;
	return options_read(q, opt) ? QUERY_OK : QUERY_FORMERR;
}

/* The first of several mistakes is the one answered, but FORMERR wins. */
static enum query_verdict sections_read(struct reader *r, struct query *q,
					const struct counts *n)
{
	uint32_t before = (uint32_t)n->answers + n->authorities;
	enum query_verdict verdict = QUERY_OK;
	struct rr rr;

	for (uint32_t i = 0; i < before + n->additionals; i++) {
		enum query_verdict found = QUERY_OK;

		if (!rr_read(r, &rr))
			return QUERY_FORMERR;
		if (rr.type == TYPE_OPT)
			found = i < before ? QUERY_FORMERR : opt_read(q, &rr);
		if (found == QUERY_FORMERR || verdict == QUERY_OK)
			verdict = found;
	}
	return reader_left(r) == 0 ? verdict : QUERY_FORMERR;
}

/* RFC 9619, 4: a QUERY has one question.  All are read, to reach the OPT. */
static bool questions_read(struct reader *r, struct query *q, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++) {
		if (!name_read(r, &q->qname))
			return false;
		q->qtype = reader_u16(r);
		q->qclass = reader_u16(r);
		if (!reader_ok(r))
			return false;
	}
	if (count == 1)
		q->question_len = (uint16_t)(r->at - DNS_HEADER_OCTETS);
	return true;
}

static enum query_verdict body_read(struct reader *r, struct query *q,
				    const struct counts *n)
{
	enum query_verdict verdict;

	if (!questions_read(r, q, n->questions))
		return QUERY_FORMERR;
	verdict = sections_read(r, q, n);
	if (n->questions > 1)
		return QUERY_FORMERR;
	return n->questions == 0 && verdict == QUERY_OK ? QUERY_EMPTY : verdict;
}

static void forget_options(struct query *q)
{
	q->has_ecs = q->has_cookie = q->cookie_malformed = q->has_nsid = false;
	q->has_keepalive = q->keepalive_timed = q->has_padding = false;
}

/* What the sections of another opcode mean is not ours to judge. */
static enum query_verdict judge_opcode(const struct query *q,
				       enum query_verdict verdict)
{
	switch (q->flags & OPCODE_MASK) {
	case 0:
		return verdict;
	case OPCODE_NOTIFY:
	case OPCODE_UPDATE:
		return QUERY_REFUSED;
	default:
		return QUERY_NOTIMP;
	}
}

enum query_verdict query_parse(const uint8_t *octets, size_t len,
			       struct query *out)
{
	struct reader r = reader_over(octets, len);
	enum query_verdict verdict;
	struct counts n;

	reader_u16(&r); /* ID: copied from the query itself */
	out->flags = reader_u16(&r);
	n.questions = reader_u16(&r);
	n.answers = reader_u16(&r);
	n.authorities = reader_u16(&r);
	n.additionals = reader_u16(&r);
	if (!reader_ok(&r) || (out->flags & FLAG_QR) != 0)
		return QUERY_DROP;
	out->question_len = 0;
	out->udp_size = 0;
	out->edns = out->dnssec_ok = false;
	forget_options(out);
	verdict = body_read(&r, out, &n);
	if (verdict != QUERY_OK && verdict != QUERY_EMPTY)
		forget_options(out);
	if ((out->flags & OPCODE_MASK) != 0)
		out->has_ecs = false; /* RFC 7871 is of queries alone */
	return judge_opcode(out, verdict);
}
