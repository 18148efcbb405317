/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/carrier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWER_MAX = 1500,
	BUFFER_OCTETS = 4 << 20,
	SEGMENTS_OCTETS_MAX = 60000, /* one IPv4 datagram of them all */
};

struct carrier {
	const struct carrier_config *config;
	int *fds;    /* by lane; -1: not open */
	unsigned at; /* the lane that is read next */
	struct mmsghdr out[CARRIER_BATCH], in[CARRIER_BATCH];
	struct iovec out_iov[CARRIER_BATCH], in_iov[CARRIER_BATCH];
	uint8_t answers[CARRIER_BATCH][ANSWER_MAX + 36];
};

static void sockets_free(struct carrier *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->config->lanes && c->fds != NULL; i++)
		if (c->fds[i] >= 0)
			close(c->fds[i]);
	free(c->fds);
	free(c);
}

static int open_lane(const struct sockaddr_storage *server)
{
	int octets = BUFFER_OCTETS;
	int fd = socket(server->ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t len = server->ss_family == AF_INET
				? sizeof(struct sockaddr_in)
				: sizeof(struct sockaddr_in6);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets,
		       sizeof(octets)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets,
				 sizeof(octets));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
	if (connect(fd, (const struct sockaddr *)server, len) == 0)
		return fd;
	close(fd);
	return -1;
}

static struct carrier *sockets_open(const struct carrier_config *config)
{
	struct carrier *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->config = config;
	c->fds = calloc(config->lanes, sizeof(*c->fds));
	if (c->fds == NULL)
		goto fail;
	memset(c->fds, -1, config->lanes * sizeof(*c->fds));
	for (unsigned i = 0; i < config->lanes; i++) {
		c->fds[i] = open_lane(&config->server);
		if (c->fds[i] < 0)
			goto fail;
	}
	for (size_t i = 0; i < CARRIER_BATCH; i++) {
		c->in_iov[i] = (struct iovec){ c->answers[i], ANSWER_MAX };
		c->in[i].msg_hdr = (struct msghdr){ .msg_iov = &c->in_iov[i],
						    .msg_iovlen = 1 };
		c->out[i].msg_hdr = (struct msghdr){ .msg_iov = &c->out_iov[i],
						     .msg_iovlen = 1 };
	}
	return c;
fail:
	fprintf(stderr, "sockets to the server: %s\n", strerror(errno));
	sockets_free(c);
	return NULL;
}

static bool all_alike(const struct datagram *list, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (list[i].len != list[0].len)
			return false;
	return count > 1 && count * list[0].len <= SEGMENTS_OCTETS_MAX;
}

/* All in one call, which the kernel cuts apart where they arrive. */
static size_t send_segments(struct carrier *c, int fd, size_t len, size_t count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(uint16_t))];
	} control = { .header = { .cmsg_level = SOL_UDP,
				  .cmsg_type = UDP_SEGMENT,
				  .cmsg_len = CMSG_LEN(sizeof(uint16_t)) } };
	const struct msghdr message = {
		.msg_iov = c->out_iov,
		.msg_iovlen = count,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	uint16_t octets = (uint16_t)len;

	memcpy(CMSG_DATA(&control.header), &octets, sizeof(octets));
	return sendmsg(fd, &message, 0) < 0 ? 0 : count;
}

static size_t sockets_send(struct carrier *c, const struct datagram *list,
			   size_t count)
{
	int sent, fd = c->fds[list[0].lane];

	for (size_t i = 0; i < count; i++)
		c->out_iov[i] = (struct iovec){ list[i].octets, list[i].len };
	if (c->config->segmented && all_alike(list, count))
		return send_segments(c, fd, list[0].len, count);
	sent = sendmmsg(fd, c->out, (unsigned)count, 0);
	return sent < 0 ? 0 : (size_t)sent;
}

/* One lane after the other, whether there is something or not: asking epoll
 * costs as much as asking the socket. */
static size_t sockets_receive(struct carrier *c, struct datagram *list)
{
	unsigned lane = c->at;
	int got = recvmmsg(c->fds[lane], c->in, CARRIER_BATCH, MSG_DONTWAIT,
			   NULL);

	c->at = lane + 1 == c->config->lanes ? 0 : lane + 1;
	for (int i = 0; i < got; i++)
		list[i] = (struct datagram){ c->answers[i], c->in[i].msg_len,
					     lane };
	return got < 0 ? 0 : (size_t)got;
}

const struct carrier_kind carrier_sockets = {
	.open = sockets_open,
	.send = sockets_send,
	.receive = sockets_receive,
	.free = sockets_free,
};
