/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/steered.h"

#include "dns/answer.h"
#include "dns/decision.h"
#include "dns/model.h"
#include "dns/proof.h"
#include "dns/rrset.h"
#include "dns/table.h"
#include "policy/decide/geo.h"

/* What is asked of a service. */
struct steered {
	const struct pool *pool;
	const struct policy_ttl *ttl;
	uint32_t limit_s; /* of what is kept: see table_ttl_s() */
	enum pool_kind kind;
};

static uint32_t ttl_of(const struct answer *a, const struct steered *s,
		       bool changing)
{
	return steered_ttl_until_s(s->ttl, changing, a->in->random, s->limit_s);
}

/*
 * NODATA for this client and this moment.  Resolvers may take any negative
 * answer for everybody's (RFC 7871, 7.4), and make more of its proof (RFC
 * 8198), and what is steered may change: both live no longer than records
 * would.
 */
static void put_nodata_until(struct answer *a, struct position name,
			     enum pool_kind kind, uint32_t ttl_s)
{
	size_t start = a->reply.w.len;

	answer_put_negative(a, name, RCODE_NOERROR);
	if (ttl_s < a->zone->negative_soa->ttl_s)
		reply_set_ttl(&a->reply, start, ttl_s);
	prove_no_kind(a, name, kind, ttl_s);
}

/*
 * No endpoint for this client: NODATA.  Those that it may get lack the kind,
 * or there are none, and then it says why.
 */
static void put_no_endpoint(struct answer *a, struct position name,
			    const struct steered *s, const struct pick *pick)
{
	if (pick->entries->count > 0) {
		put_nodata_until(a, name, s->kind,
				 ttl_of(a, s, pick->entries->changing));
		return;
	}
	put_nodata_until(a, name, s->kind,
			 s->ttl->changing_s < s->limit_s ? s->ttl->changing_s
							 : s->limit_s);
	a->reply.edns.ede =
		pick->entries->note == ROW_WITHHELD
			? (struct ede){ EDE_OTHER, "too little that this "
						   "client may use is healthy" }
			: (struct ede){ EDE_PROHIBITED,
					"no region that this client may "
					"use" };
}

/* An RDATA already in the answer from another endpoint: RFC 2181, 5. */
static bool already_in(const struct reply *r, size_t from, const uint8_t *rr)
{
	size_t octets = rr_octets(rr), len;

	for (size_t at = from; at < r->w.len; at += len) {
		len = rr_octets(r->w.octets + at);
		if (len == octets &&
		    memcmp(r->w.octets + at + RR_FIXED_OCTETS,
			   rr + RR_FIXED_OCTETS, len - RR_FIXED_OCTETS) == 0)
			return true;
	}
	return false;
}

/* One more endpoint's records, less those already there. */
static bool put_more(struct answer *a, size_t from, const struct rrset *more,
		     uint16_t owner_at)
{
	const uint8_t *end = more->wire + more->len;

	for (const uint8_t *rr = more->wire; rr < end; rr += rr_octets(rr)) {
		struct rrset one = {
			.type = more->type,
			.count = 1,
			.len = (uint32_t)rr_octets(rr),
			.wire = rr,
		};

		if (!already_in(&a->reply, from, rr) &&
		    !reply_put(&a->reply, SECTION_ANSWER, &one, owner_at))
			return false;
	}
	return true;
}

/* The picked endpoints' records; false when they do not fit. */
static bool put_picked(struct answer *a, struct position name,
		       const struct steered *s, const struct pick *pick)
{
	size_t start = a->reply.w.len;
	const struct rrset *rrsig;
	uint64_t set = 0;

	for (unsigned i = 0; i < pick->count; i++) {
		const struct rrset *rrset =
			&s->pool->endpoints[pick->endpoints[i]].rrsets[s->kind];
		bool fits = i == 0 ? reply_put(&a->reply, SECTION_ANSWER, rrset,
					       name.at)
				   : put_more(a, start, rrset, name.at);

		if (!fits)
			return false;
		set |= UINT64_C(1) << pick->endpoints[i];
	}
	if (!proof_wanted(a))
		return true;
	rrsig = pool_rrsig(s->pool, s->kind, set);
	return rrsig != NULL &&
	       reply_put(&a->reply, SECTION_ANSWER, rrsig, name.at);
}

