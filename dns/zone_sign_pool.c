/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service is answered with is its picked endpoints' records, at most as
 * many endpoints as its `answers` says: every such set is signed here, so that
 * no query ever makes the responder sign.
 */
#include "dns/pool.h"
#include "dns/sign/signer.h"
#include "dns/zone_sign.h"
#include "policy/base/arena.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdlib.h>

/* One kind of one service, while its sets are gone through. */
struct sets {
	const struct zone_signed *s;
	const struct zone_node *node;
	const struct pool *pool;
	enum pool_kind kind;
	uint32_t ttl_s;   /* the highest it is answered with */
	size_t endpoints; /* of the service */
	struct pool_signature *list;
	size_t count;
	struct sign_rdata rdata[POOL_RDATA_MAX];
};

static bool sign_set(struct sets *sets, uint64_t set)
{
	struct pool_signature *to = &sets->list[sets->count++];
	const struct sign_request request = {
		.owner = sets->node->octets,
		.owner_len = sets->node->len,
		.type = pool_type(sets->kind),
		.ttl_s = sets->ttl_s,
		.rdata = sets->rdata,
		.count = pool_rdata(sets->pool, sets->kind, set, sets->rdata),
	};

	to->set = set;
	return signer_sign(sets->s->with->signer, sets->s->zone->arena,
			   &request, &to->rrsig, sets->s->errs);
}

/* set, and it with up to left more of the endpoints from on. */
static bool sign_sets(struct sets *sets, uint64_t set, size_t from,
		      uint32_t left)
{
	if (set != 0 && !sign_set(sets, set))
		return false;
	for (size_t i = from; left > 0 && i < sets->endpoints; i++)
		if (sets->pool->endpoints[i].rrsets[sets->kind].count > 0 &&
		    !sign_sets(sets, set | UINT64_C(1) << i, i + 1, left - 1))
			return false;
	return true;
}

static int compare_sets(const void *left, const void *right)
{
	const struct pool_signature *a = left, *b = right;

	return (a->set > b->set) - (a->set < b->set);
}

static bool sign_kind(struct sets *sets, const struct policy_service *service)
{
	const struct pool *pool = sets->pool;
	unsigned having = 0;
	size_t count;

	for (size_t i = 0; i < sets->endpoints; i++)
		having += pool->endpoints[i].rrsets[sets->kind].count > 0;
	count = policy_set_count(having, service->answers);
	if (count > POLICY_SETS_SIGNED_MAX) {
		errors_add(sets->s->errs, CODE_RESPONDER_REFUSED, service->at,
			   "service %s: too many answers to sign; lower "
			   "answers",
			   service->name);
		return false;
	}
	sets->list =
		arena_alloc(sets->s->zone->arena, count, sizeof(sets->list[0]));
	if (sets->list == NULL)
		return zone_sign_no_memory(sets->s);
	if (!sign_sets(sets, 0, 0, service->answers))
		return false;
	qsort(sets->list, sets->count, sizeof(sets->list[0]), compare_sets);
	return true;
}

bool zone_sign_pool(const struct zone_signed *s, const struct zone_node *node)
{
	const struct policy_service *service = &s->services[node->service];
	struct pool *pool = &s->with->pools[node->service];
	struct sets sets = {
		.s = s,
		.node = node,
		.pool = pool,
		.ttl_s = service->ttl.steady_s,
		.endpoints = service->endpoint_count,
	};

	for (sets.kind = 0; sets.kind < POOL_KINDS; sets.kind++) {
		sets.count = 0;
		if (!sign_kind(&sets, service))
			return false;
		pool->signatures[sets.kind] = (struct pool_signatures){
			.list = sets.list,
			.count = sets.count,
		};
	}
	return true;
}
