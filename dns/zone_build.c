/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_build() -- from the policy's records and services to the frozen index:
 * nodes with their RRsets, services, zone cuts, referrals, then the rules that
 * hold across a whole name.  All mistakes are reported, not just the first;
 * those of a policy that was read from files were found there, with their
 * lines (policy/language/zonefile), so what is refused here came another way.
 */
#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/sign/signer.h"
#include "dns/wire.h"
#include "dns/zone.h"
#include "dns/zone_records.h"
#include "dns/zone_sign.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdlib.h>
#include <string.h>

struct builder {
	const struct policy *policy;
	const struct policy_zone *from; /* one of its zones */
	const struct zone_signing *signing;
	struct errors *errs;
	struct zone *zone;
	struct name apex;
	struct zone_records records;
};

static void out_of_memory(struct builder *b)
{
	errors_add(b->errs, CODE_MEMORY, b->from->at, "zone: out of memory");
}

/* A mistake at a name: what is one of the sentences below. */
static void mistake(struct builder *b, const uint8_t *octets, size_t len,
		    const char *what)
{
	char text[NAME_TEXT_SIZE];

	errors_add(b->errs, CODE_RESPONDER_REFUSED, b->from->at, "%.100s %s",
		   name_text(octets, len, text), what);
}

static struct zone_node *node_new(struct builder *b, const struct name *name,
				  unsigned label)
{
	size_t len = (size_t)(name->len - name->at[label]);
	struct zone_node *node = arena_alloc(b->zone->arena, 1, sizeof(*node));
	uint8_t *octets = arena_alloc(b->zone->arena, len, 1);

	if (node == NULL || octets == NULL)
		return NULL;
	memcpy(octets, name->octets + name->at[label], len);
	node->octets = octets;
	node->len = (uint8_t)len;
	node->labels = (uint8_t)(name->labels - label);
	node->service = -1;
	return index_add(&b->zone->index, name, label, node) ? node : NULL;
}

static bool is_wildcard(const struct zone_node *node)
{
	return node->octets[0] == 1 && node->octets[1] == '*';
}

/*
 * The node of name, which is within the zone, made with all its ancestors if
 * it is not there yet: those are the empty non-terminals (RFC 4592, 2.2.2).
 */
static struct zone_node *node_of(struct builder *b, const struct name *name)
{
	struct zone_node *first = NULL, *below = NULL;

	for (unsigned i = 0; i + b->apex.labels <= name->labels; i++) {
		struct zone_node *node = index_find(&b->zone->index, name, i);
		bool existed = node != NULL;

		if (!existed)
			node = node_new(b, name, i);
		if (node == NULL) {
			out_of_memory(b);
			return NULL;
		}
		if (first == NULL)
			first = node;
		if (below != NULL) {
			below->parent = node;
			if (is_wildcard(below))
				node->wildcard = below;
		}
		if (existed)
			break;
		below = node;
	}
	return first;
}

/* The RRsets of one owner, from its records, sorted by type. */
static void add_rrsets(struct builder *b, struct zone_node *node,
		       const struct record *const *records, size_t count)
{
	struct rrset *rrsets =
		arena_alloc(b->zone->arena, count, sizeof(rrsets[0]));
	uint16_t made = 0;

	if (rrsets == NULL) {
		out_of_memory(b);
		return;
	}
	for (size_t from = 0, to; from < count; from = to) {
		enum rrset_failure failure;

		for (to = from + 1; to < count; to++)
			if (records[to]->type != records[from]->type)
				break;
		failure =
			rrset_render(b->zone->arena, b->zone->apex,
				     records + from, to - from, &rrsets[made]);
		if (failure == RRSET_NO_MEMORY)
			out_of_memory(b);
		else if (failure == RRSET_TOO_LARGE)
			mistake(b, node->octets, node->len,
				"has more records of one type than a message "
				"can hold");
		else
			made++;
	}
	node->rrsets = rrsets;
	node->rrset_count = made;
	node->cname = zone_rrset(node, TYPE_CNAME);
	node->dname = zone_rrset(node, TYPE_DNAME);
}

