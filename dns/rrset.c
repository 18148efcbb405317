/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/rrset.h"

#include "dns/query.h"
#include "dns/wire.h"
#include "dns/zone.h"
#include "policy/base/arena.h"
#include "policy/language/policy.h"

void rr_write(struct wire *w, uint16_t type, uint32_t ttl_s,
	      const uint8_t *rdata, uint16_t rdata_len)
{
	wire_put_u16(w, ZONE_QNAME_POINTER);
	wire_put_u16(w, type);
	wire_put_u16(w, CLASS_IN);
	wire_put_u32(w, ttl_s);
	wire_put_u16(w, rdata_len);
	wire_put(w, rdata, rdata_len);
}

enum rrset_failure rrset_render(struct arena *arena,
				const struct record *const *records,
				size_t count, struct rrset *out)
{
	uint32_t ttl_s = records[0]->ttl_s;
	struct wire w = { 0 };

	for (size_t i = 0; i < count; i++) {
		w.cap += RR_FIXED_OCTETS + records[i]->rdata_len;
		if (records[i]->ttl_s < ttl_s)
			ttl_s = records[i]->ttl_s;
	}
	if (w.cap > POLICY_RRSET_OCTETS_MAX)
		return RRSET_TOO_LARGE;
	w.octets = arena_alloc(arena, w.cap, 1);
	if (w.octets == NULL)
		return RRSET_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		rr_write(&w, records[i]->type, ttl_s, records[i]->rdata,
			 records[i]->rdata_len);
	*out = (struct rrset){
		.type = records[0]->type,
		.count = (uint16_t)count,
		.ttl_s = ttl_s,
		.len = (uint32_t)w.len,
		.wire = w.octets,
	};
	return RRSET_OK;
}

bool rrset_copy(struct arena *arena, const struct rrset *from, uint32_t ttl_s,
		struct rrset *out)
{
	struct wire w = {
		.octets = arena_alloc(arena, from->len, 1),
		.cap = from->len,
	};

	if (w.octets == NULL)
		return false;
	wire_put(&w, from->wire, from->len);
	for (size_t at = 0; at < w.len; at += rr_octets(w.octets + at))
		wire_patch_u32(&w, at + RR_TTL_OFFSET, ttl_s);
	*out = *from;
	out->ttl_s = ttl_s;
	out->wire = w.octets;
	return true;
}
