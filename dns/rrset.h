/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rrset -- records turned into the octets that answers carry.  Load time.
 *
 * Pure.
 */
#ifndef DNS_RRSET_H
#define DNS_RRSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct name;
struct record;
struct rrset;
struct wire;
struct zone_node;

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
	return RR_FIXED_OCTETS + (size_t)(wire[RR_RDLENGTH_OFFSET] << 8 |
					  wire[RR_RDLENGTH_OFFSET + 1]);
}

#endif
