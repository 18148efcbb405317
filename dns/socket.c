/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/socket.h"

#include "policy/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

static bool fail_text(const char *text, struct error *err)
{
	error_set(err,
		  "listen address \"%s\" must be ADDRESS:PORT or "
		  "[ADDRESS]:PORT with a port from 1 to 65535",
		  text);
	return false;
}

static bool parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > 65535)
		return false;
	*port = (uint16_t)n;
	return true;
}

static void fill(struct socket_address *out, const struct net_addr *addr,
		 uint16_t port)
{
	static const uint8_t zeros[16];
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port) };

	memset(&out->addr, 0, sizeof(out->addr));
	if (addr->family == NET_V4) {
		memcpy(&v4.sin_addr, addr->octets, 4);
		memcpy(&out->addr, &v4, sizeof(v4));
		out->len = sizeof(v4);
	} else {
		memcpy(&v6.sin6_addr, addr->octets, 16);
		memcpy(&out->addr, &v6, sizeof(v6));
		out->len = sizeof(v6);
	}
	out->wildcard =
		memcmp(addr->octets, zeros, net_octets(addr->family)) == 0;
}

bool socket_parse(const char *text, struct socket_address *out,
		  struct error *err)
{
	const char *colon = strrchr(text, ':');
	bool bracketed = text[0] == '[';
	const char *begin = text + (bracketed ? 1 : 0);
	const char *end = colon;
	char host[NET_TEXT_SIZE];
	struct net_addr addr;
	uint16_t port;

	if (colon == NULL || !parse_port(colon + 1, &port))
		return fail_text(text, err);
	if (bracketed) {
		if (end == begin || end[-1] != ']')
			return fail_text(text, err);
		end--;
	}
	if (end < begin || (size_t)(end - begin) >= sizeof(host))
		return fail_text(text, err);
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	if (!net_addr_parse(host, &addr) ||
	    bracketed != (addr.family == NET_V6))
		return fail_text(text, err);
	fill(out, &addr, port);
	snprintf(out->text, sizeof(out->text), "%s", text);
	return true;
}

static int fail_bind(const struct socket_address *at, const char *transport,
		     struct error *err)
{
	const char *hint =
		errno == EADDRINUSE      ? "; another program has this port"
		: errno == EACCES        ? "; ports below 1024 need root or "
					   "CAP_NET_BIND_SERVICE"
		: errno == EADDRNOTAVAIL ? "; no interface has this address"
					 : "";

	error_set(err, "cannot listen on %s (%s): %s%s", at->text, transport,
		  strerror(errno), hint);
	return -1;
}

static bool set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/*
 * A new socket of this type, bound.  The workers share a UDP port; the TCP
 * port is one socket's alone, so that a second responder, forgotten or started
 * by mistake, does not take half of the questions: it does not start.
 */
static int open_bound(const struct socket_address *at, int type,
		      const char *transport, struct error *err)
{
	int fd = socket(at->addr.ss_family, type | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 &&
		  set(fd, SOL_SOCKET, SO_REUSEPORT, type == SOCK_DGRAM) &&
		  set(fd, SOL_SOCKET, SO_REUSEADDR, type != SOCK_DGRAM) &&
		  (at->addr.ss_family != AF_INET6 ||
		   set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
		  bind(fd, (const struct sockaddr *)&at->addr, at->len) == 0;

	if (ok)
		return fd;
	fail_bind(at, transport, err);
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * Privileged processes may pass the limit of net.core.*mem_max; others get
 * as much as it grants, and neither is an error.
 */
static void set_buffers(int fd)
{
	if (!set(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER_OCTETS))
		(void)set(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_OCTETS);
	if (!set(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER_OCTETS))
		(void)set(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_OCTETS);
}

static bool set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 &&
	       fcntl(fd, F_SETFL,
		     blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) == 0;
}

/*
 * PMTUDISC_OMIT: no forged ICMP may make us fragment, and what is too large
 * for a link is fragmented there: RFC 9715, appendix on IP_MTU_DISCOVER.
 */
static bool fit_udp(int fd, const struct socket_address *at)
{
	bool v6 = at->addr.ss_family == AF_INET6;

	set_buffers(fd);
	(void)set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
	if (v6)
		(void)set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			  IPV6_PMTUDISC_OMIT);
	return set_blocking(fd, true) &&
	       (!at->wildcard ||
		(v6 ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
		    : set(fd, IPPROTO_IP, IP_PKTINFO, 1)));
}

/*
 * Inherited by what is accepted: answers never wait for an ACK, and the kernel
 * takes no more of them ahead of a client that does not read than a while's
 * worth; by itself it would take megabytes, until all connections are short of
 * memory.  A query in the first segment (RFC 7413) is taken where the kernel
 * allows it.
 */
static bool fit_tcp(int fd)
{
	(void)set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	(void)set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, SOCKET_UNSENT_OCTETS);
	(void)set(fd, IPPROTO_TCP, TCP_FASTOPEN, SOCKET_FAST_OPENS);
	return set_blocking(fd, false) && listen(fd, SOCKET_BACKLOG) == 0;
}

