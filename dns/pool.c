/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/pool.h"

#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/sign/signer.h"
#include "dns/svcb.h"
#include "dns/wire.h"

#include <stdlib.h>

static const uint16_t types[POOL_KINDS] = {
	[POOL_A] = TYPE_A,         [POOL_AAAA] = TYPE_AAAA,
	[POOL_CNAME] = TYPE_CNAME, [POOL_HTTPS] = TYPE_HTTPS,
	[POOL_SVCB] = TYPE_SVCB,
};

uint16_t pool_type(enum pool_kind kind)
{
	return types[kind];
}

enum pool_kind pool_kind_of(uint16_t qtype)
{
	unsigned kind = 0;

	while (kind < POOL_KINDS && types[kind] != qtype)
		kind++;
	return (enum pool_kind)kind;
}

static size_t binding_max(const struct policy_binding *b,
			  const struct policy_endpoint *e)
{
	return b->at.line == 0 ? 0 : RR_FIXED_OCTETS + svcb_octets_max(b, e);
}

/* Octets of one kind, at most. */
static size_t octets_max(const struct policy_service *s,
			 const struct policy_endpoint *e, enum pool_kind kind)
{
	switch (kind) {
	case POOL_A:
		return e->a_count * (RR_FIXED_OCTETS + 4);
	case POOL_AAAA:
		return e->aaaa_count * (RR_FIXED_OCTETS + 16);
	case POOL_CNAME:
		return e->cname == NULL ? 0 : RR_FIXED_OCTETS + NAME_OCTETS_MAX;
	case POOL_HTTPS:
		return binding_max(&s->https, e);
	case POOL_SVCB:
		return binding_max(&s->svcb, e);
	case POOL_KINDS:
		break;
	}
	return 0;
}

/* Each once; returns how many. */
static uint16_t put_addresses(struct wire *w, enum pool_kind kind,
			      const struct net_addr *addresses, size_t count)
{
	uint16_t put = 0;

	for (size_t i = 0; i < count; i++) {
		if (net_is_among(&addresses[i], addresses, i))
			continue;
		rr_write(w, types[kind], 0, addresses[i].octets,
			 kind == POOL_A ? 4 : 16);
		put++;
	}
	return put;
}

static uint16_t put_cname(struct wire *w, const char *target)
{
	struct name name;

	if (target == NULL || !name_from_text(target, &name))
		return 0;
	rr_write(w, TYPE_CNAME, 0, name.octets, name.len);
	return 1;
}

static uint16_t put_binding(struct wire *w, enum pool_kind kind,
			    const struct policy_binding *b,
			    const struct policy_endpoint *e)
{
	size_t start;

	if (b->at.line == 0)
		return 0;
	rr_write(w, types[kind], 0, NULL, 0);
	start = w->len;
	svcb_write(w, b, e);
	wire_patch_u16(w, start - 2, (uint16_t)(w->len - start));
	return 1;
}

static uint16_t put_kind(struct wire *w, const struct policy_service *s,
			 const struct policy_endpoint *e, enum pool_kind kind)
{
	switch (kind) {
	case POOL_A:
		return put_addresses(w, kind, e->a, e->a_count);
	case POOL_AAAA:
		return put_addresses(w, kind, e->aaaa, e->aaaa_count);
	case POOL_CNAME:
		return put_cname(w, e->cname);
	case POOL_HTTPS:
		return put_binding(w, kind, &s->https, e);
	case POOL_SVCB:
		return put_binding(w, kind, &s->svcb, e);
	case POOL_KINDS:
		break;
	}
	return 0;
}

static struct rrset render(struct wire *w, const struct policy_service *s,
			   const struct policy_endpoint *e, enum pool_kind kind)
{
	struct rrset made = {
		.type = types[kind],
		.wire = w->octets + w->len,
	};
	size_t start = w->len;

	made.count = put_kind(w, s, e, kind);
	made.len = (uint32_t)(w->len - start);
	return made;
}

static void render_endpoint(struct pool *p, struct wire *w,
			    const struct policy_service *s, size_t i)
{
	struct pool_endpoint *to = &p->endpoints[i];

	to->region = s->endpoints[i].region;
	for (enum pool_kind kind = 0; kind < POOL_KINDS; kind++) {
		to->rrsets[kind] = render(w, s, &s->endpoints[i], kind);
		if (to->rrsets[kind].count > 0)
			p->having[kind] |= UINT64_C(1) << i;
	}
}

bool pool_init(struct pool *pool, const struct policy_service *service)
{
	const struct policy_service *s = service;
	struct wire w = { 0 };

	*pool = (struct pool){ .endpoint_count = s->endpoint_count };
	for (size_t i = 0; i < s->endpoint_count; i++)
		for (enum pool_kind kind = 0; kind < POOL_KINDS; kind++)
			w.cap += octets_max(s, &s->endpoints[i], kind);
	w.octets = pool->wire = malloc(w.cap + 1);
	pool->endpoints =
		calloc(s->endpoint_count + 1, sizeof(pool->endpoints[0]));
	if (pool->wire == NULL || pool->endpoints == NULL)
		return false;
	for (size_t i = 0; i < s->endpoint_count; i++)
		render_endpoint(pool, &w, s, i);
	return true;
}

void pool_fini(struct pool *pool)
{
	free(pool->endpoints);
	free(pool->wire);
}

static bool is_in(const struct sign_rdata *list, size_t count,
		  const struct sign_rdata *one)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].len == one->len &&
		    memcmp(list[i].octets, one->octets, one->len) == 0)
			return true;
	return false;
}

size_t pool_rdata(const struct pool *pool, enum pool_kind kind, uint64_t set,
		  struct sign_rdata *out)
{
	size_t count = 0;

	for (size_t i = 0; i < pool->endpoint_count; i++) {
		const struct rrset *rrset = &pool->endpoints[i].rrsets[kind];
		const uint8_t *end = rrset->wire + rrset->len;

		if ((set >> i & 1) == 0)
			continue;
		for (const uint8_t *rr = rrset->wire; rr < end;
		     rr += rr_octets(rr)) {
			struct sign_rdata one = {
				.octets = rr + RR_FIXED_OCTETS,
				.len = (uint16_t)(rr_octets(rr) -
						  RR_FIXED_OCTETS),
			};

			if (!is_in(out, count, &one))
				out[count++] = one;
		}
	}
	return count;
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
