/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zones -- all zones that are served, and which of them a name is in: the one
 * with the longest apex.
 *
 * With one zone, that one, whatever the name: zone_find() says whether it is
 * in it.  With more, one hash and probe per label between the deepest apex and
 * the name's zone.  Pure; immutable once built; any thread may read it.
 */
#ifndef DNS_ZONES_H
#define DNS_ZONES_H

#include "dns/zone.h"

#include <stddef.h>

struct errors;
struct name;
struct policy;
struct pool;
struct signer;
struct zones;

/*
 * Builds all zones of the policy, of which it borrows nothing, and signs those
 * that signers (by zone, or NULL) has one for; the services' pools then borrow
 * from the zones.  NULL when errs has an error.  The caller owns it.
 */
struct zones *zones_build(const struct policy *policy,
			  struct signer *const *signers, struct pool *pools,
			  struct errors *errs);

/* Accepts NULL. */
void zones_free(struct zones *zones);

/* NULL only when several zones are served and the name is in none. */
const struct zone *zones_find(const struct zones *zones,
			      const struct name *name);

/* Where a name is: RFC 1034, 4.3.2, step 2. */
struct location {
	const struct zone *zone; /* the nearest; NULL: in none */
	struct zone_match match; /* in it */
};

static inline struct location zones_locate(const struct zones *zones,
					   const struct name *name)
{
	const struct zone *zone = zones_find(zones, name);

	if (zone == NULL)
		return (struct location){ NULL, { ZONE_OUTSIDE, NULL } };
	return (struct location){ zone, zone_find(zone, name) };
}

/* Of policy->zones[index]. */
const struct zone *zones_at(const struct zones *zones, size_t index);

#endif
