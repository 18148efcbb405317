/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/hash.h"

#include "policy/base/net.h"

#include <string.h>

/* HASH_FNV_PRIME to the power of 1, 2, 4 and 8, modulo 2^64. */
#define PRIME_1 HASH_FNV_PRIME
#define PRIME_2 (PRIME_1 * PRIME_1)
#define PRIME_4 (PRIME_2 * PRIME_2)
#define PRIME_8 (PRIME_4 * PRIME_4)

/* What so many octets of zero make of a hash: no more than multiply it. */
static const uint64_t zeroes[] = {
	1,
	PRIME_1,
	PRIME_2,
	PRIME_2 *PRIME_1,
	PRIME_4,
	PRIME_4 *PRIME_1,
	PRIME_4 *PRIME_2,
	PRIME_4 *PRIME_2 *PRIME_1,
	PRIME_8,
	PRIME_8 *PRIME_1,
	PRIME_8 *PRIME_2,
	PRIME_8 *PRIME_2 *PRIME_1,
	PRIME_8 *PRIME_4,
	PRIME_8 *PRIME_4 *PRIME_1,
	PRIME_8 *PRIME_4 *PRIME_2,
	PRIME_8 *PRIME_4 *PRIME_2 *PRIME_1,
	PRIME_8 *PRIME_8,
};

uint64_t hash_client(const struct net_addr *addr, unsigned bits)
{
	unsigned octets = (unsigned)net_octets(addr->family);
	unsigned whole = bits / 8 < octets ? bits / 8 : octets;
	uint64_t h = (HASH_FNV_OFFSET ^ (uint8_t)addr->family) * HASH_FNV_PRIME;

	h = hash_octets(h, addr->octets, whole);
	if (whole < octets && bits % 8 != 0) {
		h ^= addr->octets[whole] & (0xff00u >> bits % 8 & 0xff);
		h *= HASH_FNV_PRIME;
		whole++;
	}
	return hash_mix(h * zeroes[octets - whole]);
}

uint64_t hash_purpose(const char *what, const char *service,
		      const char *endpoint)
{
	uint64_t h = hash_octets(HASH_FNV_OFFSET, what, strlen(what));

	h = hash_octets(h, "/", 1);
	h = hash_octets(h, service, strlen(service));
	h = hash_octets(h, "/", 1);
	return hash_octets(h, endpoint, strlen(endpoint));
}
