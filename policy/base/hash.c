/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/hash.h"

#include "policy/base/net.h"

#include <string.h>

/* Octets beyond bits are zero: of these only the multiplication is left. */
uint64_t hash_client(const struct net_addr *addr, unsigned bits)
{
	size_t octets = net_octets(addr->family), at = 0;
	uint8_t family = (uint8_t)addr->family;
	uint64_t h = hash_octets(HASH_FNV_OFFSET, &family, 1);

	for (; at < octets && bits >= 8; at++, bits -= 8)
		h = (h ^ addr->octets[at]) * HASH_FNV_PRIME;
	if (at < octets && bits > 0) {
		h = (h ^ (addr->octets[at] & (0xff00u >> bits & 0xff))) *
		    HASH_FNV_PRIME;
		at++;
	}
	for (; at < octets; at++)
		h *= HASH_FNV_PRIME;
	return hash_mix(h);
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
