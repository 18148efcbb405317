/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/resolve.h"

#include "dns/answer.h"
#include "dns/chain.h"
#include "dns/denial.h"
#include "dns/model.h"
#include "dns/pool.h"
#include "dns/proof.h"
#include "dns/rrset.h"
#include "dns/steered.h"
#include "dns/table.h"
#include "dns/zones.h"

const struct model *answer_model(const struct answer *a)
{
	return table_model(a->table);
}

/* The place of an ancestor's name: the end of the name that is there. */
static uint16_t ancestor_at(struct position name, const struct zone_node *node)
{
	return position_suffix(name, node->len);
}

/* With its signatures, or neither. */
static bool fit_signed(struct answer *a, enum section section,
		       const struct rrset *rrset, uint16_t owner_at)
{
	size_t start = a->reply.w.len;
	uint16_t before = a->reply.counts[section];

	if (!reply_put(&a->reply, section, rrset, owner_at))
		return false;
	if (reply_put(&a->reply, section, rrset->rrsig, owner_at))
		return true;
	wire_rewind(&a->reply.w, start);
	a->reply.counts[section] = before;
	return false;
}

bool answer_fit(struct answer *a, enum section section,
		const struct rrset *rrset, uint16_t owner_at)
{
	return rrset->rrsig != NULL && a->query->dnssec_ok
		       ? fit_signed(a, section, rrset, owner_at)
		       : reply_put(&a->reply, section, rrset, owner_at);
}

void answer_put(struct answer *a, enum section section,
		const struct rrset *rrset, uint16_t owner_at)
{
	if (!a->reply.tc && !answer_fit(a, section, rrset, owner_at))
		a->reply.tc = true;
}

void answer_put_negative(struct answer *a, struct position name,
			 enum rcode rcode)
{
	a->reply.rcode = rcode;
	answer_put(a, SECTION_AUTHORITY, a->zone->negative_soa,
		   ancestor_at(name, a->zone->apex));
}

/*
 * A name that is a pointer alone stands where that leads: a pointer to a
 * pointer is legal (RFC 1035, 4.1.4), but not every reader follows a second.
 */
static uint16_t labels_at(const struct wire *w, size_t at)
{
	uint8_t first = w->octets[at];

	if (first < 0xc0)
		return (uint16_t)at;
	return (uint16_t)((first & 0x3f) << 8 | w->octets[at + 1]);
}

/* Glue owned by the target of an NS record that begins at ns_at. */
static bool put_glue(struct answer *a, const struct glue *glue, size_t ns_at)
{
	size_t at = ns_at + glue->target_at;

	return at <= POSITION_MAX &&
	       answer_fit(a, SECTION_ADDITIONAL, glue->rrset,
			  labels_at(&a->reply.w, at));
}

/* RFC 4035, 3.1.4: how the child is signed, or the proof that it is not. */
static void put_security(struct answer *a, struct position name,
			 const struct zone_node *cut)
{
	const struct rrset *ds = zone_rrset(cut, TYPE_DS);

	if (!proof_wanted(a))
		return;
	if (ds != NULL)
		answer_put(a, SECTION_AUTHORITY, ds, ancestor_at(name, cut));
	else
		prove_unsigned(a, ancestor_at(name, cut), cut);
	proofs_put(a); /* the additional section comes next */
}

/* RFC 9471, 3.1: all glue of the zone's own, or TC; the rest if it fits. */
static void put_referral(struct answer *a, struct position name,
			 const struct zone_node *cut)
{
	const struct referral *referral = cut->referral;
	size_t ns_at = a->reply.w.len;

	answer_put(a, SECTION_AUTHORITY, referral->ns, ancestor_at(name, cut));
	put_security(a, name, cut);
	for (uint16_t i = 0; i < referral->required_count && !a->reply.tc; i++)
		a->reply.tc = !put_glue(a, &referral->required[i], ns_at);
	for (uint16_t i = 0; i < referral->sibling_count && !a->reply.tc; i++)
		if (!put_glue(a, &referral->sibling[i], ns_at))
			break;
}

/* Does a service give a kind of record at node? */
static bool is_steered(const struct answer *a, const struct zone_node *node,
		       enum pool_kind kind)
{
	return node->service >= 0 && kind != POOL_KINDS &&
	       answer_model(a)->pools[node->service].having[kind] != 0;
}

/* The name exists, is not a zone cut, and has no CNAME to follow. */
static void put_node(struct answer *a, struct position name,
		     const struct zone_node *node)
{
	enum pool_kind kind =
		node->service < 0 ? POOL_KINDS : pool_kind_of(a->qtype);
	const struct rrset *rrset;

	if (is_steered(a, node, kind)) {
		put_steered(a, name, node->service, kind);
		return;
	}
	/* No endpoint has it: NODATA to whoever asks, and scope 0. */
	if (kind != POOL_KINDS && a->outcome->service < 0)
		a->outcome->service = node->service;
	rrset = zone_rrset(node, a->qtype);
	if (rrset == NULL)
		rrset = denial_rrset(node, a->qtype);
	if (rrset != NULL) {
		answer_put(a, SECTION_ANSWER, rrset, name.at);
		return;
	}
	answer_put_negative(a, name, RCODE_NOERROR);
	prove_no_type(a, name);
}

