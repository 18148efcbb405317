/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/rrset.h"

#include "dns/name.h"
#include "dns/query.h"
#include "dns/wire.h"
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

/* As it was rendered, the owner is the question's. */
void rrset_patch(uint8_t *octets, const struct rrset *rrset, uint16_t owner_at,
		 uint16_t apex_at)
{
	for (uint16_t i = 0; i < rrset->pointer_count; i++) {
		const struct rrset_pointer *p = &rrset->pointers[i];

		octets_put_u16(octets + p->at,
			       (uint16_t)(0xc000 |
					  (p->to_owner ? owner_at : apex_at)));
	}
	if (owner_at == ZONE_QNAME_OFFSET)
		return;
	for (size_t at = 0; at < rrset->len; at += rr_octets(octets + at))
		octets_put_u16(octets + at, (uint16_t)(0xc000 | owner_at));
}

/* RDATA that has names to compress: RFC 3597, 4 allows only these types. */
static const struct layout {
	uint16_t type;
	uint8_t octets; /* before the first name */
	uint8_t names;  /* one after another */
} layouts[] = {
	{ TYPE_NS, 0, 1 },  { TYPE_CNAME, 0, 1 }, { TYPE_SOA, 0, 2 },
	{ TYPE_PTR, 0, 1 }, { TYPE_MX, 2, 1 },
};

static const struct layout *layout_of(uint16_t type)
{
	static const struct layout none = { 0 };

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return &none;
}

/* The RRset that is being rendered. */
struct rendering {
	struct wire w;
	const struct zone_node *apex;
	const struct record *owner; /* names it; NULL: not to be pointed at */
	struct rrset_pointer *pointers;
	uint16_t pointer_count;
};

/* Does the name, from its label on, say what stands elsewhere? */
static bool points(const struct rendering *r, const struct name *name,
		   unsigned label, bool *to_owner)
{
	*to_owner =
		r->owner != NULL && name_suffix_is(name, label, r->owner->owner,
						   r->owner->owner_len);
	return *to_owner ||
	       name_suffix_is(name, label, r->apex->octets, r->apex->len);
}

/* Copies one name; what of it is the owner or the apex becomes a pointer. */
static void put_name(struct rendering *r, struct reader *from)
{
	const uint8_t *octets = from->octets + from->at;
	struct reader beyond = *from;
	struct name name;

	if (!name_read(&beyond, &name))
		return; /* no name: the caller copies what is there */
	*from = beyond;
	for (unsigned i = 0; r->apex != NULL && i < name.labels; i++) {
		struct rrset_pointer *pointer = &r->pointers[r->pointer_count];

		if (!points(r, &name, i, &pointer->to_owner))
			continue;
		wire_put(&r->w, octets, name.at[i]);
		pointer->at = (uint16_t)r->w.len;
		r->pointer_count++;
		wire_put_u16(&r->w, pointer->to_owner ? ZONE_OWNER_POINTER
						      : ZONE_QNAME_POINTER);
		return;
	}
	wire_put(&r->w, octets, name.len);
}

static void put_record(struct rendering *r, const struct record *record,
		       uint32_t ttl_s)
{
	const struct layout *layout = layout_of(record->type);
	struct reader from = reader_over(record->rdata, record->rdata_len);
	size_t start = r->w.len;

	rr_write(&r->w, record->type, ttl_s, NULL, 0);
	wire_put(&r->w, reader_take(&from, layout->octets), layout->octets);
	for (unsigned i = 0; i < layout->names; i++)
		put_name(r, &from);
	wire_put(&r->w, from.octets + from.at, reader_left(&from));
	wire_patch_u16(&r->w, start + RR_RDLENGTH_OFFSET,
		       (uint16_t)(r->w.len - start - RR_FIXED_OCTETS));
}

enum rrset_failure rrset_render(struct arena *arena,
				const struct zone_node *apex,
				const struct record *const *records,
				size_t count, struct rrset *out)
{
	size_t names = count * layout_of(records[0]->type)->names;
	uint32_t ttl_s = records[0]->ttl_s;
	struct rendering r = { .apex = apex };

	/* Name servers below a cut; another owner may be a wildcard's name. */
	if (records[0]->type == TYPE_NS)
		r.owner = records[0];

	for (size_t i = 0; i < count; i++) {
		r.w.cap += RR_FIXED_OCTETS + records[i]->rdata_len;
		if (records[i]->ttl_s < ttl_s)
			ttl_s = records[i]->ttl_s;
	}
	if (r.w.cap > POLICY_RRSET_OCTETS_MAX)
		return RRSET_TOO_LARGE;
	r.w.octets = arena_alloc(arena, r.w.cap, 1);
	r.pointers = arena_alloc(arena, names, sizeof(r.pointers[0]));
	if (r.w.octets == NULL || r.pointers == NULL)
		return RRSET_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		put_record(&r, records[i], ttl_s);
	*out = (struct rrset){
		.type = records[0]->type,
		.count = (uint16_t)count,
		.ttl_s = ttl_s,
		.len = (uint32_t)r.w.len,
		.wire = r.w.octets,
		.pointers = r.pointers,
		.pointer_count = r.pointer_count,
	};
	return RRSET_OK;
}

bool rrset_name(const uint8_t *octets, size_t len, const struct zone_node *apex,
		const struct zone_node *owner, struct name *out)
{
	uint8_t whole[NAME_OCTETS_MAX];
	struct wire w = wire_over(whole, sizeof(whole));
	uint8_t last = len < 2 ? 0 : octets[len - 1];
	const struct zone_node *rest =
		last == (uint8_t)ZONE_QNAME_POINTER   ? apex
		: last == (uint8_t)ZONE_OWNER_POINTER ? owner
						      : NULL;

	/* A whole name ends with the root, a pointer as it was rendered. */
	if (rest == NULL)
		return name_from_wire(octets, len, out);
	wire_put(&w, octets, len - 2);
	wire_put(&w, rest->octets, rest->len);
	return wire_ok(&w) && name_from_wire(w.octets, w.len, out);
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
