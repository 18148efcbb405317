/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rrset -- records turned into the octets that answers carry.  Load time.
 *
 * Pure.
 */
#ifndef DNS_RRSET_H
#define DNS_RRSET_H

#include "dns/octets.h"
#include "dns/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct name;
struct record;
struct wire;

enum {
	RR_FIXED_OCTETS = 12, /* pointer, TYPE, CLASS, TTL, RDLENGTH */
	RR_TTL_OFFSET = 6,
	RR_RDLENGTH_OFFSET = 10,
};

enum rrset_failure { RRSET_OK, RRSET_NO_MEMORY, RRSET_TOO_LARGE };

/*
 * Renders count records of one owner and type, of which none is another's
 * duplicate, into out.  The TTL is the least of theirs (RFC 2181, 5.2).  Names
 * in the data of the types that may have them compressed (RFC 3597, 4) end in
 * a pointer when they are within apex, those of NS when they are within their
 * owner; so a signature is made from the records
 * and never from what is rendered here.
 */
enum rrset_failure rrset_render(struct arena *arena,
				const struct zone_node *apex,
				const struct record *const *records,
				size_t count, struct rrset *out);

/*
 * Reads a name that ends rendered RDATA, of len octets, whole again; false
 * when it is none.  owner is the RRset's, and NULL unless that is NS.
 */
bool rrset_name(const uint8_t *octets, size_t len, const struct zone_node *apex,
		const struct zone_node *owner, struct name *out);

/* A copy of a whole RRset with another TTL; false when memory runs out. */
bool rrset_copy(struct arena *arena, const struct rrset *from, uint32_t ttl_s,
		struct rrset *out);

/* Writes one record owned by the question's name. */
void rr_write(struct wire *w, uint16_t type, uint32_t ttl_s,
	      const uint8_t *rdata, uint16_t rdata_len);

/* The octets of the record at wire. */
static inline size_t rr_octets(const uint8_t *wire)
{
	return RR_FIXED_OCTETS + (size_t)octets_u16(wire + RR_RDLENGTH_OFFSET);
}

/* Sets the TTL of every record in octets[0, len). */
static inline void rr_set_ttl(uint8_t *octets, size_t len, uint32_t ttl_s)
{
	for (size_t at = 0; at < len; at += rr_octets(octets + at))
		octets_put_u32(octets + at + RR_TTL_OFFSET, ttl_s);
}

/* rrset_place() where there is something to patch. */
void rrset_patch(uint8_t *octets, const struct rrset *rrset, uint16_t owner_at,
		 uint16_t apex_at);

/*
 * Makes a copy of rrset's octets fit its message, in which its owner's name is
 * at owner_at and the zone's apex at apex_at.
 */
static inline void rrset_place(uint8_t *octets, const struct rrset *rrset,
			       uint16_t owner_at, uint16_t apex_at)
{
	if (rrset->pointer_count > 0 || owner_at != ZONE_QNAME_OFFSET)
		rrset_patch(octets, rrset, owner_at, apex_at);
}

#endif
