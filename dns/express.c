/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/express.h"

#include "dns/answer.h"
#include "dns/decision.h"
#include "dns/edns.h"
#include "dns/model.h"
#include "dns/pool.h"
#include "dns/reply.h"
#include "dns/rrset.h"
#include "dns/steered.h"
#include "dns/table.h"

/* What the answer is made of. */
struct express {
	const struct answer_input *in;
	const struct query *query;
	const struct rrset *rrset, *rrsig; /* NULL: no signatures go with it */
	uint16_t owner_at, apex_at;        /* in the message */
	enum rcode rcode;
	uint8_t scope_bits;
};

static inline uint8_t *put_rrset(uint8_t *at, const struct express *e,
				 const struct rrset *rrset)
{
	octets_copy(at, rrset->wire, rrset->len);
	rrset_place(at, rrset, e->owner_at, e->apex_at);
	return at + rrset->len;
}

/* An RRset there is goes into the answer section, the SOA of one there is not
 * into the authority section: RFC 2308, 2.1. */
static inline void put_header(uint8_t *at, const struct express *e)
{
	unsigned count = e->rrset->count;

	if (e->rrsig != NULL)
		count += e->rrsig->count;
	octets_copy(at, e->in->query, 2); /* ID */
	octets_put_u16(at + 2,
		       reply_flags(e->query->flags, e->rcode, REPLY_AA));
	octets_put_u16(at + 4, 1);
	octets_put_u32(at + 6, e->rcode == RCODE_NOERROR ? count << 16 : count);
	octets_put_u16(at + 10, e->query->edns);
}

/*
 * The message's length, 0 when it does not fit.  Once for each caller, which
 * knows half of it at compile time.
 */
static inline __attribute__((always_inline)) size_t
write_whole(const struct wire *out, const struct express *e)
{
	const struct query *q = e->query;
	const size_t subnet = q->has_ecs ? ecs_octets(&q->ecs) : 0;
	size_t len = DNS_HEADER_OCTETS + (size_t)q->question_len +
		     e->rrset->len + subnet;
	uint8_t *at = out->octets + DNS_HEADER_OCTETS;

	if (e->rrsig != NULL)
		len += e->rrsig->len;
	if (q->edns)
		len += EDNS_OPT_OCTETS;
	if (len > out->cap)
		return 0;
	put_header(out->octets, e);
	octets_copy(at, e->in->query + DNS_HEADER_OCTETS, q->question_len);
	at = put_rrset(at + q->question_len, e, e->rrset);
	if (e->rrsig != NULL)
		at = put_rrset(at, e, e->rrsig);
	if (q->edns)
		at = edns_put_opt(at, e->rcode, q->dnssec_ok, subnet);
	if (subnet > 0)
		ecs_put(at, &q->ecs, e->scope_bits);
	return len;
}

/* One RRset of policy->services[service], from one endpoint. */
static size_t answer_steered(const struct plain *p, struct express *e,
			     int service, const struct wire *out)
{
	const struct model *model = table_model(p->table);
	const struct pool *pool = &model->pools[service];
	const struct decision *d = table_decision(p->table, (size_t)service);
	const enum pool_kind kind = pool_kind_of(p->query->qtype);
	const struct net_addr *client = query_client(p->query, &p->in->peer);
	struct asking asking = { .client = client, .random = p->in->random };
	const struct pool_endpoint *endpoint;
	struct pick pick;
	size_t len;

	if (kind == POOL_KINDS || pool->having[kind] == 0 || d->stale)
		return 0;
	asking.having = pool->having[kind];
	decision_pick(d, model->geo, &asking, &pick);
	if (pick.count != 1 || pick.entries->note == ROW_DEFERRED ||
	    pick.entries->note == ROW_PANIC)
		return 0;
	endpoint = &pool->endpoints[pick.endpoints[0]];
	e->rrset = &endpoint->rrsets[kind];
	e->rrsig = NULL;
	if (p->at.zone->denial != NULL && p->query->dnssec_ok) {
		e->rrsig = pool_rrsig(pool, kind,
				      UINT64_C(1) << pick.endpoints[0]);
		if (e->rrsig == NULL)
			return 0; /* never left out in silence */
	}
	if (client != &p->in->peer)
		e->scope_bits = decision_scope(d, model->geo, client, pick.row);
	len = write_whole(out, e);
	if (len == 0)
		return 0;
	rr_set_ttl(out->octets + DNS_HEADER_OCTETS + p->query->question_len,
		   e->rrset->len + (e->rrsig == NULL ? 0 : e->rrsig->len),
		   steered_ttl_until_s(&d->service->ttl, pick.entries->changing,
				       p->in->random,
				       table_ttl_s(p->table, (size_t)service)));
	p->outcome->service = service;
	p->outcome->endpoint = pick.endpoints[0];
	p->outcome->region = endpoint->region;
	p->outcome->home = model->grounds->homes[pick.class_id];
	return len;
}

/* The name is there. */
static size_t answer_node(const struct plain *p, struct express *e,
			  const struct wire *out)
{
	const struct zone_node *node = p->at.match.node;

	if (node->cut != NULL || node->cname != NULL)
		return 0;
	p->outcome->account = node->octets;
	p->outcome->account_octets = node->len;
	p->outcome->kind = ANSWER_DATA;
	e->owner_at = ZONE_QNAME_OFFSET;
	e->rcode = RCODE_NOERROR;
	e->rrset = zone_rrset(node, p->query->qtype);
	if (e->rrset == NULL)
		return node->service < 0
			       ? 0
			       : answer_steered(p, e, node->service, out);
	e->rrsig = p->query->dnssec_ok ? e->rrset->rrsig : NULL;
	return write_whole(out, e);
}

/* The name is not there, and nobody has to prove it. */
static size_t answer_nxdomain(const struct plain *p, struct express *e,
			      const struct wire *out)
{
	const struct zone_node *encloser = p->at.match.node;

	if (encloser->cut != NULL || encloser->dname != NULL ||
	    (p->at.zone->denial != NULL && p->query->dnssec_ok))
		return 0;
	p->outcome->account = p->at.zone->apex->octets;
	p->outcome->account_octets = p->at.zone->apex->len;
	p->outcome->kind = ANSWER_NXDOMAIN;
	p->outcome->rcode = RCODE_NXDOMAIN;
	e->owner_at = e->apex_at;
	e->rcode = RCODE_NXDOMAIN;
	e->rrset = p->at.zone->negative_soa;
	e->rrsig = NULL;
	return write_whole(out, e);
}

/* DS may be the parent's; others above are no types of data. */
static bool is_plain_type(uint16_t qtype)
{
	return qtype < TYPE_NXNAME && qtype != TYPE_OPT && qtype != TYPE_DS;
}

size_t express_answer(const struct plain *p, const struct wire *out)
{
	const struct query *query = p->query;
	struct express e;

	if (p->at.zone == NULL || !is_plain_type(query->qtype))
		return 0;
	*p->outcome = (struct answer_outcome){
		.ecs = query->has_ecs,
		.dnssec_ok = query->dnssec_ok,
		.zone = p->at.zone->number,
		.service = -1,
		.endpoint = -1,
		.region = -1,
		.type = query->qtype,
	};
	e.in = p->in;
	e.query = query;
	e.scope_bits = 0;
	e.apex_at = (uint16_t)(ZONE_QNAME_OFFSET + query->qname.len -
			       p->at.zone->apex->len);
	if (p->at.match.found == ZONE_EXACT)
		return answer_node(p, &e, out);
	if (p->at.match.found == ZONE_MISSING)
		return answer_nxdomain(p, &e, out);
	return 0;
}
