/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steered -- the part of an answer that depends on who asks: a service's
 * records for one client, their TTL, the scope they hold for.  Pure.
 */
#ifndef DNS_STEERED_H
#define DNS_STEERED_H

#include "dns/pool.h"
#include "dns/resolve.h"

/*
 * Answers with a kind that some endpoint of policy->services[service] has, at
 * name: one RRset of those that the client gets, or NODATA, or TC.  Returns
 * what the best endpoint gave to it, NULL when there is no such RRset.
 */
const struct rrset *put_steered(struct answer *a, struct position name,
				int service, enum pool_kind kind);

#endif
