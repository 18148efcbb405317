/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/steered.h"

#include "dns/answer.h"
#include "dns/decision.h"
#include "dns/model.h"
#include "dns/pool.h"
#include "dns/proof.h"
#include "dns/rrset.h"
#include "dns/table.h"
#include "policy/decide/geo.h"

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
 * answer for everybody's (RFC 7871, 7.4), and make more of its proof (RFC
 * 8198), and what is steered may change: both live no longer than addresses
 * would.
 */
static void put_nodata_until(struct answer *a, struct position name,
			     uint32_t ttl_s)
{
	size_t start = a->reply.w.len;

	answer_put_negative(a, name, RCODE_NOERROR);
	if (ttl_s < a->zone->negative_soa->ttl_s)
		reply_set_ttl(&a->reply, start, ttl_s);
	prove_no_kind(a, name, pool_kind_of(a->qtype), ttl_s);
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

/* Of the service that is being answered. */
static const struct pool *answer_pool(const struct answer *a)
{
	return &answer_model(a)->pools[a->outcome->service];
}

/* The picked endpoints' addresses; false when they do not fit. */
static bool put_picked(struct answer *a, struct position name,
		       const struct pick *pick, enum pool_kind kind)
{
	const struct pool *pool = answer_pool(a);
	size_t start = a->reply.w.len;
	const struct rrset *rrsig;
	uint64_t set = 0;

	for (unsigned i = 0; i < pick->count; i++) {
		const struct rrset *addresses =
			&pool->endpoints[pick->endpoints[i]].rrsets[kind];
		bool fits = i == 0 ? reply_put(&a->reply, SECTION_ANSWER,
					       addresses, name.at)
				   : put_more(a, start, addresses, name.at);

		if (!fits)
			return false;
		if (addresses->count > 0)
			set |= UINT64_C(1) << pick->endpoints[i];
	}
	if (!proof_wanted(a) || set == 0)
		return true;
	rrsig = pool_rrsig(pool, kind, set);
	return rrsig != NULL &&
	       reply_put(&a->reply, SECTION_ANSWER, rrsig, name.at);
}

/* All of them as one RRset, whole or not at all. */
static void put_addresses(struct answer *a, struct position name,
			  const struct decision *d, const struct pick *pick)
{
	enum pool_kind kind = pool_kind_of(a->qtype);
	uint32_t ttl_s = ttl_of(a, &d->service->ttl, pick->entries->changing);
	uint16_t before = a->reply.counts[SECTION_ANSWER];
	size_t start = a->reply.w.len;

	if (!put_picked(a, name, pick, kind)) {
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

void put_steered(struct answer *a, struct position name, int service)
{
	const struct geo *geo = answer_model(a)->geo;
	const struct decision *d = table_decision(a->table, (size_t)service);
	const struct net_addr *client =
		has_subnet(a) ? &a->query->ecs.addr : &a->in->peer;
	struct pick pick;

	a->outcome->service = service;
	if (!answer_pool(a)->has[pool_kind_of(a->qtype)]) {
		answer_put_negative(a, name, RCODE_NOERROR);
		prove_no_type(a, name);
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
	a->outcome->region =
		answer_pool(a)->endpoints[pick.endpoints[0]].region;
	put_addresses(a, name, d, &pick);
}
