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

/* A way down the tree is never longer than an address, and at each step the
 * other half waits. */
enum { SNIFFED = 1000, WAITING_MAX = 130 };

static const struct client_needs needs = { .asn = true };

static uint32_t asn_at(const struct mmdb *db, mmdb_ref ref)
{
	struct client_facts facts = { .asn = 0 };

	return mmdb_facts(db, ref, &needs, &facts) ? facts.asn : 0;
}

/* Has one of the first records of the family an AS number?  A database of
 * cities has millions without one, which are not worth a look each. */
static bool sniff(const struct mmdb *db, enum net_family family)
{
	const struct mmdb_tree tree = mmdb_tree(db, family);
	mmdb_ref waiting[WAITING_MAX], halves[2];
	size_t count = 0;

	waiting[count++] = mmdb_root(db, family);
	for (unsigned seen = 0; count > 0 && seen < SNIFFED;) {
		mmdb_ref ref = waiting[--count];

		if (ref < tree.count) {
			if (count + 2 > WAITING_MAX ||
			    !mmdb_halves(&tree, ref, halves))
				return false;
			waiting[count++] = halves[1];
			waiting[count++] = halves[0];
		} else if (ref > tree.count) {
			if (asn_at(db, ref) != 0)
				return true;
			seen++;
		}
	}
	return false;
}

struct carriers *carriers_open(const struct policy *policy)
{
	size_t count = policy->geo.database_count;
	struct carriers *c =
		calloc(1, sizeof(*c) + count * sizeof(c->databases[0]));
	struct error err;

	for (size_t i = 0; c != NULL && i < count; i++) {
		struct mmdb *db = mmdb_open(policy->geo.databases[i], &err);

		if (db != NULL && (sniff(db, NET_V4) || sniff(db, NET_V6)))
			c->databases[c->count++] = db;
		else
			mmdb_close(db);
	}
	return c;
}

void carriers_free(struct carriers *c)
{
	for (size_t i = 0; c != NULL && i < c->count; i++)
		mmdb_close(c->databases[i]);
	free(c);
}

bool carriers_know(const struct carriers *c)
{
	return c->count > 0;
}

static struct carrier find_in(const struct mmdb *db,
			      const struct net_addr *addr)
{
	struct mmdb_tree tree = mmdb_tree(db, addr->family);
	mmdb_ref ref = mmdb_root(db, addr->family), halves[2];
	unsigned bit = 0;

	for (; ref < tree.count && bit < net_bits(addr->family); bit++) {
		if (!mmdb_halves(&tree, ref, halves))
			break;
		ref = halves[addr->octets[bit / 8] >> (7 - bit % 8) & 1];
	}
	return (struct carrier){
		.asn = ref > tree.count ? asn_at(db, ref) : 0,
		.bits = bit,
	};
}

struct carrier carriers_find(const struct carriers *c,
			     const struct net_addr *addr)
{
	struct carrier found = { .asn = 0 };

	for (size_t i = 0; found.asn == 0 && i < c->count; i++) {
		struct carrier here = find_in(c->databases[i], addr);

		found.asn = here.asn;
		if (here.bits > found.bits)
			found.bits = here.bits;
	}
	return found;
}
