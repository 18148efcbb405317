/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/carrier.h"

#include "policy/base/error.h"
#include "policy/decide/mmdb.h"
#include "policy/language/policy.h"

#include <stdlib.h>

struct carriers {
	size_t count;
	struct mmdb *databases[];
};

struct carriers *carriers_open(const struct policy *policy)
{
	size_t count = policy->geo.database_count;
	struct carriers *c =
		calloc(1, sizeof(*c) + count * sizeof(c->databases[0]));
	struct error err;

	for (size_t i = 0; c != NULL && i < count; i++) {
		struct mmdb *db = mmdb_open(policy->geo.databases[i], &err);

		if (db != NULL)
			c->databases[c->count++] = db;
	}
	return c;
}

void carriers_free(struct carriers *c)
{
	for (size_t i = 0; c != NULL && i < c->count; i++)
		mmdb_close(c->databases[i]);
	free(c);
}

static uint32_t asn_in(const struct mmdb *db, const struct net_addr *addr)
{
	static const struct client_needs needs = { .asn = true };
	struct mmdb_tree tree = mmdb_tree(db, addr->family);
	struct client_facts facts = { .asn = 0 };
	mmdb_ref ref = mmdb_root(db, addr->family), halves[2];

	for (unsigned bit = 0; ref < tree.count && bit < net_bits(addr->family);
	     bit++) {
		if (!mmdb_halves(&tree, ref, halves))
			return 0;
		ref = halves[addr->octets[bit / 8] >> (7 - bit % 8) & 1];
	}
	if (ref <= tree.count || !mmdb_facts(db, ref, &needs, &facts))
		return 0;
	return facts.asn;
}

uint32_t carriers_asn(const struct carriers *c, const struct net_addr *addr)
{
	uint32_t asn = 0;

	for (size_t i = 0; asn == 0 && i < c->count; i++)
		asn = asn_in(c->databases[i], addr);
	return asn;
}
