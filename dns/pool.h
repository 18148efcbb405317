/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool -- what each endpoint of a service is answered with, as the octets that
 * answers carry.
 *
 * Made of the policy alone, once, when it is loaded: health and plans choose
 * among these and never change them.  So whatever a service can ever be
 * answered with is known at load, and signed there.  Pure; immutable once
 * built; any thread may read it.
 */
#ifndef DNS_POOL_H
#define DNS_POOL_H

#include "dns/zone.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sign_rdata;

/* The steered RRsets that an endpoint can have; CNAME alone or not at all. */
enum pool_kind {
	POOL_A,
	POOL_AAAA,
	POOL_CNAME,
	POOL_HTTPS,
	POOL_SVCB,
	POOL_KINDS,
};

/* RDATAs of a set of endpoints. */
enum { POOL_RDATA_MAX = POLICY_ADDRESSES_MAX * POLICY_ENDPOINTS_MAX };

struct pool_endpoint {
	struct rrset rrsets[POOL_KINDS]; /* TTL 0, to be patched; count 0:
					  * none */
	int region;
};

/* Over what a set of endpoints is answered with. */
struct pool_signature {
	uint64_t set; /* bit i: endpoints[i] */
	struct rrset rrsig;
};

struct pool_signatures {
	struct pool_signature *list; /* by set; the zone's */
	size_t count;                /* 0: not signed */
};

struct pool {
	uint64_t having[POOL_KINDS]; /* endpoints with such an RRset: bits */
	struct pool_endpoint *endpoints; /* as the service's */
	size_t endpoint_count;
	uint8_t *wire; /* of all RRsets */
	struct pool_signatures signatures[POOL_KINDS];
};

/* The kind that is asked for by qtype; POOL_KINDS when it is not steered. */
enum pool_kind pool_kind_of(uint16_t qtype);

/* The RR TYPE of a kind. */
uint16_t pool_type(enum pool_kind kind);

/* False when memory runs out; pool_fini() is due all the same. */
bool pool_init(struct pool *pool, const struct policy_service *service);

void pool_fini(struct pool *pool);

/*
 * What an answer with a set of endpoints carries: the RDATAs of kind, each
 * once (RFC 2181, 5), by endpoint and then in its order, borrowed from the
 * pool, into out of POOL_RDATA_MAX; returns how many.  An answer has the
 * endpoints in the order they were picked in and else the same RDATAs: one
 * signature holds for every order of them (RFC 4034, 6.3).
 */
size_t pool_rdata(const struct pool *pool, enum pool_kind kind, uint64_t set,
		  struct sign_rdata *out);

/*
 * The RRSIG RRset over kind of a set of endpoints that all have it; NULL when
 * the service's zone is not signed.
 */
const struct rrset *pool_rrsig(const struct pool *pool, enum pool_kind kind,
			       uint64_t set);

#endif
