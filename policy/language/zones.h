/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zones -- the zones of a policy: first that of the key "zone", which relative
 * names of services are in, then those of the key "zones" in the order read.
 */
#ifndef POLICY_LANGUAGE_ZONES_H
#define POLICY_LANGUAGE_ZONES_H

#include "policy/language/draft.h"

/*
 * Fills d->policy->zones, all but their records, and d->zone_nodes beside
 * them; a zone that cannot be used has no name.
 */
void zones_read(struct draft *d);

/*
 * Fills fqdn and zone of a service from its name; zone is POLICY_NONE when it
 * is in none, which is then reported.
 */
void zones_place(struct draft *d, struct policy_service *service);

#endif
