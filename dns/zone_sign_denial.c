/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/denial.h"
#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/sign/signer.h"
#include "dns/wire.h"
#include "dns/zone_sign.h"
#include "policy/base/arena.h"

#include <stdlib.h>
#include <string.h>

enum {
	WINDOWS = 256,      /* RFC 4034, 4.1.2: the high octet of a TYPE... */
	WINDOW_OCTETS = 32, /* ...and a bit for each low one */
	NSEC_RDATA_MAX = NAME_OCTETS_MAX + WINDOWS * (2 + WINDOW_OCTETS),
};

/* The chain while it is made. */
struct chain {
	const struct zone_signed *s;
	struct denial *denial;
	uint32_t ttl_s;
};

typedef bool each_node(struct chain *c, struct zone_node *node);

/* Those of the zone, above and at its cuts; what is below is the child's. */
static bool for_nodes(struct chain *c, each_node *visit)
{
	const struct index *index = &c->s->zone->index;

	for (size_t i = 0; i <= index->mask; i++) {
		struct zone_node *node = index->slots[i].node;

		if (node != NULL && (node->cut == NULL || node->cut == node) &&
		    !visit(c, node))
			return false;
	}
	return true;
}

/* A link for every name that has records: RFC 4035, 2.3. */
static bool add_link(struct chain *c, struct zone_node *node)
{
	struct nsec *nsec = &c->denial->chain[c->denial->count];
	struct denial_key key;
	struct name name;
	uint8_t *octets;

	if (node->rrset_count == 0 && node->service < 0)
		return true; /* an empty non-terminal */
	if (!name_from_wire(node->octets, node->len, &name))
		return true;
	denial_key(c->denial, &name, &key);
	octets = arena_alloc(c->s->zone->arena, key.len, 1);
	if (octets == NULL)
		return zone_sign_no_memory(c->s);
	memcpy(octets, key.octets, key.len);
	nsec->node = node;
	nsec->key = octets;
	nsec->key_len = key.len;
	c->denial->count++;
	return true;
}

static int compare_links(const void *left, const void *right)
{
	const struct nsec *a = left, *b = right;

	return denial_compare(a->key, a->key_len, b->key, b->key_len);
}

static void set_type(uint8_t map[WINDOWS][WINDOW_OCTETS], uint16_t type)
{
	map[type >> 8][(type & 0xff) / 8] |= (uint8_t)(0x80 >> type % 8);
}

/* What there is at node, but the kind that is without. */
static void set_types(const struct chain *c, const struct zone_node *node,
		      enum pool_kind without,
		      uint8_t map[WINDOWS][WINDOW_OCTETS])
{
	set_type(map, TYPE_RRSIG);
	set_type(map, TYPE_NSEC);
	for (uint16_t i = 0; i < node->rrset_count; i++) {
		uint16_t type = node->rrsets[i].type;

		/* Addresses at a cut are glue: RFC 4035, 2.3. */
		if (node->cut == NULL || type == TYPE_NS || type == TYPE_DS)
			set_type(map, type);
	}
	for (enum pool_kind kind = 0; node->service >= 0 && kind < POOL_KINDS;
	     kind++)
		if (c->s->with->pools[node->service].having[kind] != 0 &&
		    kind != without)
			set_type(map, pool_type(kind));
}

/* RFC 4034, 4.1: the next name, then the windows that are not empty. */
static void write_rdata(struct wire *w, const struct zone_node *next,
			const uint8_t map[WINDOWS][WINDOW_OCTETS])
{
	wire_put(w, next->octets, next->len);
	for (unsigned i = 0; i < WINDOWS; i++) {
		uint8_t used = WINDOW_OCTETS;

		while (used > 0 && map[i][used - 1] == 0)
			used--;
		if (used == 0)
			continue;
		wire_put_u8(w, (uint8_t)i);
		wire_put_u8(w, used);
		wire_put(w, map[i], used);
	}
}

