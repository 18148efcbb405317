/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/loopback.h"

#include "policy/base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

static int bound(int type, uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_ANY),
				  .sin_port = htons(*port) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		close(fd);
		return -1;
	}
	*port = ntohs(at.sin_port);
	return fd;
}

uint16_t loopback_port(void)
{
	for (unsigned tries = 0; tries < 100; tries++) {
		uint16_t port = 0;
		int udp = bound(SOCK_DGRAM, &port);
		int tcp = bound(SOCK_STREAM, &port);

		close(udp);
		if (tcp < 0)
			continue;
		close(tcp);
		return port;
	}
	abort();
}

static int connected(int type, const char *address, uint16_t port)
{
	const struct timeval patience = { .tv_sec =
						  LOOPBACK_PATIENCE_MS / 1000 };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port) };
	bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
	int fd = socket(is_v4 ? AF_INET : AF_INET6, type, 0), one = 1;
	int failed;

	if (!is_v4)
		inet_pton(AF_INET6, address, &v6.sin6_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	failed = is_v4 ? connect(fd, (struct sockaddr *)&v4, sizeof(v4))
		       : connect(fd, (struct sockaddr *)&v6, sizeof(v6));
	if (failed == 0)
		return fd;
	close(fd);
	return -1;
}

int loopback_udp(const char *address, uint16_t port)
{
	return connected(SOCK_DGRAM, address, port);
}

int loopback_tcp(const char *address, uint16_t port)
{
	return connected(SOCK_STREAM, address, port);
}

bool loopback_write(int fd, const void *octets, size_t len)
{
	const uint8_t *at = octets;

	while (len > 0) {
		ssize_t put = send(fd, at, len, MSG_NOSIGNAL);

		if (put <= 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

bool loopback_read(int fd, void *octets, size_t len)
{
	uint8_t *at = octets;

	while (len > 0) {
		ssize_t got = recv(fd, at, len, 0);

		if (got <= 0)
			return false;
		at += got;
		len -= (size_t)got;
	}
	return true;
}

bool loopback_write_message(int fd, const void *octets, size_t len)
{
	uint8_t whole[2 + 65535] = { (uint8_t)(len >> 8), (uint8_t)len };

	if (len > 0)
		memcpy(whole + 2, octets, len);
	return loopback_write(fd, whole, 2 + len);
}

size_t loopback_read_message(int fd, void *octets, size_t size)
{
	uint8_t prefix[2], whole[65535];
	size_t len;

	if (!loopback_read(fd, prefix, sizeof(prefix)))
		return 0;
	len = (size_t)prefix[0] << 8 | prefix[1];
	if (!loopback_read(fd, whole, len))
		return 0;
	memcpy(octets, whole, len < size ? len : size);
	return len;
}

bool loopback_is_closed(int fd)
{
	uint8_t octet;
	ssize_t got = recv(fd, &octet, 1, 0);

	return got == 0 || (got < 0 && errno == ECONNRESET);
}

size_t loopback_query(uint8_t *out, uint16_t id, const char *name,
		      uint16_t type)
{
	size_t at = 12;

	memset(out, 0, 12);
	out[0] = (uint8_t)(id >> 8);
	out[1] = (uint8_t)id;
	out[5] = 1; /* QDCOUNT */
	while (*name != '\0') {
		size_t label = strcspn(name, ".");

		out[at++] = (uint8_t)label;
		memcpy(out + at, name, label);
		at += label;
		name += label + (name[label] == '.');
	}
	out[at++] = 0;
	out[at++] = (uint8_t)(type >> 8);
	out[at++] = (uint8_t)type;
	out[at++] = 0;
	out[at++] = 1; /* IN */
	return at;
}

const char *loopback_read_all(struct event_base *loop, int fd, char *text,
			      size_t size)
{
	int64_t until_ms = clock_now_ms() + LOOPBACK_PATIENCE_MS;
	size_t len = 0;

	for (;;) {
		ssize_t got =
			recv(fd, text + len, size - 1 - len, MSG_DONTWAIT);

		if (got > 0)
			len += (size_t)got;
		else if (got == 0 || errno != EAGAIN)
			break;
		event_base_loop(loop, EVLOOP_NONBLOCK);
		assert_true(clock_now_ms() < until_ms);
	}
	text[len] = '\0';
	close(fd);
	return text;
}
