/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_udp_echo -- the floor: what the kernel takes for a datagram in and one
 * out, with no DNS between.
 *
 *   bench_udp_echo [--address A] [--port N] [--answer-octets N]
 *                  [--workers N]
 *
 * The loop, the batch and the socket buffer are those of dns/udp; an answer is
 * the query with QR set, cut or filled up to --answer-octets, so that as much
 * is copied as a server would.  Ends by SIGTERM.
 */
#include "policy/base/error.h"
#include "policy/base/net.h"
#include "policy/base/option.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ECHO_BATCH = 64,
	ECHO_QUERY_MAX = 4096,
	ECHO_ANSWER_MAX = 1232,
	ECHO_BUFFER_OCTETS = 4 << 20,
	ECHO_WORKERS_MAX = 64,
};

struct settings {
	const char *address;
	unsigned port, answer_octets, workers;
};

struct exchange {
	_Alignas(64) uint8_t query[ECHO_QUERY_MAX + 64];
	uint8_t answer[ECHO_ANSWER_MAX + 48];
	struct sockaddr_storage from;
	struct iovec query_iov, answer_iov;
};

struct worker {
	int fd;
	unsigned answer_octets; /* 0: as many as were asked */
	struct mmsghdr received[ECHO_BATCH], answers[ECHO_BATCH];
	struct exchange exchanges[ECHO_BATCH];
};

static int open_socket(const struct net_addr *addr, unsigned port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port) };
	bool is_v4 = addr->family == NET_V4;
	int octets = ECHO_BUFFER_OCTETS, one = 1;
	int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	memcpy(&v4.sin_addr, addr->octets, 4);
	memcpy(&v6.sin6_addr, addr->octets, 16);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets,
		       sizeof(octets)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets,
				 sizeof(octets));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets,
		       sizeof(octets)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets,
				 sizeof(octets));
	if (bind(fd, is_v4 ? (void *)&v4 : (void *)&v6,
		 is_v4 ? sizeof(v4) : sizeof(v6)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void arm(struct worker *w)
{
	for (size_t i = 0; i < ECHO_BATCH; i++) {
		struct exchange *e = &w->exchanges[i];

		w->received[i].msg_hdr = (struct msghdr){
			.msg_name = &e->from,
			.msg_namelen = sizeof(e->from),
			.msg_iov = &e->query_iov,
			.msg_iovlen = 1,
		};
	}
}

static void answer_one(struct worker *w, size_t i)
{
	struct exchange *e = &w->exchanges[i];
	size_t len = w->received[i].msg_len;

	if (len > ECHO_ANSWER_MAX)
		len = ECHO_ANSWER_MAX;
	memcpy(e->answer, e->query, len);
	e->answer[2] |= 0x80; /* QR */
	e->answer_iov.iov_len = w->answer_octets > 0 ? w->answer_octets : len;
	w->answers[i].msg_hdr = (struct msghdr){
		.msg_name = &e->from,
		.msg_namelen = w->received[i].msg_hdr.msg_namelen,
		.msg_iov = &e->answer_iov,
		.msg_iovlen = 1,
	};
}

static void send_all(struct worker *w, size_t count)
{
	size_t at = 0;

	while (at < count) {
		int sent = sendmmsg(w->fd, w->answers + at,
				    (unsigned)(count - at), 0);

		if (sent > 0)
			at += (size_t)sent;
		else if (sent < 0 && errno != EINTR)
			at++;
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		int got;

		arm(w);
		got = recvmmsg(w->fd, w->received, ECHO_BATCH, MSG_WAITFORONE,
			       NULL);
		for (int i = 0; i < got; i++)
			answer_one(w, (size_t)i);
		if (got > 0)
			send_all(w, (size_t)got);
	}
	return NULL;
}

static struct worker *worker_new(const struct settings *s, int fd)
{
	struct worker *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);

	if (w == NULL)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	w->answer_octets = s->answer_octets;
	for (size_t i = 0; i < ECHO_BATCH; i++) {
		struct exchange *e = &w->exchanges[i];

		e->query_iov = (struct iovec){ e->query, ECHO_QUERY_MAX };
		e->answer_iov = (struct iovec){ e->answer, 0 };
	}
	return w;
}

/* Comes back on failure, with what went wrong. */
static const char *serve(const struct settings *s, const struct net_addr *addr)
{
	struct worker *workers[ECHO_WORKERS_MAX] = { NULL };
	pthread_t thread;

	for (unsigned i = 0; i < s->workers; i++) {
		int fd = open_socket(addr, s->port);

		if (fd < 0)
			return strerror(errno);
		workers[i] = worker_new(s, fd);
		if (workers[i] == NULL)
			return "out of memory";
	}
	for (unsigned i = 1; i < s->workers; i++)
		if (pthread_create(&thread, NULL, run, workers[i]) != 0)
			return "no more threads";
	if (workers[0] != NULL)
		run(workers[0]);
	return "no workers";
}

int main(int argc, char **argv)
{
	struct settings s = { .address = "127.0.0.1",
			      .port = 5300,
			      .workers = 1 };
	const struct option_row rows[] = {
		{ "address", OPTION_TEXT, &s.address, "ADDR",
		  "listen here (default 127.0.0.1)", 0, 0 },
		{ "port", OPTION_NUMBER, &s.port, "N",
		  "and on this port (default 5300)", 1, 65535 },
		{ "answer-octets", OPTION_NUMBER, &s.answer_octets, "N",
		  "in an answer (default as many as were asked)", 12,
		  ECHO_ANSWER_MAX },
		{ "workers", OPTION_NUMBER, &s.workers, "N",
		  "threads, each with a socket (default 1)", 1,
		  ECHO_WORKERS_MAX },
	};
	size_t row_count = sizeof(rows) / sizeof(rows[0]);
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	struct error err = { 0 };
	struct net_addr addr;
	int left = option_parse(rows, row_count, argc, argv, operands, &err);
	const char *trouble = left != 0 ? err.text : "no such address";

	free(operands);
	if (left == 0 && net_addr_parse(s.address, &addr))
		trouble = serve(&s, &addr);
	fprintf(stderr, "bench_udp_echo: %s\n", trouble);
	option_print(rows, row_count, stderr);
	return 1;
}
