/* SPDX-License-Identifier: Apache-2.0 */
#include "health/address.h"

#include <netinet/in.h>
#include <string.h>

socklen_t address_fill(const struct net_addr *addr, uint16_t port,
		       struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (addr->family == NET_V4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, addr->octets, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, addr->octets, 16);
	return sizeof(*v6);
}
