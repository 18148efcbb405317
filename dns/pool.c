/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/pool.h"

#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/wire.h"
#include "policy/language/policy.h"

#include <stdlib.h>

enum pool_kind pool_kind_of(uint16_t qtype)
{
	return qtype == TYPE_A      ? POOL_A
	       : qtype == TYPE_AAAA ? POOL_AAAA
				    : POOL_KINDS;
}

uint16_t pool_type(enum pool_kind kind)
{
	return kind == POOL_A ? TYPE_A : TYPE_AAAA;
}

const struct rrset *pool_rrsig(const struct pool *pool, enum pool_kind kind,
			       uint64_t set)
{
	const struct pool_signatures *s = &pool->signatures[kind];
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->list[middle].set == set)
			return &s->list[middle].rrsig;
		if (s->list[middle].set < set)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool known(const struct net_addr *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (net_equal(&addresses[i], &addresses[count]))
			return true;
	return false;
}

/* One endpoint's addresses of one kind, each once, into w. */
static struct rrset render(struct wire *w, const struct net_addr *addresses,
			   size_t count, enum pool_kind kind)
{
	struct rrset made = {
		.type = kind == POOL_A ? TYPE_A : TYPE_AAAA,
		.wire = w->octets + w->len,
	};
	size_t start = w->len;

	for (size_t i = 0; i < count; i++) {
		if (known(addresses, i))
			continue;
		rr_write(w, made.type, 0, addresses[i].octets,
			 kind == POOL_A ? 4 : 16);
		made.count++;
	}
	made.len = (uint32_t)(w->len - start);
	return made;
}

static bool render_endpoints(struct pool *p, const struct policy_service *s)
{
	struct wire w = { 0 };

	for (size_t i = 0; i < s->endpoint_count; i++)
		w.cap += s->endpoints[i].a_count * (RR_FIXED_OCTETS + 4) +
			 s->endpoints[i].aaaa_count * (RR_FIXED_OCTETS + 16);
	w.octets = p->wire = malloc(w.cap + 1);
	if (w.octets == NULL)
		return false;
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];
		struct pool_endpoint *to = &p->endpoints[i];

		to->region = e->region;
		to->rrsets[POOL_A] = render(&w, e->a, e->a_count, POOL_A);
		to->rrsets[POOL_AAAA] =
			render(&w, e->aaaa, e->aaaa_count, POOL_AAAA);
		p->has[POOL_A] |= e->a_count > 0;
		p->has[POOL_AAAA] |= e->aaaa_count > 0;
	}
	return true;
}

bool pool_init(struct pool *pool, const struct policy_service *service)
{
	*pool = (struct pool){ 0 };
	pool->endpoints =
		calloc(service->endpoint_count + 1, sizeof(pool->endpoints[0]));
	return pool->endpoints != NULL && render_endpoints(pool, service);
}

void pool_fini(struct pool *pool)
{
	free(pool->endpoints);
	free(pool->wire);
}
