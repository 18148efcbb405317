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

#include <stddef.h>

struct errors;
struct name;
struct policy;
struct pool;
struct signer;
struct zone;
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

/* Of policy->zones[index]. */
const struct zone *zones_at(const struct zones *zones, size_t index);

#endif
