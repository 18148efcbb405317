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
 * Below the steady or changing TTL by up to the jitter, never above it: random
 * says by how much.
 */
static inline uint32_t steered_ttl_s(const struct policy_ttl *ttl,
				     bool changing, uint64_t random)
{
	uint32_t base_s = changing ? ttl->changing_s : ttl->steady_s;
	uint64_t span_s = (uint64_t)base_s * ttl->jitter_pct / 100 + 1;

	return base_s - (uint32_t)((uint32_t)random * span_s >> 32);
}

/* The same, and no more than limit_s. */
static inline uint32_t steered_ttl_until_s(const struct policy_ttl *ttl,
					   bool changing, uint64_t random,
					   uint32_t limit_s)
{
	uint32_t ttl_s = steered_ttl_s(ttl, changing, random);

	return ttl_s < limit_s ? ttl_s : limit_s;
}

/*
 * Answers with a kind that some endpoint of policy->services[service] has, at
 * name: one RRset of those that the client gets, or NODATA, or TC.  Returns
 * what the best endpoint gave to it, NULL when there is no such RRset.
 */
const struct rrset *put_steered(struct answer *a, struct position name,
				int service, enum pool_kind kind);

#endif
