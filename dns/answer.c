/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a query: parsed (dns/query), judged, resolved through the zone
 * (RFC 1034, 4.3.2) following CNAMEs, each step writing whole RRsets into the
 * reply (dns/reply), which ends with OPT and the counts.
 *
 * What it costs: a static answer is one copy and fold of the name, one hash
 * and probe, one copy of the RRset; NXDOMAIN adds a probe per label up to the
 * zone's depth; a steered one adds the class lookup, the scope lookup when the
 * query has ECS, and a hash per endpoint where the row is a draw.
 */
#include "dns/answer.h"

#include "dns/decision.h"
#include "dns/model.h"
#include "dns/reply.h"
#include "dns/rrset.h"
#include "dns/table.h"
#include "policy/decide/geo.h"

enum {
	CHAIN_MAX = 16,             /* CNAMEs followed in one answer */
	EDE_OTHER = 0,              /* RFC 8914, 4.1 */
	EDE_PROHIBITED = 18,        /* 4.19 */
	EDE_NOT_AUTHORITATIVE = 20, /* 4.21 */
};

/* Where the name being resolved stands in the message, uncompressed. */
struct position {
	uint16_t at;
	uint8_t len;
};

struct answer {
	const struct table *table;
	const struct answer_input *in;
	const struct query *query;
	struct reply reply;
	uint16_t qtype; /* what is looked for: not ANY once at a node */
	struct answer_outcome *outcome;
};

static const struct model *model_of_answer(const struct answer *a)
{
	return table_model(a->table);
}

/* The place of an ancestor's name: the end of the name that is there. */
static uint16_t ancestor_at(struct position name, const struct zone_node *node)
{
	return (uint16_t)(name.at + name.len - node->len);
}

static void put_or_truncate(struct answer *a, enum section section,
			    const struct rrset *rrset, uint16_t owner_at)
{
	if (!a->reply.tc && !reply_put(&a->reply, section, rrset, owner_at))
		a->reply.tc = true; /* RFC 2181, 9 */
}

/* RFC 2308, 2 and 3: NXDOMAIN and NODATA carry the SOA. */
static void put_negative(struct answer *a, struct position name,
			 enum rcode rcode)
{
	const struct zone *zone = model_of_answer(a)->zone;

	a->reply.rcode = rcode;
	put_or_truncate(a, SECTION_AUTHORITY, zone->negative_soa,
			ancestor_at(name, zone->apex));
}

/* Glue owned by the target of an NS record that begins at ns_at. */
static bool put_glue(struct answer *a, const struct glue *glue, uint16_t ns_at)
{
	return reply_put(&a->reply, SECTION_ADDITIONAL, glue->rrset,
			 (uint16_t)(ns_at + glue->target_at));
}

/* RFC 9471, 3.1: all glue of the zone's own, or TC; the rest if it fits. */
static void put_referral(struct answer *a, struct position name,
			 const struct zone_node *cut)
{
	const struct referral *referral = cut->referral;
	uint16_t ns_at = (uint16_t)a->reply.w.len;

	put_or_truncate(a, SECTION_AUTHORITY, referral->ns,
			ancestor_at(name, cut));
	for (uint16_t i = 0; i < referral->required_count && !a->reply.tc; i++)
		a->reply.tc = !put_glue(a, &referral->required[i], ns_at);
	for (uint16_t i = 0; i < referral->sibling_count && !a->reply.tc; i++)
		if (!put_glue(a, &referral->sibling[i], ns_at))
			break;
}

/* Below the steady or changing TTL by up to the jitter, never above it. */
static uint32_t ttl_of(const struct answer *a, const struct policy_ttl *ttl,
		       bool changing)
{
	uint32_t base_s = changing ? ttl->changing_s : ttl->steady_s;
	uint64_t span_s = (uint64_t)base_s * ttl->jitter_pct / 100 + 1;

	return base_s - (uint32_t)((uint32_t)a->in->random * span_s >> 32);
}

/*
 * NODATA for this client and this moment.  Resolvers may take any negative
 * answer for everybody's (RFC 7871, 7.4), and what is steered may change: it
 * lives no longer than addresses would.
 */
static void put_nodata_until(struct answer *a, struct position name,
			     uint32_t ttl_s)
{
	size_t start = a->reply.w.len;

	put_negative(a, name, RCODE_NOERROR);
	if (ttl_s < model_of_answer(a)->zone->negative_soa->ttl_s)
		reply_set_ttl(&a->reply, start, ttl_s);
}

/* The row names no endpoint: NODATA that says why. */
static void put_no_endpoint(struct answer *a, struct position name,
			    const struct decision *d, const struct pick *pick)
{
	put_nodata_until(a, name, d->service->ttl.changing_s);
	a->reply.ede =
		pick->entries->note == ROW_WITHHELD
			? (struct ede){ EDE_OTHER, "no healthy endpoint that "
						   "this client may use" }
			: (struct ede){ EDE_PROHIBITED,
					"no region that this client may "
					"use" };
}