static void add_owner(struct builder *b, const struct record *const *records,
		      size_t count)
{
	const struct record *first = records[0];
	struct zone_node *node;
	struct name name;

	if (!name_from_wire(first->owner, first->owner_len, &name) ||
	    !name_within(&name, &b->apex)) {
		mistake(b, first->owner, first->owner_len,
			"is not in the zone; take its records out");
		return;
	}
	node = node_of(b, &name);
	if (node != NULL)
		add_rrsets(b, node, records, count);
}

/* The policy's, and those that the signer has for the apex. */
static bool read_records(struct builder *b)
{
	struct record *keys = NULL;
	size_t count = 0;

	if (b->signing->signer != NULL &&
	    !signer_records(b->signing->signer, b->zone->arena, &keys, &count))
		return false;
	return zone_records_init(&b->records, b->from->records,
				 b->from->record_count, keys, count);
}

static void add_records(struct builder *b)
{
	if (!read_records(b))
		out_of_memory(b);
	for (size_t at = 0, count; at < b->records.count; at += count) {
		count = zone_records_owner(&b->records, at);
		add_owner(b, b->records.list + at, count);
	}
}

static void add_service(struct builder *b, size_t i)
{
	const struct policy_service *service = &b->policy->services[i];
	struct zone_node *node;
	struct name name;

	if (!name_from_text(service->fqdn, &name) ||
	    !name_within(&name, &b->apex)) {
		errors_add(b->errs, CODE_RESPONDER_REFUSED, service->at,
			   "service %s: %s is not a name in the zone",
			   service->name, service->fqdn);
		return;
	}
	node = node_of(b, &name);
	if (node == NULL)
		return;
	if (node->service >= 0)
		errors_add(b->errs, CODE_RESPONDER_REFUSED, service->at,
			   "service %s: %s is already service %s",
			   service->name, service->fqdn,
			   b->policy->services[node->service].name);
	if ((service->https.at.line != 0 &&
	     zone_rrset(node, TYPE_HTTPS) != NULL) ||
	    (service->svcb.at.line != 0 && zone_rrset(node, TYPE_SVCB) != NULL))
		errors_add(b->errs, CODE_RESPONDER_REFUSED, service->at,
			   "service %s: %s has such records of its own",
			   service->name, service->fqdn);
	node->service = (int16_t)i;
}

typedef void each_node(struct builder *b, struct zone_node *node);

static void for_nodes(struct builder *b, each_node *visit)
{
	const struct index *index = &b->zone->index;

	for (size_t i = 0; index->count > 0 && i <= index->mask; i++)
		if (index->slots[i].node != NULL)
			visit(b, index->slots[i].node);
}

static void find_cut(struct builder *b, struct zone_node *node)
{
	const struct zone_node *at = node;

	for (; at != NULL && at != b->zone->apex; at = at->parent)
		if (zone_rrset(at, TYPE_NS) != NULL)
			node->cut = at;
}

/* What stands for a service. */
static uint16_t service_any(const struct policy_service *service)
{
	if (policy_is_alias(service))
		return TYPE_CNAME;
	for (size_t i = 0; i < service->endpoint_count; i++)
		if (service->endpoints[i].a_count > 0)
			return TYPE_A;
	return TYPE_AAAA;
}

/* RFC 8482, 4.1: one RRset, the CNAME or a service's address or the least. */
static void choose_any(struct builder *b, struct zone_node *node)
{
	const struct rrset *least = node->cname;

	if (node->service >= 0 && least == NULL) {
		node->any_type =
			service_any(&b->policy->services[node->service]);
		return;
	}
	for (uint16_t i = 0; i < node->rrset_count && node->cname == NULL; i++)
		if (least == NULL || node->rrsets[i].len < least->len)
			least = &node->rrsets[i];
	node->any_type = least == NULL ? 0 : least->type;
}

