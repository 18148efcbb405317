/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as the master file of two zones, one inside the other, and then
 * served: each record is asked for by its name and type, and so is a name below
 * it.  Every answer is a message that ldns reads, and one that has the RRset
 * has the record in it.
 */
#include "dns/answer.h"
#include "dns/model.h"
#include "dns/table.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/decide/view.h"
#include "policy/language/load.h"
#include "policy/language/policy.h"
#include "policy/language/sources.h"
#include "tests/unit/geo_double.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { RECORDS_MAX = 200, QUERY_SIZE = 12 + 255 + 4, AA = 4 };

static const char policy_text[] =
	"zone: {name: z.example, nameservers: ns.z.example, records: z}\n"
	"zones: {in.z.example: {nameservers: ns.z.example, records: z}}\n"
	"regions: {r: {location: [0, 0]}}\n"
	"services:\n"
	"  www: {steer: geo, endpoints: {r: {A: 192.0.2.1}}}\n"
	"  '*.app': {steer: geo, endpoints: {r: {A: 192.0.2.1}}}\n";

static void require(bool ok)
{
	if (!ok)
		abort();
}

static struct policy *read_policy(const uint8_t *octets, size_t len)
{
	struct arena *arena = arena_new();
	struct sources s = { .arena = arena, .folder = "", .sealed = true };
	struct errors errs = { 0 };
	struct policy *policy;

	require(arena != NULL &&
		sources_add(&s, "p.yaml", policy_text, strlen(policy_text)) &&
		sources_add(&s, "z", (const char *)octets, len));
	policy = load_policy(&s, "p.yaml", &errs);
	errors_fini(&errs);
	return policy;
}

/* What the language takes, the responder serves. */
static struct table *serve(struct policy *policy)
{
	const struct view_input in = { .now_ms = 1000000, .wall_ms = 1000000 };
	struct geo *geo = calloc(1, sizeof(*geo));
	struct errors errs = { 0 };
	struct model *model;
	struct table *table;
	struct view *view;

	require(geo != NULL);
	geo->class_count = 1;
	geo->classes[0] = (struct client_class){ .regions = 1 };
	model = model_of(policy, geo, NULL, &errs);
	require(model != NULL);
	view = view_reduce(policy, &in);
	require(view != NULL);
	table = table_build(model, view, NULL);
	require(table != NULL);
	view_free(view);
	model_unref(model);
	errors_fini(&errs);
	return table;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (tolower(a[i]) != tolower(b[i]))
			return false;
	return true;
}

/* Is the record among those of its owner and type, if there are any? */
static bool has_record(const ldns_rr_list *list, const struct record *r)
{
	bool any = false, found = false;

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		const ldns_rdf *owner = ldns_rr_owner(rr);
		ldns_buffer *data = ldns_buffer_new(LDNS_MAX_PACKETLEN);

		require(data != NULL &&
			ldns_rr_rdata2buffer_wire(data, rr) == LDNS_STATUS_OK);
		if (ldns_rr_get_type(rr) == r->type &&
		    ldns_rdf_size(owner) == r->owner_len &&
		    same(ldns_rdf_data(owner), r->owner, r->owner_len)) {
			any = true;
			found |= ldns_buffer_position(data) == r->rdata_len &&
				 same(ldns_buffer_begin(data), r->rdata,
				      r->rdata_len);
		}
		ldns_buffer_free(data);
	}
	return found || !any;
}

/* name is wire octets; r is NULL where nothing is known of the answer. */
static void ask(const struct table *table, const uint8_t *name, size_t len,
		uint16_t type, const struct record *r)
{
	static const uint8_t header[12] = { [5] = 1 };
	static uint8_t out[65535];
	uint8_t query[QUERY_SIZE];
	struct answer_input in = { .query = query, .stream = true };
	struct answer_outcome outcome;
	ldns_pkt *pkt = NULL;
	size_t answer_len;

	memcpy(query, header, sizeof(header));
	memcpy(query + 12, name, len);
	memcpy(query + 12 + len,
	       (uint8_t[4]){ (uint8_t)(type >> 8), (uint8_t)type, 0, 1 }, 4);
	in.len = 12 + len + 4;
	answer_len = answer_query(table, &in, out, sizeof(out), &outcome);
	require(answer_len >= in.len);
	require(ldns_wire2pkt(&pkt, out, answer_len) == LDNS_STATUS_OK);
	if (r != NULL && (out[2] & AA) != 0)
		require(has_record(ldns_pkt_answer(pkt), r));
	ldns_pkt_free(pkt);
}

/* At or below the inner zone's name: that one's own records are answered. */
static bool is_inner(const struct record *r)
{
	static const uint8_t inner[] = "\2in\1z\7example";
	size_t at = 0;

	while ((size_t)r->owner_len - at > sizeof(inner))
		at += (size_t)r->owner[at] + 1;
	return r->owner_len - at == sizeof(inner) &&
	       memcmp(r->owner + at, inner, sizeof(inner)) == 0;
}

/* A record of the outer zone (0) or the inner one. */
static void ask_around(const struct table *table, const struct record *r,
		       size_t zone)
{
	static const uint16_t types[] = { 1, 2, 5, 6, 15, 39, 43, 255 };
	uint8_t below[256] = { 1, 'x' };

	ask(table, r->owner, r->owner_len, r->type,
	    zone == 0 && is_inner(r) ? NULL : r);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ask(table, r->owner, r->owner_len, types[i], NULL);
	if (r->owner_len + 2 > 255)
		return;
	memcpy(below + 2, r->owner, r->owner_len);
	ask(table, below, r->owner_len + 2u, r->type, NULL);
	ask(table, below, r->owner_len + 2u, 1, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct policy *policy = read_policy(octets, len);
	struct table *table = policy == NULL ? NULL : serve(policy);

	for (size_t z = 0; table != NULL && z < policy->zone_count; z++) {
		const struct policy_zone *zone = &policy->zones[z];

		for (size_t i = 0; i < zone->record_count && i < RECORDS_MAX;
		     i++)
			ask_around(table, &zone->records[i], z);
	}
	table_free(table);
	return 0;
}
