/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_sign.h"

#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/sign/signer.h"
#include "dns/zone_records.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdlib.h>

bool zone_sign_no_memory(const struct zone_signed *s)
{
	errors_add(s->errs, CODE_MEMORY, s->at, "zone: out of memory");
	return false;
}

/* Of a zone cut the parent signs DS alone: RFC 4035, 2.2. */
static bool signs_type(const struct zone_node *node, uint16_t type)
{
	return node->cut == NULL || (node->cut == node && type == TYPE_DS);
}

bool zone_sign_rrset(const struct zone_signed *s, const struct zone_node *node,
		     struct rrset *rrset, const struct sign_rdata *rdata,
		     size_t count)
{
	struct rrset *rrsig = arena_alloc(s->zone->arena, 1, sizeof(*rrsig));
	const struct sign_request request = {
		.owner = node->octets,
		.owner_len = node->len,
		.type = rrset->type,
		.ttl_s = rrset->ttl_s,
		.rdata = rdata,
		.count = count,
	};

	if (rrsig == NULL)
		return zone_sign_no_memory(s);
	rrset->rrsig = rrsig;
	return signer_sign(s->with->signer, s->zone->arena, &request, rrsig,
			   s->errs);
}

/* The RRset that records, all of one owner and type, were made into. */
static bool sign_records(const struct zone_signed *s,
			 const struct record *const *records, size_t count)
{
	struct sign_rdata *rdata;
	struct zone_node *node;
	struct name owner;
	bool ok = true;

	if (!name_from_wire(records[0]->owner, records[0]->owner_len, &owner))
		return true;
	node = index_find(&s->zone->index, &owner, 0);
	if (node == NULL || !signs_type(node, records[0]->type))
		return true;
	rdata = calloc(count, sizeof(rdata[0]));
	if (rdata == NULL)
		return zone_sign_no_memory(s);
	for (size_t i = 0; i < count; i++)
		rdata[i] = (struct sign_rdata){ records[i]->rdata,
						records[i]->rdata_len };
	for (uint16_t i = 0; i < node->rrset_count; i++)
		if (node->rrsets[i].type == records[0]->type)
			ok = zone_sign_rrset(s, node, &node->rrsets[i], rdata,
					     count);
	free(rdata);
	return ok;
}

static bool sign_all_records(const struct zone_signed *s)
{
	const struct zone_records *records = s->records;

	for (size_t at = 0, count; at < records->count; at += count) {
		count = zone_records_rrset(records, at);
		if (!sign_records(s, records->list + at, count))
			return false;
	}
	return true;
}

/* Its TTL is lower than the SOA's that was signed: so is the RRSIG's. */
static bool sign_negative_soa(const struct zone_signed *s)
{
	const struct rrset *soa = zone_rrset(s->zone->apex, TYPE_SOA);
	struct rrset *negative =
		arena_alloc(s->zone->arena, 2, sizeof(*negative));

	if (negative == NULL)
		return zone_sign_no_memory(s);
	*negative = *s->zone->negative_soa;
	if (!rrset_copy(s->zone->arena, soa->rrsig, negative->ttl_s,
			&negative[1]))
		return zone_sign_no_memory(s);
	negative->rrsig = &negative[1];
	s->zone->negative_soa = negative;
	return true;
}

static bool sign_services(const struct zone_signed *s)
{
	const struct index *index = &s->zone->index;

	for (size_t i = 0; i <= index->mask; i++) {
		const struct zone_node *node = index->slots[i].node;

		if (node == NULL || node->service < 0)
			continue;
		if (!zone_sign_pool(s, node))
			return false;
	}
	return true;
}

bool zone_sign(const struct zone_signed *s)
{
	return sign_all_records(s) && sign_negative_soa(s) &&
	       sign_services(s) && zone_sign_denial(s);
}
