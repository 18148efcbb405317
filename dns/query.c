/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/query.h"

#include "dns/edns.h"
#include "dns/wire.h"

enum {
	FLAG_QR = 0x8000,
	OPCODE_MASK = 0x7800,
	OPCODE_NOTIFY = 4 << 11,
	OPCODE_UPDATE = 5 << 11,
};

/* RFC 1035, 4.1.1: where the header's counts are. */
enum {
	QDCOUNT_AT = 4,
	ANCOUNT_AT = 6,
	NSCOUNT_AT = 8,
	ARCOUNT_AT = 10,
};

/* RFC 1035, 4.1.3: where the fields of a record are behind its owner. */
enum {
	RR_TYPE_AT = 0,
	RR_CLASS_AT = 2,
	RR_TTL_AT = 4,
	RR_RDLENGTH_AT = 8,
	RR_RDATA_AT = 10,
};

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

static void other_read(struct query *q, uint16_t code, const uint8_t *data,
		       uint16_t len)
{
	q->has_others = true;
	switch (code) {
	case COOKIE_OPTION:
		cookie_read(q, data, len);
		break;
	case NSID_OPTION:
		q->has_nsid = true;
		break;
	case KEEPALIVE_OPTION:
		q->has_keepalive = true;
		q->keepalive_timed = q->keepalive_timed || len > 0;
		break;
	case PADDING_OPTION:
		q->has_padding = true;
		break;
	default:
		break;
	}
}

static bool option_read(struct query *q, uint16_t code, const uint8_t *data,
			uint16_t len)
{
	if (code == ECS_OPTION)
		return subnet_read(q, data, len);
	other_read(q, code, data, len);
	return true;
}

static __attribute__((noinline)) bool
options_read(struct query *q, const uint8_t *octets, size_t len)
{
	struct reader r = reader_over(octets, len);

	while (reader_left(&r) > 0) {
		const uint8_t *head = reader_take(&r, 4);
		const uint8_t *data;

		if (head == NULL)
			return false;
		data = reader_take(&r, octets_u16(head + 2));
		if (data == NULL || !option_read(q, octets_u16(head), data,
						 octets_u16(head + 2)))
			return false;
	}
	return true;
}

/* RFC 6891, 6.1.2: where the fields of OPT are in a record. */
static enum query_verdict opt_read(struct query *q, const uint8_t *rr)
{
	uint32_t ttl = octets_u32(rr + RR_TTL_AT);
	size_t len = octets_u16(rr + RR_RDLENGTH_AT);

	q->edns = true;
	q->udp_size = octets_u16(rr + RR_CLASS_AT);
	q->dnssec_ok = (ttl & EDNS_DO) != 0;
	/* What options of a later version look like is not known. */
	if ((ttl >> 16 & 0xff) != 0)
		return QUERY_BADVERS;
	if (len == 0 || options_read(q, rr + RR_RDATA_AT, len))
		return QUERY_OK;
	return QUERY_FORMERR;
}

/* RFC 6891, 6.1.1: one OPT only, owned by the root. */
static enum query_verdict any_opt_read(struct query *q, const uint8_t *rr,
				       bool root)
{
	bool second = q->edns;

	q->edns = true;
	return second || !root ? QUERY_FORMERR : opt_read(q, rr);
}

/*
 * All records behind the questions.  The first of several mistakes is the one
 * answered, but FORMERR wins.
 */
static enum query_verdict records_read(const uint8_t *octets, size_t len,
				       size_t at, struct query *q)
{
	const uint32_t before = (uint32_t)octets_u16(octets + ANCOUNT_AT) +
				octets_u16(octets + NSCOUNT_AT);
	const uint32_t count = before + octets_u16(octets + ARCOUNT_AT);
	struct reader r = { .octets = octets, .len = len, .at = at };
	enum query_verdict verdict = QUERY_OK;

	for (uint32_t i = 0; i < count; i++) {
		size_t owner = r.at;
		bool root;
		const uint8_t *rr;
		enum query_verdict found = QUERY_OK;

		reader_skip_name(&r);
		root = r.at == owner + 1;
		rr = reader_take(&r, RR_RDATA_AT);
		if (rr == NULL ||
		    reader_take(&r, octets_u16(rr + RR_RDLENGTH_AT)) == NULL)
			return QUERY_FORMERR;
		if (octets_u16(rr + RR_TYPE_AT) == TYPE_OPT)
			found = i < before ? QUERY_FORMERR
					   : any_opt_read(q, rr, root);
		if (found == QUERY_FORMERR || verdict == QUERY_OK)
			verdict = found;
	}
	return reader_left(&r) == 0 ? verdict : QUERY_FORMERR;
}

