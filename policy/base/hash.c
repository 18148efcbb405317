/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/hash.h"

#include "policy/base/net.h"

#include <string.h>

uint64_t hash_client(const struct net_addr *addr, unsigned bits)
{
	struct net_addr masked = net_mask(addr, bits);
	uint8_t family = (uint8_t)masked.family;
	uint64_t h = hash_octets(HASH_FNV_OFFSET, &family, 1);

	return hash_mix(
		hash_octets(h, masked.octets, net_octets(addr->family)));
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