static bool cname_not_alone(const struct zone_node *node)
{
	return node->cname != NULL &&
	       (node->rrset_count > 1 || node->cname->count > 1 ||
		node->service >= 0);
}

static bool service_cname_not_alone(const struct zone_node *node)
{
	return node->service >= 0 && node->any_type == TYPE_CNAME &&
	       node->rrset_count > 0;
}

/* RFC 6672, 2.4; and RFC 4592, 4.4: at a wildcard it has no meaning. */
static bool dname_not_alone(const struct zone_node *node)
{
	return node->dname != NULL && (node->dname->count > 1 ||
				       is_wildcard(node) || node->cut == node);
}

static bool below_dname(const struct zone_node *node)
{
	return node->parent != NULL && node->parent->dname != NULL;
}

static bool wildcard_cut(const struct zone_node *node)
{
	return is_wildcard(node) && node->cut == node;
}

/*
 * Glue points at its name in the NS records, and a pointer has 14 bits; before
 * them stand at most the question and sixteen CNAMEs, 4.5 kB.
 */
static bool cut_too_large(const struct zone_node *node)
{
	return node->cut == node &&
	       zone_rrset(node, TYPE_NS)->len > POLICY_CUT_OCTETS_MAX;
}

static bool service_delegated(const struct zone_node *node)
{
	return node->service >= 0 && node->cut != NULL;
}

static bool service_with_addresses(const struct zone_node *node)
{
	return node->service >= 0 && (zone_rrset(node, TYPE_A) != NULL ||
				      zone_rrset(node, TYPE_AAAA) != NULL);
}

/* clang-format off */
static const struct rule {
	bool (*broken)(const struct zone_node *node);
	const char *what;
} rules[] = {
	{ cname_not_alone,
	  "has a CNAME record beside other data; a CNAME stands alone" },
	{ service_cname_not_alone,
	  "is a service of CNAME endpoints and has records too; a CNAME stands "
	  "alone" },
	{ dname_not_alone,
	  "has a DNAME record and another, an NS record or a wildcard's name" },
	{ below_dname,
	  "is below a DNAME record, which hides it; take one of them out" },
	{ wildcard_cut,
	  "delegates a wildcard, which means nothing; name the zone cut" },
	{ cut_too_large,
	  "has more NS records than a referral can point at; drop some" },
	{ service_delegated,
	  "is a service at or below a zone cut; take out the NS records" },
	{ service_with_addresses,
	  "is a service and has address records too; take one of them out" },
};
/* clang-format on */

static void check_node(struct builder *b, struct zone_node *node)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].broken(node))
			mistake(b, node->octets, node->len, rules[i].what);
}

/* The addresses of one name server, if they are in this zone. */
static void add_glue(struct builder *b, const struct zone_node *cut,
		     uint32_t at, struct referral *referral)
{
	static const uint16_t types[] = { TYPE_A, TYPE_AAAA };
	const uint8_t *rr = referral->ns->wire + at;
	struct zone_match match;
	struct name target;

	if (!rrset_name(rr + RR_FIXED_OCTETS, rr_octets(rr) - RR_FIXED_OCTETS,
			b->zone->apex, cut, &target))
		return;
	match = zone_find(b->zone, &target);
	if (match.found != ZONE_EXACT)
		return;
	for (size_t i = 0; i < 2; i++) {
		struct glue glue = {
			.rrset = zone_rrset(match.node, types[i]),
			.target_at = at + RR_FIXED_OCTETS,
		};

		/* The lists were made as long as they can get. */
		if (glue.rrset == NULL)
			continue;
		if (match.node->cut == cut)
			referral->required[referral->required_count++] = glue;
		else
			referral->sibling[referral->sibling_count++] = glue;
	}
}

