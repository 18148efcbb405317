/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket -- listen addresses and the sockets bound to them.
 *
 * UDP sockets are SO_REUSEPORT, so that each worker has its own; TCP sockets
 * are not.  "[::]" takes IPv4 too.  Shell.
 */
#ifndef DNS_SOCKET_H
#define DNS_SOCKET_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>

struct error;

enum {
	SOCKET_TEXT_SIZE = NET_TEXT_SIZE + 8,
	SOCKET_BUFFER_OCTETS = 4
			       << 20, /* asked for; the kernel may give less */
	SOCKET_BACKLOG = 1024,
	SOCKET_UNSENT_OCTETS = 128 * 1024, /* of answers in the kernel */
	SOCKET_FAST_OPENS = 256, /* waiting for their handshake to end */
};

struct socket_address {
	struct sockaddr_storage addr;
	socklen_t len;
	bool wildcard; /* any address of this machine */
	char text[SOCKET_TEXT_SIZE];
};

/* "192.0.2.1:53", "[2001:db8::1]:53", ":53" is not one.  Ports 1 to 65535. */
bool socket_parse(const char *text, struct socket_address *out,
		  struct error *err);

/*
 * A bound socket, close-on-exec.  -1 with err saying what an operator can do.
 * UDP: blocking; on a wildcard it tells which address was asked.
 * TCP: listening, not blocking.
 */
int socket_open_udp(const struct socket_address *at, struct error *err);
int socket_open_tcp(const struct socket_address *at, struct error *err);

/*
 * Fits a socket of this type (SOCK_DGRAM, SOCK_STREAM) that another process
 * opened as those above are, and fills out.  False with err set when it is
 * none that can be used; fd stays the caller's.
 */
bool socket_adopt(int fd, int type, struct socket_address *out,
		  struct error *err);

/* 0 for other families than IPv4 and IPv6. */
uint16_t socket_port(const struct sockaddr *of);

/* IPv4-mapped addresses become NET_V4; other families NET_NONE.  Inline,
 * because each datagram needs it. */
static inline struct net_addr socket_peer(const struct sockaddr *from)
{
	struct net_addr peer = { 0 };

	if (from->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, from, sizeof(v4));
		peer.family = NET_V4;
		memcpy(peer.octets, &v4.sin_addr, 4);
	} else if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;
		bool mapped;

		memcpy(&v6, from, sizeof(v6));
		mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
		peer.family = mapped ? NET_V4 : NET_V6;
		memcpy(peer.octets, v6.sin6_addr.s6_addr + (mapped ? 12 : 0),
		       mapped ? 4 : 16);
	}
	return peer;
}

#endif
