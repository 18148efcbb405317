/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as what a proxy sends: what is taken lies within them, a cut of
 * it is never taken, and nothing else changes who asks.
 */
#include "dns/proxy_header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const struct net_addr proxy = { NET_V4, { 192, 0, 2, 1 } };
	struct proxy_sources sources = { .count = 1 };
	struct proxy_client client = { proxy, 7, 0 };
	size_t whole;

	sources.list[0] = (struct net_prefix){ proxy, 32 };
	if (!proxy_unwrap(&sources, octets, len, &client)) {
		require(client.skip == 0 && client.port == 7 &&
			net_equal(&client.addr, &proxy));
		return 0;
	}
	require(client.skip >= PROXY_HEADER_FIXED && client.skip <= len);
	require(client.skip == proxy_header_octets(octets));
	require(client.addr.family != NET_NONE);
	whole = client.skip;
	client = (struct proxy_client){ proxy, 7, 0 };
	require(!proxy_unwrap(&sources, octets, whole - 1, &client));
	return 0;
}