/* All of them as one RRset, whole or not at all; was it put? */
static bool put_rrset(struct answer *a, struct position name,
		      const struct steered *s, const struct pick *pick)
{
	uint32_t ttl_s = ttl_of(a, s, pick->entries->changing);
	uint16_t before = a->reply.counts[SECTION_ANSWER];
	size_t start = a->reply.w.len;

	if (!put_picked(a, name, s, pick)) {
		wire_rewind(&a->reply.w, start);
		a->reply.counts[SECTION_ANSWER] = before;
		a->reply.tc = true;
		return false;
	}
	reply_set_ttl(&a->reply, start, ttl_s);
	return true;
}

/*
 * An answer made of several steered names holds where each of them does: of
 * the networks around one client, in the narrowest.
 */
static void narrow_scope(struct answer *a, uint8_t scope_bits)
{
	if (scope_bits > a->reply.edns.scope_bits)
		a->reply.edns.scope_bits = scope_bits;
}

/* The first steered name of a chain is what was asked for. */
static void note_pick(struct answer *a, int service, const struct pool *pool,
		      const struct pick *pick)
{
	if (a->outcome->service >= 0)
		return;
	a->outcome->service = service;
	a->outcome->home = answer_model(a)->grounds->homes[pick->class_id];
	if (pick->count == 0)
		return;
	a->outcome->endpoint = pick->endpoints[0];
	a->outcome->region = pool->endpoints[pick->endpoints[0]].region;
}

static bool is_down(const struct row *row, uint8_t endpoint)
{
	for (unsigned i = 0; i < row->count; i++)
		if (row->entries[i].endpoint == endpoint)
			return row->entries[i].deferred;
	return false;
}

/* Who is sent to what is down can at least find out why. */
static void note_down(struct answer *a, const struct pick *pick)
{
	if (pick->entries->note != ROW_DEFERRED &&
	    pick->entries->note != ROW_PANIC)
		return;
	for (unsigned i = 0; i < pick->count; i++)
		if (is_down(pick->entries, pick->endpoints[i]))
			a->reply.edns.ede = (struct ede){
				EDE_OTHER, "an endpoint is down, and too much "
					   "is for it to be taken out"
			};
}

const struct rrset *put_steered(struct answer *a, struct position name,
				int service, enum pool_kind kind)
{
	const struct model *model = answer_model(a);
	const struct decision *d = table_decision(a->table, (size_t)service);
	const struct steered s = {
		.pool = &model->pools[service],
		.ttl = &d->service->ttl,
		.limit_s = table_ttl_s(a->table, (size_t)service),
		.kind = kind,
	};
	const struct net_addr *client = query_client(a->query, &a->in->peer);
	const struct asking asking = {
		.client = client,
		.random = a->in->random,
		.having = s.pool->having[kind],
	};
	struct pick pick;

	if (d->stale)
		a->reply.edns.ede =
			(struct ede){ EDE_STALE_ANSWER,
				      "health was not heard of lately" };
	decision_pick(d, model->geo, &asking, &pick);
	if (client != &a->in->peer)
		narrow_scope(a,
			     decision_scope(d, model->geo, client, pick.row));
	note_pick(a, service, s.pool, &pick);
	note_down(a, &pick);
	if (pick.count == 0)
		put_no_endpoint(a, name, &s, &pick);
	else if (put_rrset(a, name, &s, &pick))
		return &s.pool->endpoints[pick.endpoints[0]].rrsets[kind];
	return NULL;
}