/* Closes what does not fit. */
static int finish_open(int fd, bool fits, const struct socket_address *at,
		       const char *transport, struct error *err)
{
	if (fd < 0 || fits)
		return fd;
	fail_bind(at, transport, err);
	close(fd);
	return -1;
}

int socket_open_udp(const struct socket_address *at, struct error *err)
{
	int fd = open_bound(at, SOCK_DGRAM, "UDP", err);

	return finish_open(fd, fd >= 0 && fit_udp(fd, at), at, "UDP", err);
}

int socket_open_tcp(const struct socket_address *at, struct error *err)
{
	int fd = open_bound(at, SOCK_STREAM, "TCP", err);

	return finish_open(fd, fd >= 0 && fit_tcp(fd), at, "TCP", err);
}

static bool is_of_type(int fd, int wanted)
{
	int type = 0, listening = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    type != wanted)
		return false;
	len = sizeof(listening);
	return wanted == SOCK_DGRAM ||
	       (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) ==
			0 &&
		listening);
}

static void place_of(const struct sockaddr_storage *at, struct net_addr *addr,
		     uint16_t *port)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	*addr = (struct net_addr){ .family = NET_V4 };
	if (at->ss_family == AF_INET) {
		memcpy(&v4, at, sizeof(v4));
		memcpy(addr->octets, &v4.sin_addr, 4);
		*port = ntohs(v4.sin_port);
	} else {
		memcpy(&v6, at, sizeof(v6));
		addr->family = NET_V6;
		memcpy(addr->octets, &v6.sin6_addr, 16);
		*port = ntohs(v6.sin6_port);
	}
}

/* Where it is bound; false for what is not an address of the Internet. */
static bool read_place(int fd, struct socket_address *out)
{
	struct sockaddr_storage at = { 0 };
	socklen_t len = sizeof(at);
	struct net_addr addr;
	char text[NET_TEXT_SIZE];
	uint16_t port;

	if (getsockname(fd, (struct sockaddr *)&at, &len) != 0 ||
	    (at.ss_family != AF_INET && at.ss_family != AF_INET6))
		return false;
	place_of(&at, &addr, &port);
	fill(out, &addr, port);
	net_addr_text(&addr, text);
	snprintf(out->text, sizeof(out->text),
		 addr.family == NET_V6 ? "[%s]:%u" : "%s:%u", text,
		 (unsigned)port);
	return port != 0;
}

bool socket_adopt(int fd, int type, struct socket_address *out,
		  struct error *err)
{
	const char *transport = type == SOCK_DGRAM ? "UDP" : "TCP";

	if (!is_of_type(fd, type) || !read_place(fd, out)) {
		error_set(err,
			  "descriptor %d, which was given to listen on, is not "
			  "a %s socket bound to a port%s",
			  fd, transport,
			  type == SOCK_DGRAM ? "" : " and listening");
		return false;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    (type == SOCK_DGRAM ? fit_udp(fd, out) : fit_tcp(fd)))
		return true;
	error_set(err, "cannot use the given socket of %s (%s): %s", out->text,
		  transport, strerror(errno));
	return false;
}

uint16_t socket_port(const struct sockaddr *of)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (of->sa_family == AF_INET) {
		memcpy(&v4, of, sizeof(v4));
		return ntohs(v4.sin_port);
	}
	if (of->sa_family != AF_INET6)
		return 0;
	memcpy(&v6, of, sizeof(v6));
	return ntohs(v6.sin6_port);
}