static void add_referral(struct builder *b, struct zone_node *node)
{
	struct arena *arena = b->zone->arena;
	struct referral *referral;

	if (node->cut != node)
		return;
	referral = arena_alloc(arena, 1, sizeof(*referral));
	if (referral == NULL) {
		out_of_memory(b);
		return;
	}
	referral->ns = zone_rrset(node, TYPE_NS);
	referral->required = arena_alloc(arena, 2u * referral->ns->count,
					 sizeof(struct glue));
	referral->sibling = arena_alloc(arena, 2u * referral->ns->count,
					sizeof(struct glue));
	if (referral->required == NULL || referral->sibling == NULL) {
		out_of_memory(b);
		return;
	}
	for (uint32_t at = 0; at < referral->ns->len;
	     at += (uint32_t)rr_octets(referral->ns->wire + at))
		add_glue(b, node, at, referral);
	node->referral = referral;
}

/* RFC 2308, 5: negative answers carry the SOA with the lesser TTL. */
static void add_negative_soa(struct builder *b)
{
	const struct rrset *soa = zone_rrset(b->zone->apex, TYPE_SOA);
	struct rrset *negative =
		arena_alloc(b->zone->arena, 1, sizeof(*negative));
	const uint8_t *minimum;
	uint32_t ttl_s;

	if (soa == NULL || soa->count != 1 || soa->len < RR_FIXED_OCTETS + 22) {
		mistake(b, b->apex.octets, b->apex.len,
			"needs exactly one SOA record");
		return;
	}
	minimum = soa->wire + soa->len - 4;
	ttl_s = (uint32_t)minimum[0] << 24 | (uint32_t)minimum[1] << 16 |
		(uint32_t)minimum[2] << 8 | minimum[3];
	if (soa->ttl_s < ttl_s)
		ttl_s = soa->ttl_s;
	if (negative == NULL ||
	    !rrset_copy(b->zone->arena, soa, ttl_s, negative))
		out_of_memory(b);
	b->zone->negative_soa = negative;
}

static void build(struct builder *b)
{
	if (!name_from_text(b->from->name, &b->apex)) {
		errors_add(b->errs, CODE_RESPONDER_REFUSED, b->from->at,
			   "\"%s\" is not a domain name", b->from->name);
		return;
	}
	b->zone->apex = node_of(b, &b->apex);
	if (b->zone->apex == NULL)
		return;
	add_records(b);
	for (size_t i = 0; i < b->policy->service_count; i++)
		if (&b->policy->zones[b->policy->services[i].zone] == b->from)
			add_service(b, i);
	for_nodes(b, find_cut);
	for_nodes(b, choose_any);
	for_nodes(b, check_node);
	for_nodes(b, add_referral);
	add_negative_soa(b);
}

static void sign(struct builder *b)
{
	zone_sign(&(struct zone_signed){
		.zone = b->zone,
		.records = &b->records,
		.services = b->policy->services,
		.with = b->signing,
		.at = b->from->at,
		.errs = b->errs,
	});
}

struct zone *zone_build(const struct policy *policy, size_t index,
			const struct zone_signing *signing, struct errors *errs)
{
	struct builder b = {
		.policy = policy,
		.from = &policy->zones[index],
		.signing = signing,
		.errs = errs,
		.zone = calloc(1, sizeof(*b.zone)),
	};
	size_t mistakes = errs->fatal;

	if (b.zone != NULL)
		b.zone->arena = arena_new();
	if (b.zone == NULL || b.zone->arena == NULL)
		out_of_memory(&b);
	else
		build(&b);
	if (signing->signer != NULL && errs->fatal == mistakes)
		sign(&b);
	zone_records_fini(&b.records);
	if (errs->fatal == mistakes && !errs->lost)
		return b.zone;
	zone_free(b.zone);
	return NULL;
}

void zone_free(struct zone *zone)
{
	if (zone == NULL)
		return;
	index_fini(&zone->index);
	arena_free(zone->arena);
	free(zone);
}