static bool render(const struct chain *c, const struct nsec *nsec,
		   enum pool_kind without, struct rrset *out)
{
	const struct denial *denial = c->denial;
	size_t i = (size_t)(nsec - denial->chain);
	const struct nsec *next = &denial->chain[(i + 1) % denial->count];
	uint8_t map[WINDOWS][WINDOW_OCTETS] = { 0 };
	uint8_t octets[NSEC_RDATA_MAX];
	struct wire rdata = wire_over(octets, sizeof(octets));
	struct wire w = { 0 };

	set_types(c, nsec->node, without, map);
	write_rdata(&rdata, next->node, map);
	w.cap = RR_FIXED_OCTETS + rdata.len;
	w.octets = arena_alloc(c->s->zone->arena, w.cap, 1);
	if (w.octets == NULL)
		return zone_sign_no_memory(c->s);
	rr_write(&w, TYPE_NSEC, c->ttl_s, octets, (uint16_t)rdata.len);
	*out = (struct rrset){
		.type = TYPE_NSEC,
		.count = 1,
		.ttl_s = c->ttl_s,
		.len = (uint32_t)w.len,
		.wire = w.octets,
	};
	return zone_sign_rrset(c->s, nsec->node, out,
			       &(struct sign_rdata){ octets,
						     (uint16_t)rdata.len },
			       1);
}

/* The forms that lack one type of the service: dns/denial.h says why. */
static bool render_without(const struct chain *c, struct nsec *nsec)
{
	const struct pool *pool = &c->s->with->pools[nsec->node->service];

	for (enum pool_kind kind = 0; kind < POOL_KINDS; kind++) {
		struct rrset *rrset;

		if (pool->having[kind] == 0)
			continue;
		rrset = arena_alloc(c->s->zone->arena, 1, sizeof(*rrset));
		if (rrset == NULL)
			return zone_sign_no_memory(c->s);
		if (!render(c, nsec, kind, rrset))
			return false;
		nsec->without[kind] = rrset;
	}
	return true;
}

static bool render_links(const struct chain *c)
{
	for (size_t i = 0; i < c->denial->count; i++) {
		struct nsec *nsec = &c->denial->chain[i];

		if (!render(c, nsec, POOL_KINDS, &nsec->rrset))
			return false;
		if (nsec->node->service >= 0 && !render_without(c, nsec))
			return false;
	}
	return true;
}

/* What proves that a name has no more than it has, and no wildcard. */
static bool set_proofs(struct chain *c, struct zone_node *node)
{
	uint8_t octets[2 + NAME_OCTETS_MAX] = { 1, '*' };
	struct name name;

	if (!name_from_wire(node->octets, node->len, &name))
		return true;
	node->nsec = denial_find(c->denial, &name);
	memcpy(octets + 2, node->octets, node->len);
	/* A name too long for a child is nobody's encloser. */
	if (node->wildcard == NULL &&
	    name_from_wire(octets, node->len + 2u, &name))
		node->no_wildcard = denial_find(c->denial, &name);
	return true;
}

bool zone_sign_denial(const struct zone_signed *s)
{
	struct arena *arena = s->zone->arena;
	struct denial *denial = arena_alloc(arena, 1, sizeof(*denial));
	struct chain c = {
		.s = s,
		.denial = denial,
		.ttl_s = s->zone->negative_soa->ttl_s,
	};

	if (denial == NULL)
		return zone_sign_no_memory(s);
	denial->chain = arena_alloc(arena, s->zone->index.count,
				    sizeof(denial->chain[0]));
	denial->heads = arena_alloc(arena, s->zone->index.count,
				    sizeof(denial->heads[0]));
	if (denial->chain == NULL || denial->heads == NULL)
		return zone_sign_no_memory(s);
	denial->apex_labels = s->zone->apex->labels;
	if (!for_nodes(&c, add_link))
		return false;
	qsort(denial->chain, denial->count, sizeof(denial->chain[0]),
	      compare_links);
	for (size_t i = 0; i < denial->count; i++)
		denial->heads[i] = denial_head(denial->chain[i].key,
					       denial->chain[i].key_len);
	s->zone->denial = denial;
	return render_links(&c) && for_nodes(&c, set_proofs);
}
