/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash -- the stable draws that decide which clients a share takes.
 *
 * An edge in any language must assign a client as DNS does, so the functions
 * are few lines of 64-bit arithmetic, fixed for ever by the vectors in
 * tests/data/hash-vectors.txt.  Pure.
 *
 *   key(text)    FNV-1a, 64 bits, over the octets of the text
 *   mix(x)       the finaliser of MurmurHash3 (fmix64)
 *   draw(c, k)   mix(c + k)
 *
 * A client is mix(FNV-1a) over one octet of family (4 or 6) and the octets of
 * its network, host bits zero: 4 octets or 16.  A session, by which proxies at
 * the edge draw, is the same over one octet 0 and the octets of its name.  A
 * purpose is key() over
 * "what/service/endpoint": two purposes draw independently of each other.
 *
 * Source: FNV, draft-eastlake-fnv; A. Appleby, MurmurHash3 (public domain).
 * Not keyed, hence not for tables that strangers can fill.
 */
#ifndef POLICY_BASE_HASH_H
#define POLICY_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define HASH_FNV_PRIME UINT64_C(0x100000001b3)

/* FNV-1a over octets, going on from seed; begin with HASH_FNV_OFFSET. */
static inline uint64_t hash_octets(uint64_t seed, const void *octets,
				   size_t count)
{
	const uint8_t *at = octets;

	for (size_t i = 0; i < count; i++)
		seed = (seed ^ at[i]) * HASH_FNV_PRIME;
	return seed;
}

static inline uint64_t hash_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	x ^= x >> 33;
	return x;
}

/* The draw of a client (hash_client) for a purpose (hash_purpose). */
static inline uint64_t hash_draw(uint64_t client, uint64_t purpose)
{
	return hash_mix(client + purpose);
}

struct net_addr;

/* addr masked to bits; bits beyond the family's width are its width. */
uint64_t hash_client(const struct net_addr *addr, unsigned bits);

/* key(what "/" service "/" endpoint). */
uint64_t hash_purpose(const char *what, const char *service,
		      const char *endpoint);

#endif