/* No question, or several, of which all are read to reach the OPT. */
static enum query_verdict odd_body_read(const uint8_t *octets, size_t len,
					struct query *q)
{
	const uint16_t questions = octets_u16(octets + QDCOUNT_AT);
	struct reader r = reader_over(octets, len);
	enum query_verdict verdict;

	reader_take(&r, DNS_HEADER_OCTETS);
	for (uint16_t i = 0; i < questions; i++)
		if (!name_read(&r, &q->qname) || reader_take(&r, 4) == NULL)
			return QUERY_FORMERR;
	verdict = records_read(octets, len, r.at, q);
	if (questions > 0)
		return QUERY_FORMERR; /* RFC 9619, 4: a QUERY has one */
	return verdict == QUERY_OK ? QUERY_EMPTY : verdict;
}

/* By the counts of answers, authorities and additionals. */
static bool counts_are(const uint8_t *octets, const char counts[static 6])
{
	return memcmp(octets + ANCOUNT_AT, counts, 6) == 0;
}

/* Is an OPT all that stands in octets[at, len)? */
static bool is_opt_alone(const uint8_t *octets, size_t len, size_t at)
{
	const uint8_t *rr = octets + at + 1;

	return counts_are(octets, "\0\0\0\0\0\1") && len - at > RR_RDATA_AT &&
	       octets[at] == 0 && octets_u16(rr + RR_TYPE_AT) == TYPE_OPT &&
	       octets_u16(rr + RR_RDLENGTH_AT) == len - at - 1 - RR_RDATA_AT;
}

/*
 * One question; what all but a few queries have behind it, nothing or an OPT,
 * is read here, anything else by records_read(), which would read those alike.
 */
static enum query_verdict body_read(const uint8_t *octets, size_t len,
				    struct query *q)
{
	size_t name = name_parse(octets + DNS_HEADER_OCTETS,
				 len - DNS_HEADER_OCTETS, &q->qname);
	size_t at = DNS_HEADER_OCTETS + name + 4;

	if (name == 0 || at > len)
		return QUERY_FORMERR;
	q->qtype = octets_u16(octets + at - 4);
	q->qclass = octets_u16(octets + at - 2);
	q->question_len = (uint16_t)(at - DNS_HEADER_OCTETS);
	if (is_opt_alone(octets, len, at))
		return opt_read(q, octets + at + 1);
	if (counts_are(octets, "\0\0\0\0\0\0"))
		return at == len ? QUERY_OK : QUERY_FORMERR;
	return records_read(octets, len, at, q);
}

static void forget_options(struct query *q)
{
	q->has_ecs = q->has_others = false;
	q->has_cookie = q->cookie_malformed = q->has_nsid = false;
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
	enum query_verdict verdict;

	/* The ID is copied from the query itself. */
	if (len < DNS_HEADER_OCTETS || (octets_u16(octets + 2) & FLAG_QR) != 0)
		return QUERY_DROP;
	out->flags = octets_u16(octets + 2);
	out->question_len = 0;
	out->udp_size = 0;
	out->edns = out->dnssec_ok = false;
	forget_options(out);
	verdict = octets_u16(octets + QDCOUNT_AT) == 1
			  ? body_read(octets, len, out)
			  : odd_body_read(octets, len, out);
	if (verdict != QUERY_OK && verdict != QUERY_EMPTY)
		forget_options(out);
	if ((out->flags & OPCODE_MASK) != 0)
		out->has_ecs = false; /* RFC 7871 is of queries alone */
	return judge_opcode(out, verdict);
}
