/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/proof.h"

#include "dns/denial.h"
#include "dns/rrset.h"

bool proof_wanted(const struct answer *a)
{
	return a->zone->denial != NULL && a->query->dnssec_ok;
}

/*
 * Two forms of one NSEC would be one RRset of two records, signed by neither
 * signature: the one that lacks a type stays, it proves all the other does.
 */
static void add(struct answer *a, const struct proof *proof)
{
	struct proofs *proofs = a->proofs;

	for (unsigned i = 0; i < proofs->count; i++) {
		struct proof *at = &proofs->list[i];

		if (at->nsec != proof->nsec)
			continue;
		if (at->rrset == &at->nsec->rrset)
			at->rrset = proof->rrset;
		if (at->ttl_s > proof->ttl_s)
			at->ttl_s = proof->ttl_s;
		return;
	}
	if (proofs->count < PROOFS_MAX)
		proofs->list[proofs->count++] = *proof;
}

/* An NSEC of the zone that the name at position is in. */
static struct proof proof_of(const struct answer *a, struct position position,
			     const struct nsec *nsec)
{
	const struct zone_node *apex = a->zone->apex;

	return (struct proof){
		.nsec = nsec,
		.rrset = &nsec->rrset,
		.prefix_len = (uint8_t)(nsec->node->len - apex->len),
		.suffix_at = position_suffix(position, apex->len),
		.ttl_s = nsec->rrset.ttl_s,
	};
}

static void prove(struct answer *a, struct position position,
		  const struct nsec *nsec)
{
	struct proof proof = proof_of(a, position, nsec);

	add(a, &proof);
}

void prove_no_name(struct answer *a, struct position position,
		   const struct name *name)
{
	if (!proof_wanted(a))
		return;
	prove(a, position, denial_find(a->zone->denial, name));
	prove(a, position, a->match.node->no_wildcard);
}

void prove_expanded(struct answer *a, struct position position,
		    const struct name *name)
{
	if (proof_wanted(a))
		prove(a, position, denial_find(a->zone->denial, name));
}

void prove_no_kind(struct answer *a, struct position position,
		   enum pool_kind kind, uint32_t ttl_s)
{
	const struct zone_node *node = a->match.node;
	struct proof proof;

	if (!proof_wanted(a))
		return;
	proof = proof_of(a, position, node->nsec);
	if (a->match.found == ZONE_EXACT && node->nsec->node == node) {
		proof.prefix_len = 0;
		proof.suffix_at = position_suffix(position, position.len);
	}
	if (kind != POOL_KINDS && node->nsec->without[kind] != NULL)
		proof.rrset = node->nsec->without[kind];
	if (proof.ttl_s > ttl_s)
		proof.ttl_s = ttl_s;
	add(a, &proof);
}

void prove_no_type(struct answer *a, struct position position)
{
	prove_no_kind(a, position, POOL_KINDS, UINT32_MAX);
}

void prove_unsigned(struct answer *a, uint16_t cut_at,
		    const struct zone_node *cut)
{
	add(a, &(struct proof){
		       .nsec = cut->nsec,
		       .rrset = &cut->nsec->rrset,
		       .suffix_at = cut_at,
		       .ttl_s = cut->nsec->rrset.ttl_s,
	       });
}

static void put_pointer(struct wire *w, size_t at)
{
	wire_put_u16(w, (uint16_t)(0xc000 | at));
}

/*
 * The records of an RRset; their owner is written out in front of a name that
 * is in the message, or, once it stands in reach of a pointer, pointed at: at
 * its labels, never at another pointer.
 */
static void put_records(struct reply *r, const struct proof *proof,
			const struct rrset *rrset, size_t first_at)
{
	const uint8_t *end = rrset->wire + rrset->len;

	for (const uint8_t *rr = rrset->wire; rr < end; rr += rr_octets(rr)) {
		size_t at;

		if (proof->prefix_len > 0 && first_at != r->w.len &&
		    first_at <= POSITION_MAX) {
			put_pointer(&r->w, first_at);
		} else {
			wire_put(&r->w, proof->nsec->node->octets,
				 proof->prefix_len);
			put_pointer(&r->w, proof->suffix_at);
		}
		at = r->w.len - 2 + RR_TTL_OFFSET;
		wire_put(&r->w, rr + 2, rr_octets(rr) - 2);
		if (wire_ok(&r->w))
			wire_patch_u32(&r->w, at, proof->ttl_s);
	}
}

static bool put(struct reply *r, const struct proof *proof)
{
	const struct rrset *rrset = proof->rrset;
	size_t start = r->w.len;

	put_records(r, proof, rrset, start);
	put_records(r, proof, rrset->rrsig, start);
	if (!wire_ok(&r->w)) {
		wire_rewind(&r->w, start);
		return false;
	}
	r->counts[SECTION_AUTHORITY] =
		(uint16_t)(r->counts[SECTION_AUTHORITY] + rrset->count +
			   rrset->rrsig->count);
	return true;
}

void proofs_put(struct answer *a)
{
	for (unsigned i = 0; i < a->proofs->count && !a->reply.tc; i++)
		a->reply.tc = !put(&a->reply, &a->proofs->list[i]);
	a->proofs->count = 0;
}
