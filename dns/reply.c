/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/reply.h"

#include "dns/rrset.h"

enum {
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	OPCODE_MASK = 0x7800,
	FLAGS_OFFSET = 2,
	COUNTS_OFFSET = 4,
};

void reply_begin(struct reply *r, const uint8_t *octets,
		 const struct query *query, uint8_t *out, size_t limit)
{
	r->w = wire_over(out, limit);
	r->query = query;
	r->limit = limit;
	wire_put(&r->w, octets,
		 DNS_HEADER_OCTETS + (size_t)query->question_len);
}

void reply_keep_room(struct reply *r)
{
	r->w.cap = r->limit - edns_octets(&r->edns, r->query);
}

/* Names in the data end where owner and apex stand in this message. */
static void patch_names(struct reply *r, size_t start,
			const struct rrset *rrset, uint16_t owner_at)
{
	for (uint16_t i = 0; i < rrset->pointer_count; i++) {
		const struct rrset_pointer *p = &rrset->pointers[i];

		wire_patch_u16(&r->w, start + p->at,
			       (uint16_t)(0xc000 | (p->to_owner ? owner_at
								: r->apex_at)));
	}
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
	patch_names(r, start, rrset, owner_at);
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

/* Of the query's flags only opcode and RD come back; CD is for resolvers. */
static uint16_t reply_flags(const struct reply *r)
{
	unsigned flags = FLAG_QR | (r->query->flags & (OPCODE_MASK | FLAG_RD)) |
			 ((unsigned)r->rcode & 0xf);

	flags |= r->aa ? FLAG_AA : 0;
	flags |= r->tc ? FLAG_TC : 0;
	return (uint16_t)flags;
}

static void put_opt(struct reply *r)
{
	const struct edns_end end = {
		.rcode = (unsigned)r->rcode,
		.scope_bits = r->scope_bits,
		.ede = r->ede,
		.limit = r->limit,
	};

	edns_write(&r->edns, r->query, &end, &r->w);
	r->counts[SECTION_ADDITIONAL]++;
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