/* Addresses already in the answer from another endpoint: RFC 2181, 5. */
static bool already_in(const struct reply *r, size_t from, const uint8_t *rr)
{
	size_t octets = rr_octets(rr) - RR_FIXED_OCTETS;

	for (size_t at = from; at < r->w.len; at += RR_FIXED_OCTETS + octets)
		if (memcmp(r->w.octets + at + RR_FIXED_OCTETS,
			   rr + RR_FIXED_OCTETS, octets) == 0)
			return true;
	return false;
}

/* One more endpoint's addresses, less those already there. */
static bool put_more(struct answer *a, size_t from, const struct rrset *more,
		     uint16_t owner_at)
{
	size_t octets = more->count == 0 ? 0 : more->len / more->count;

	for (uint16_t i = 0; i < more->count; i++) {
		struct rrset one = {
			.type = more->type,
			.count = 1,
			.len = (uint32_t)octets,
			.wire = more->wire + i * octets,
		};

		if (!already_in(&a->reply, from, one.wire) &&
		    !reply_put(&a->reply, SECTION_ANSWER, &one, owner_at))
			return false;
	}
	return true;
}

/* All picked endpoints' addresses as one RRset, whole or not at all. */
static void put_addresses(struct answer *a, struct position name,
			  const struct decision *d, const struct pick *pick)
{
	enum address_kind kind = a->qtype == TYPE_A ? ADDRESS_A : ADDRESS_AAAA;
	uint32_t ttl_s = ttl_of(a, &d->service->ttl, pick->entries->changing);
	uint16_t before = a->reply.counts[SECTION_ANSWER];
	size_t start = a->reply.w.len;
	bool fits = true;

	for (unsigned i = 0; fits && i < pick->count; i++) {
		const struct rrset *addresses =
			&d->endpoints[pick->endpoints[i]].addresses[kind];

		fits = i == 0 ? reply_put(&a->reply, SECTION_ANSWER, addresses,
					  name.at)
			      : put_more(a, start, addresses, name.at);
	}
	if (!fits) {
		wire_rewind(&a->reply.w, start);
		a->reply.counts[SECTION_ANSWER] = before;
		a->reply.tc = true;
		return;
	}
	if (a->reply.w.len == start)
		put_nodata_until(a, name, ttl_s);
	else
		reply_set_ttl(&a->reply, start, ttl_s);
}

/* RFC 7871, 7.1.2: SOURCE 0 asks to be answered as if it came without. */
static bool has_subnet(const struct answer *a)
{
	return a->query->has_ecs && a->query->ecs.source_bits > 0;
}

static void put_steered(struct answer *a, struct position name, int service)
{
	const struct geo *geo = model_of_answer(a)->geo;
	const struct decision *d = table_decision(a->table, (size_t)service);
	const struct net_addr *client =
		has_subnet(a) ? &a->query->ecs.addr : &a->in->peer;
	struct pick pick;

	a->outcome->service = service;
	if (!d->has[a->qtype == TYPE_A ? ADDRESS_A : ADDRESS_AAAA]) {
		put_negative(a, name, RCODE_NOERROR);
		return; /* whoever asks: scope 0 */
	}
	decision_pick(d, geo, client, a->in->random, &pick);
	if (has_subnet(a))
		a->reply.scope_bits = decision_scope(d, geo, client, pick.row);
	if (pick.count == 0) {
		put_no_endpoint(a, name, d, &pick);
		return;
	}
	a->outcome->endpoint = pick.endpoints[0];
	a->outcome->region = d->endpoints[pick.endpoints[0]].region;
	put_addresses(a, name, d, &pick);
}

/* The name exists, is not a zone cut, and has no CNAME to follow. */
static void put_node(struct answer *a, struct position name,
		     const struct zone_node *node)
{
	const struct rrset *rrset;

	if (node->service >= 0 &&
	    (a->qtype == TYPE_A || a->qtype == TYPE_AAAA)) {
		put_steered(a, name, node->service);
		return;
	}
	rrset = zone_rrset(node, a->qtype);
	if (rrset != NULL)
		put_or_truncate(a, SECTION_ANSWER, rrset, name.at);
	else
		put_negative(a, name, RCODE_NOERROR);
}

/* RFC 4035, 3.1.4.1: DS at a cut is the parent's, all else the child's. */
static bool is_delegated(const struct answer *a, const struct zone_match *match)
{
	const struct zone_node *cut = match->node->cut;

	return cut != NULL && !(match->found == ZONE_EXACT &&
				match->node == cut && a->qtype == TYPE_DS);
}

static bool contains(const struct rrset *const *seen, unsigned count,
		     const struct rrset *rrset)
{
	for (unsigned i = 0; i < count; i++)
		if (seen[i] == rrset)
			return true;
	return false;
}

/*
 * Writes the CNAME and makes its target the name to go on with.  False: the
 * answer ends here, because it is full or the target is no name.
 */
