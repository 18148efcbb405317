/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/chain.h"

#include "dns/pool.h"
#include "dns/resolve.h"
#include "dns/rrset.h"
#include "dns/steered.h"

/* The link that was made at node before, or NULL. */
static const struct chain_link *find(const struct chain *chain,
				     const struct zone_node *node)
{
	for (unsigned i = 0; i < chain->links; i++)
		if (chain->seen[i].node == node)
			return &chain->seen[i];
	return NULL;
}

/* Every label of a name that begins at at is in reach of a pointer. */
static bool in_reach(size_t at)
{
	return at + NAME_OCTETS_MAX <= POSITION_MAX;
}

static bool add(struct chain *chain, const struct zone_node *node,
		size_t target_at)
{
	if (chain->links == CHAIN_MAX || !in_reach(target_at))
		return false;
	chain->seen[chain->links++] = (struct chain_link){
		.node = node,
		.target_at = (uint16_t)target_at,
	};
	return true;
}

bool chain_follow_cname(struct chain *chain, struct answer *a)
{
	const struct zone_node *node = a->match.node, *apex = a->zone->apex;
	const struct rrset *cname = node->cname;
	size_t at = a->reply.w.len + RR_FIXED_OCTETS;

	if (find(chain, node) != NULL || !add(chain, node, at))
		return false;
	if (cname != NULL)
		answer_put(a, SECTION_ANSWER, cname, chain->position.at);
	else
		cname = put_steered(a, chain->position, node->service,
				    POOL_CNAME);
	if (a->reply.tc || cname == NULL ||
	    !rrset_name(cname->wire + RR_FIXED_OCTETS,
			cname->len - RR_FIXED_OCTETS, apex, NULL,
			&chain->target))
		return false;
	chain->name = &chain->target;
	chain->position = (struct position){
		.at = (uint16_t)at,
		.len = chain->target.len,
		.tail_at = a->reply.apex_at,
		.tail_len = cname->pointer_count > 0 ? apex->len : 0,
	};
	/* The apex itself: nothing points at a pointer. */
	if (chain->position.tail_len == chain->position.len)
		chain->position.at = a->reply.apex_at;
	return true;
}

/* The labels of the name that are below the owner of the DNAME. */
struct labels {
	const uint8_t *octets;
	size_t len;
};

/* As they were written, where they stand in one piece. */
static struct labels labels_below(const struct chain *chain,
				  const struct answer *a)
{
	struct position position = chain->position;
	size_t len = (size_t)(chain->name->len - a->match.node->len);
	bool together = len + position.tail_len <= position.len;

	return (struct labels){
		.octets = together ? a->reply.w.octets + position.at
				   : chain->name->octets,
		.len = len,
	};
}

/* The CNAME that stands for the DNAME: its data ends in the DNAME's. */
static bool put_cname(struct chain *chain, struct answer *a,
		      const struct rrset *dname, uint16_t target_at)
{
	struct labels below = labels_below(chain, a);
	struct wire *w = &a->reply.w;
	size_t start = w->len;

	wire_put_u16(w, (uint16_t)(0xc000 | chain->position.at));
	wire_put_u16(w, TYPE_CNAME);
	wire_put_u16(w, CLASS_IN);
	wire_put_u32(w, dname->ttl_s);
	wire_put_u16(w, (uint16_t)(below.len + 2));
	wire_put(w, below.octets, below.len);
	wire_put_u16(w, (uint16_t)(0xc000 | target_at));
	if (!wire_ok(w)) {
		wire_rewind(w, start);
		a->reply.tc = true;
		return false;
	}
	a->reply.counts[SECTION_ANSWER]++;
	chain->position = (struct position){
		.at = (uint16_t)(start + RR_FIXED_OCTETS),
		.len = (uint8_t)(below.len + dname->len - RR_FIXED_OCTETS),
		.tail_at = target_at,
		.tail_len = (uint8_t)(dname->len - RR_FIXED_OCTETS),
	};
	return in_reach(start + RR_FIXED_OCTETS);
}

static bool is_ring(const struct chain *chain, uint64_t asked)
{
	for (unsigned i = 0; i < chain->links; i++)
		if (chain->seen[i].asked == asked)
			return true;
	return false;
}

/* Each DNAME is told once, however often the chain comes by. */
static const struct chain_link *put_dname(struct chain *chain, struct answer *a)
{
	const struct zone_node *node = a->match.node;
	const struct chain_link *before = find(chain, node);
	uint64_t asked = name_hash(chain->name, 0);
	size_t at = before != NULL ? before->target_at
				   : a->reply.w.len + RR_FIXED_OCTETS;

	if (is_ring(chain, asked) || !add(chain, node, at))
		return NULL;
	chain->seen[chain->links - 1].asked = asked;
	if (before == NULL)
		answer_put(a, SECTION_ANSWER, node->dname,
			   position_suffix(chain->position, node->len));
	return a->reply.tc ? NULL : &chain->seen[chain->links - 1];
}

bool chain_follow_dname(struct chain *chain, struct answer *a)
{
	const struct rrset *dname = a->match.node->dname;
	const struct chain_link *link = put_dname(chain, a);
	size_t below = (size_t)(chain->name->len - a->match.node->len);
	uint8_t octets[NAME_OCTETS_MAX];
	struct wire w = wire_over(octets, sizeof(octets));

	if (link == NULL)
		return false;
	wire_put(&w, chain->name->octets, below);
	wire_put(&w, dname->wire + RR_FIXED_OCTETS,
		 dname->len - RR_FIXED_OCTETS);
	if (!wire_ok(&w)) {
		a->reply.rcode = RCODE_YXDOMAIN; /* RFC 6672, 3.2, step 3c */
		return false;
	}
	if (!put_cname(chain, a, dname, link->target_at))
		return false;
	chain->name = &chain->target;
	/* The CNAME may be what was asked for. */
	return a->qtype != TYPE_CNAME && a->qtype != TYPE_ANY &&
	       name_from_wire(w.octets, w.len, &chain->target);
}
