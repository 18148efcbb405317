/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as a master file: errors, or records inside the zone with one SOA
 * and with names that end where they say.
 */
#include "policy/base/arena.h"
#include "policy/language/load.h"
#include "policy/language/policy.h"
#include "policy/language/sources.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static const char policy_text[] =
	"zone: {name: z.example, nameservers: ns.z.example, records: z}\n"
	"regions: {r: {location: [0, 0]}}\n"
	"services:\n"
	"  www: {steer: geo, endpoints: {r: {A: 192.0.2.1}}}\n"
	"  a.deep: {steer: geo, endpoints: {r: {A: 192.0.2.1}}}\n";

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* How many octets the uncompressed name at the front has; 0: it is none. */
static size_t name_octets(const uint8_t *octets, size_t len)
{
	size_t at = 0;

	while (at < len && octets[at] != 0) {
		if (octets[at] > 63)
			return 0;
		at += (size_t)octets[at] + 1;
	}
	return at < len && at < 255 ? at + 1 : 0;
}

/* Names in the data of types that a responder follows or compresses. */
static void check_rdata(const struct record *r)
{
	size_t first;

	switch (r->type) {
	case 1:
		expect(r->rdata_len == 4);
		break;
	case 28:
		expect(r->rdata_len == 16);
		break;
	case 2:
	case 5:
	case 12:
	case 39:
		expect(name_octets(r->rdata, r->rdata_len) == r->rdata_len);
		break;
	case 6:
		first = name_octets(r->rdata, r->rdata_len);
		expect(first > 0);
		expect(name_octets(r->rdata + first, r->rdata_len - first) ==
		       r->rdata_len - first - 20);
		break;
	case 15:
		expect(r->rdata_len > 2);
		expect(name_octets(r->rdata + 2, r->rdata_len - 2u) ==
		       r->rdata_len - 2u);
		break;
	default:
		break;
	}
}

static void check_record(const struct record *r)
{
	static const char zone[] = "\1z\7example";
	size_t at = 0;

	while (at < r->owner_len && r->owner[at] != 0)
		at += (size_t)r->owner[at] + 1;
	expect(at + 1 == r->owner_len);
	expect(r->owner_len >= sizeof(zone));
	expect(memcmp(r->owner + r->owner_len - sizeof(zone), zone,
		      sizeof(zone)) == 0);
	expect(r->ttl_s <= INT32_MAX);
	check_rdata(r);
	for (size_t i = 0; i < r->owner_len; i++)
		expect(r->owner[i] < 'A' || r->owner[i] > 'Z');
}

static void check_zone(const struct policy *p)
{
	unsigned soas = 0, servers = 0;

	for (size_t i = 0; i < p->zones[0].record_count; i++) {
		const struct record *r = &p->zones[0].records[i];

		check_record(r);
		soas += r->type == 6;
		servers += r->type == 2;
	}
	expect(soas == 1 && servers >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct arena *arena = arena_new();
	struct sources s = { .arena = arena, .folder = "", .sealed = true };
	struct errors errs = { 0 };
	struct policy *policy;

	if (arena == NULL ||
	    !sources_add(&s, "p.yaml", policy_text, strlen(policy_text)) ||
	    !sources_add(&s, "z", (const char *)octets, len)) {
		arena_free(arena);
		return 0;
	}
	policy = load_policy(&s, "p.yaml", &errs);
	expect((policy != NULL) == (errs.fatal == 0));
	if (policy != NULL)
		check_zone(policy);
	policy_free(policy);
	errors_fini(&errs);
	return 0;
}
