/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pktinfo -- which of our addresses was asked, on a socket bound to all.
 *
 * The kernel's note comes beside each datagram; nothing beside it means that
 * the socket is bound to one address.  Shell: it knows recvmsg(2).
 */
#ifndef DNS_PKTINFO_H
#define DNS_PKTINFO_H

#include "policy/base/net.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Room for one in_pktinfo or in6_pktinfo. */
enum { PKTINFO_SIZE = CMSG_SPACE(sizeof(struct in6_pktinfo)) };

/*
 * What was asked becomes what answers: the note of the destination is handed
 * back as the source.  The interface is left to the routes, but for link-local
 * addresses, which mean nothing without one.
 */
void pktinfo_turn(struct msghdr *hdr);

/* The address that was asked; otherwise, when there is no note. */
struct net_addr pktinfo_asked(struct msghdr *hdr,
			      const struct net_addr *otherwise);

#endif
