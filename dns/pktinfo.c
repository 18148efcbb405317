/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/pktinfo.h"

#include "dns/socket.h"

#include <stddef.h>
#include <string.h>

void pktinfo_turn(struct msghdr *hdr)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(hdr);

	if (c == NULL)
		return;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		info.ipi_ifindex = 0;
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else if (c->cmsg_level == IPPROTO_IPV6 &&
		   c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
			info.ipi6_ifindex = 0;
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
}

struct net_addr pktinfo_asked(struct msghdr *hdr,
			      const struct net_addr *otherwise)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(hdr);
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_storage asked = { 0 };

	if (c != NULL && c->cmsg_level == IPPROTO_IP &&
	    c->cmsg_type == IP_PKTINFO) {
		memcpy(&v4.sin_addr,
		       CMSG_DATA(c) + offsetof(struct in_pktinfo, ipi_addr),
		       sizeof(v4.sin_addr));
		memcpy(&asked, &v4, sizeof(v4));
	} else if (c != NULL && c->cmsg_level == IPPROTO_IPV6 &&
		   c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&v6.sin6_addr,
		       CMSG_DATA(c) + offsetof(struct in6_pktinfo, ipi6_addr),
		       sizeof(v6.sin6_addr));
		memcpy(&asked, &v6, sizeof(v6));
	} else {
		return *otherwise;
	}
	return socket_peer((const struct sockaddr *)&asked);
}
