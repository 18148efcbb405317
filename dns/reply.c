/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/reply.h"

#include "dns/answer.h"
#include "dns/rrset.h"

enum {
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	OPCODE_MASK = 0x7800,
	FLAGS_OFFSET = 2,
	COUNTS_OFFSET = 4,
	OPT_DO = 0x8000,
	EDE_OPTION = 15,
};

/* What is kept free for OPT; an extended error goes in only if it fits. */
static size_t opt_octets(const struct query *q)
{
	if (!q->edns)
		return 0;
	return DNS_OPT_OCTETS + (q->has_ecs ? ecs_octets(&q->ecs) : 0);
}

void reply_begin(struct reply *r, const uint8_t *octets,
		 const struct query *query, uint8_t *out, size_t limit)
{
	*r = (struct reply){
		.w = wire_over(out, limit - opt_octets(query)),
		.query = query,
		.limit = limit,
	};
	wire_put(&r->w, octets,
		 DNS_HEADER_OCTETS + (size_t)query->question_len);
}

bool reply_put(struct reply *r, enum section section, const struct rrset *rrset,
	       uint16_t owner_at)
{
	size_t start = r->w.len;

	wire_put(&r->w, rrset->wire, rrset->len);
	if (!wire_ok(&r->w)) {
		wire_rewind(&r->w, start);
		return false;
	}
	r->counts[section] = (uint16_t)(r->counts[section] + rrset->count);
	if (owner_at == ZONE_QNAME_OFFSET)
		return true; /* as it was rendered */
	for (size_t at = start; at < r->w.len;
	     at += rr_octets(r->w.octets + at))
		wire_patch_u16(&r->w, at, (uint16_t)(0xc000 | owner_at));
	return true;
}

void reply_set_ttl(struct reply *r, size_t offset, uint32_t ttl_s)
{
	for (size_t at = offset; at < r->w.len;
	     at += rr_octets(r->w.octets + at))
		wire_patch_u32(&r->w, at + RR_TTL_OFFSET, ttl_s);
}

/* RFC 8914, 2: INFO-CODE, then text that ends with the option. */
static void put_ede(struct wire *w, const struct ede *ede)
{
	size_t text = strlen(ede->text);
	size_t start = w->len;

	wire_put_u16(w, EDE_OPTION);
	wire_put_u16(w, (uint16_t)(2 + text));
	wire_put_u16(w, ede->info_code);
	wire_put(w, ede->text, text);
	if (!wire_ok(w))
		wire_rewind(w, start);
}

/* RFC 6891, 6.1.3: the upper eight bits of RCODE, version 0, DO copied. */
static void put_opt(struct reply *r)
{
	const struct query *q = r->query;
	uint32_t ttl = (uint32_t)r->rcode >> 4 << 24;
	size_t start;

	r->w.cap = r->limit;
	wire_put_u8(&r->w, 0);
	wire_put_u16(&r->w, TYPE_OPT);
	wire_put_u16(&r->w, ANSWER_UDP_MAX);
	wire_put_u32(&r->w, ttl | (q->dnssec_ok ? OPT_DO : 0));
	wire_put_u16(&r->w, 0);
	start = r->w.len;
	if (q->has_ecs)
		ecs_write(&r->w, &q->ecs, r->scope_bits);
	if (r->ede.text != NULL)
		put_ede(&r->w, &r->ede);
	wire_patch_u16(&r->w, start - 2, (uint16_t)(r->w.len - start));
	r->counts[SECTION_ADDITIONAL]++;
}

/* Of the query's flags only opcode and RD come back; CD is for resolvers. */
static uint16_t reply_flags(const struct reply *r)
{
	unsigned flags = FLAG_QR | (r->query->flags & (OPCODE_MASK | FLAG_RD)) |
			 ((unsigned)r->rcode & 0xf);

	flags |= r->aa ? FLAG_AA : 0;
	flags |= r->tc ? FLAG_TC : 0;
	return (uint16_t)flags;
}

size_t reply_end(struct reply *r)
{
	if (r->query->edns)
		put_opt(r);
	wire_patch_u16(&r->w, FLAGS_OFFSET, reply_flags(r));
	wire_patch_u16(&r->w, COUNTS_OFFSET, r->query->question_len > 0);
	for (size_t i = 0; i < 3; i++)
		wire_patch_u16(&r->w, COUNTS_OFFSET + 2 + 2 * i, r->counts[i]);
	return r->w.len;
}