/* RFC 4035, 3.1.4.1: DS at a cut is the parent's, all else the child's. */
static bool is_delegated(const struct answer *a, const struct zone_match *match)
{
	const struct zone_node *cut = match->node->cut;

	return cut != NULL && !(match->found == ZONE_EXACT &&
				match->node == cut && a->qtype == TYPE_DS);
}

/*
 * Is there a CNAME at node, to be followed?  Not when it is what was asked
 * for, or when that stands beside it (RFC 2181, 10.1; RFC 4034, 3 and 4).
 */
static bool is_alias(const struct answer *a, const struct zone_node *node)
{
	return (node->cname != NULL || is_steered(a, node, POOL_CNAME)) &&
	       a->qtype != TYPE_CNAME && zone_rrset(node, a->qtype) == NULL &&
	       denial_rrset(node, a->qtype) == NULL;
}

/* QTYPE ANY becomes the one type that stands for the node: RFC 8482, 4.1. */
static void settle_any(struct answer *a, const struct zone_node *node)
{
	if (a->qtype == TYPE_ANY && node->any_type != 0)
		a->qtype = node->any_type;
}

void answer_refuse(struct answer *a, uint16_t info_code, const char *text)
{
	a->reply.rcode = RCODE_REFUSED;
	a->reply.edns.ede = (struct ede){ info_code, text };
}

/* DS at an apex is the parent's: RFC 4035, 3.1.4.1. */
static void settle_ds(struct answer *a, const struct name *name)
{
	if (a->qtype != TYPE_DS || a->match.found != ZONE_EXACT ||
	    a->match.node != a->zone->apex || a->zone->parent == NULL)
		return;
	a->zone = a->zone->parent;
	a->match = zone_find(a->zone, name);
}

/*
 * What the answer is counted as, by the first name of a chain.  No choice of
 * names below a wildcard, cut, DNAME or zone makes it another account.
 */
static void settle_outcome(struct answer *a)
{
	const struct zone_node *node = a->match.node;

	a->outcome->zone = a->zone->number;
	if (node->cut != NULL)
		node = node->cut;
	else if (a->match.found == ZONE_MISSING && node->dname == NULL)
		node = a->zone->apex;
	a->outcome->account = node->octets;
	a->outcome->account_octets = node->len;
	a->outcome->type = a->qtype;
}

/*
 * RFC 1034, 4.3.2 from step 3 on, for one name.  RFC 6604: the RCODE is that of
 * the last name.  True when it is an alias, and another name has to follow.
 */
static bool resolve_name(struct answer *a, struct chain *c)
{
	const struct zone_node *node = a->match.node;

	if (a->match.found == ZONE_OUTSIDE) {
		if (c->links == 0) /* else a chain that leaves all zones */
			answer_refuse(a, EDE_NOT_AUTHORITATIVE,
				      "not in a zone served here");
		return false;
	}
	if (c->links == 0)
		settle_outcome(a);
	a->reply.apex_at = ancestor_at(c->position, a->zone->apex);
	if (is_delegated(a, &a->match)) {
		a->reply.aa = c->links > 0; /* of the first name */
		put_referral(a, c->position, node->cut);
		return false;
	}
	a->reply.aa = true;
	if (a->match.found == ZONE_MISSING) {
		if (node->dname != NULL)
			return chain_follow_dname(c, a);
		answer_put_negative(a, c->position, RCODE_NXDOMAIN);
		prove_no_name(a, c->position, c->name);
		return false;
	}
	if (a->match.found == ZONE_WILDCARD)
		prove_expanded(a, c->position, c->name);
	settle_any(a, node);
	if (is_alias(a, node))
		return chain_follow_cname(c, a);
	put_node(a, c->position, node);
	return false;
}

static void resolve_chain(struct answer *a)
{
	struct chain c;

	c.name = &a->query->qname;
	c.position = (struct position){ .at = ZONE_QNAME_OFFSET,
					.len = a->query->qname.len };
	c.links = 0;
	settle_ds(a, c.name);
	while (resolve_name(a, &c)) {
		const struct zones *zones = answer_model(a)->zones;
		struct location at = zones_locate(zones, c.name);

		a->zone = at.zone;
		a->match = at.match;
		settle_ds(a, c.name);
	}
	if (c.links > 0)
		a->outcome->type = TYPE_CNAME;
}

void resolve(struct answer *a)
{
	struct proofs proofs;

	proofs.count = 0;
	a->proofs = &proofs;
	resolve_chain(a);
	proofs_put(a);
	a->proofs = NULL;
}