static bool follow(struct answer *a, const struct rrset *cname,
		   struct position *position, struct name *target)
{
	put_or_truncate(a, SECTION_ANSWER, cname, position->at);
	if (a->reply.tc ||
	    !name_from_wire(cname->wire + RR_FIXED_OCTETS,
			    cname->len - RR_FIXED_OCTETS, target))
		return false;
	*position = (struct position){
		.at = (uint16_t)(a->reply.w.len - target->len),
		.len = target->len,
	};
	return true;
}

/* QTYPE ANY becomes the one type that stands for the node: RFC 8482, 4.1. */
static void settle_any(struct answer *a, const struct zone_node *node)
{
	if (a->qtype == TYPE_ANY && node->any_type != 0)
		a->qtype = node->any_type;
}

static void refuse(struct answer *a, uint16_t info_code, const char *text)
{
	a->reply.rcode = RCODE_REFUSED;
	a->reply.ede = (struct ede){ info_code, text };
}

/*
 * RFC 1034, 4.3.2 from step 3 on.  RFC 6604: the RCODE is that of the last
 * name.  A loop ends where it would begin again.
 */
static void resolve(struct answer *a)
{
	const struct rrset *seen[CHAIN_MAX];
	struct position position = { ZONE_QNAME_OFFSET, a->query->qname.len };
	const struct name *name = &a->query->qname;
	struct name target;

	for (unsigned links = 0;; links++) {
		struct zone_match match =
			zone_find(model_of_answer(a)->zone, name);
		const struct zone_node *node = match.node;

		if (match.found == ZONE_OUTSIDE) {
			if (links == 0) /* else a chain that leaves the zone */
				refuse(a, EDE_NOT_AUTHORITATIVE,
				       "not in this zone");
			return;
		}
		if (is_delegated(a, &match)) {
			a->reply.aa = links > 0; /* of the first name */
			put_referral(a, position, node->cut);
			return;
		}
		a->reply.aa = true;
		if (match.found == ZONE_MISSING) {
			put_negative(a, position, RCODE_NXDOMAIN);
			return;
		}
		settle_any(a, node);
		if (node->cname == NULL || a->qtype == TYPE_CNAME) {
			put_node(a, position, node);
			return;
		}
		if (links == CHAIN_MAX || contains(seen, links, node->cname))
			return;
		seen[links] = node->cname;
		if (!follow(a, node->cname, &position, &target))
			return;
		name = &target;
	}
}

static bool is_meta(uint16_t qtype)
{
	return qtype >= TYPE_TKEY && qtype <= TYPE_MAILA;
}

/* A query that could be read: may we say anything of this name? */
static void answer_question(struct answer *a)
{
	const struct query *q = a->query;

	if (q->qclass != CLASS_IN)
		refuse(a, EDE_NOT_AUTHORITATIVE, "only class IN");
	else if (is_meta(q->qtype))
		refuse(a, EDE_PROHIBITED, "no transfers");
	else
		resolve(a);
}

static void dispatch(struct answer *a, enum query_verdict verdict)
{
	switch (verdict) {
	case QUERY_OK:
		answer_question(a);
		break;
	case QUERY_FORMERR:
		a->reply.rcode = RCODE_FORMERR;
		break;
	case QUERY_NOTIMP:
		a->reply.rcode = RCODE_NOTIMP;
		break;
	case QUERY_BADVERS:
		a->reply.rcode = RCODE_BADVERS;
		break;
	case QUERY_DROP:
		break;
	}
}

/* RFC 6891, 6.2.3 and 6.2.5: what the client takes, never below 512. */
static size_t size_limit(const struct query *q, bool stream, size_t cap)
{
	size_t limit = ANSWER_TCP_MAX;

	if (!stream)
		limit = q->udp_size > ANSWER_UDP_MAX  ? ANSWER_UDP_MAX
			: q->udp_size > DNS_PLAIN_MAX ? q->udp_size
						      : DNS_PLAIN_MAX;
	return limit < cap ? limit : cap;
}

size_t answer_query(const struct table *table, const struct answer_input *in,
		    uint8_t *out, size_t cap, struct answer_outcome *outcome)
{
	struct query q;
	enum query_verdict verdict = query_parse(in->query, in->len, &q);
	struct answer a = {
		.table = table,
		.in = in,
		.query = &q,
		.outcome = outcome,
	};
	size_t len;

	*outcome = (struct answer_outcome){ 0 };
	if (verdict == QUERY_DROP || cap < ANSWER_CAP_MIN)
		return 0;
	*outcome = (struct answer_outcome){
		.ecs = q.has_ecs,
		.service = -1,
		.endpoint = -1,
		.region = -1,
	};
	a.qtype = q.qtype;
	reply_begin(&a.reply, in->query, &q, out,
		    size_limit(&q, in->stream, cap));
	dispatch(&a, verdict);
	len = reply_end(&a.reply);
	outcome->rcode = (uint8_t)a.reply.rcode;
	outcome->truncated = a.reply.tc;
	return len;
}
