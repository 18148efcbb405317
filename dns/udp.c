/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/udp.h"

#include "dns/answer.h"
#include "dns/slot.h"
#include "dns/socket.h"
#include "dns/stats.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/base/log.h"
#include "policy/base/thread.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>
#include <sys/random.h>
#include <unistd.h>

/* Room for one in_pktinfo or in6_pktinfo. */
enum { CONTROL_SIZE = CMSG_SPACE(sizeof(struct in6_pktinfo)) };

/*
 * A cache line more than a power of two each, so that the first lines of a
 * batch's packets do not all fall into one set of the first-level cache.
 */
struct exchange {
	_Alignas(64) uint8_t query[UDP_QUERY_MAX + 64];
	uint8_t answer[ANSWER_UDP_MAX + 48];
	_Alignas(16) uint8_t control[CONTROL_SIZE];
	struct sockaddr_storage from;
	struct iovec query_iov, answer_iov;
};

/* One thread. */
struct listener {
	int fd;
	bool running;
	bool wildcard; /* control carries which address was asked */
	atomic_bool stopping;
	pthread_t thread;
	const struct slot *slot;
	struct stats_block *stats;
	uint64_t random;
	struct mmsghdr received[UDP_BATCH];
	struct mmsghdr answers[UDP_BATCH];
	struct exchange *exchanges; /* UDP_BATCH of them */
};

struct udp {
	struct listener *listeners;
	size_t count;
};

/* recvmmsg writes lengths, flags and sizes: they are set before each. */
static void arm(struct listener *l)
{
	for (size_t i = 0; i < UDP_BATCH; i++) {
		struct exchange *e = &l->exchanges[i];

		l->received[i].msg_hdr = (struct msghdr){
			.msg_name = &e->from,
			.msg_namelen = sizeof(e->from),
			.msg_iov = &e->query_iov,
			.msg_iovlen = 1,
			.msg_control = l->wildcard ? e->control : NULL,
			.msg_controllen = l->wildcard ? CONTROL_SIZE : 0,
		};
	}
}

/*
 * What was asked becomes what answers: the kernel's note of the destination is
 * handed back as the source.  The interface is left to the routes, but for
 * link-local addresses, which mean nothing without one.
 */
static void turn_round(struct msghdr *hdr)
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

/* After shutdown(2) an empty queue gives empty messages that nobody sent. */
static bool from_nobody(const struct listener *l, size_t i)
{
	return l->received[i].msg_hdr.msg_namelen == 0;
}

/* What all of a batch are answered with. */
struct batch {
	const struct table *table;
	const struct identity *identity;
	uint32_t now_s;
};

/* Answers the i-th received; true when answers[at] is to be sent. */
static bool answer_one(struct listener *l, const struct batch *batch, size_t i,
		       size_t at)
{
	struct exchange *e = &l->exchanges[i];
	struct msghdr *in = &l->received[i].msg_hdr;
	struct answer_input input = {
		.query = e->query,
		.len = l->received[i].msg_len,
		.peer = socket_peer((const struct sockaddr *)&e->from),
		.random = hash_mix(l->random += UINT64_C(0x9e3779b97f4a7c15)),
		.identity = batch->identity,
		.now_s = batch->now_s,
	};
	struct answer_outcome outcome;
	size_t len = answer_query(batch->table, &input, e->answer,
				  ANSWER_UDP_MAX, &outcome);

	stats_count(l->stats, STATS_UDP, &outcome, len);
	if (len == 0)
		return false;
	turn_round(in);
	e->answer_iov.iov_len = len;
	l->answers[at].msg_hdr = (struct msghdr){
		.msg_name = &e->from,
		.msg_namelen = in->msg_namelen,
		.msg_iov = &e->answer_iov,
		.msg_iovlen = 1,
		.msg_control = in->msg_controllen > 0 ? in->msg_control : NULL,
		.msg_controllen = in->msg_controllen,
	};
	return true;
}

/* One that the kernel refuses is left out; those behind it still go. */
static void send_all(struct listener *l, size_t count)
{
	size_t at = 0;

	while (at < count) {
		int sent = sendmmsg(l->fd, l->answers + at,
				    (unsigned)(count - at), 0);

		if (sent > 0) {
			at += (size_t)sent;
		} else if (sent < 0 && errno != EINTR) {
			stats_count_event(l->stats, STATS_UNSENT, 1);
			at++;
		}
	}
}

/* Offline again before sending: a full socket must not hold up a reload. */
static void answer_batch(struct listener *l, size_t count)
{
	struct batch batch = { .now_s = clock_wall_s() };
	size_t answers = 0;

	slot_online();
	batch.table = slot_read(l->slot);
	batch.identity = slot_identity(l->slot);
	for (size_t i = 0; i < count; i++)
		if (!from_nobody(l, i) && answer_one(l, &batch, i, answers))
			answers++;
	slot_offline();
	send_all(l, answers);
}

/* An error that is not the traffic's: it may last, so do not spin on it. */
static void pause_after(int error)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char quoted[128];

	log_event(LOG_LEVEL_WARN, "dns", "receive", "error=%s",
		  log_quote(strerror(error), quoted, sizeof(quoted)));
	nanosleep(&pause, NULL);
}

/* How many arrived; 0 for none. */
static size_t receive(struct listener *l, int flags)
{
	int got;

	arm(l);
	got = recvmmsg(l->fd, l->received, UDP_BATCH, flags, NULL);
	if (got < 0 && errno != EINTR && errno != EAGAIN)
		pause_after(errno);
	return got < 0 ? 0 : (size_t)got;
}

static void drain(struct listener *l)
{
	int64_t until_ms = clock_now_ms() + UDP_DRAIN_MS;

	while (clock_now_ms() < until_ms) {
		size_t count = receive(l, MSG_DONTWAIT);

		answer_batch(l, count);
		if (count == 0 || from_nobody(l, count - 1))
			return;
	}
}

static void *run(void *arg)
{
	struct listener *l = arg;

	slot_register();
	slot_offline(); /* online only while a batch is answered */
	while (!atomic_load_explicit(&l->stopping, memory_order_acquire))
		answer_batch(l, receive(l, MSG_WAITFORONE));
	drain(l);
	slot_unregister();
	return NULL;
}

static bool listener_open(struct listener *l, const struct socket_address *at,
			  struct error *err)
{
	l->wildcard = at->wildcard;
	l->exchanges = aligned_alloc(64, UDP_BATCH * sizeof(*l->exchanges));
	if (l->exchanges == NULL) {
		error_set(err, "out of memory for UDP");
		return false;
	}
	memset(l->exchanges, 0, UDP_BATCH * sizeof(*l->exchanges));
	for (size_t i = 0; i < UDP_BATCH; i++) {
		struct exchange *e = &l->exchanges[i];

		e->query_iov = (struct iovec){ e->query, UDP_QUERY_MAX };
		e->answer_iov = (struct iovec){ e->answer, 0 };
	}
	if (getrandom(&l->random, sizeof(l->random), 0) < 0) {
		error_set(err, "no random numbers: %s", strerror(errno));
		return false;
	}
	l->fd = socket_open_udp(at, err);
	return l->fd >= 0;
}

struct udp *udp_open(const struct socket_address *addresses, size_t count,
		     unsigned workers, struct error *err)
{
	struct udp *udp = calloc(1, sizeof(*udp));

	assert(count > 0 && workers > 0);
	if (udp != NULL)
		udp->listeners =
			calloc(count * workers, sizeof(*udp->listeners));
	if (udp == NULL || udp->listeners == NULL) {
		error_set(err, "out of memory for UDP");
		udp_free(udp);
		return NULL;
	}
	udp->count = count * workers;
	for (size_t i = 0; i < udp->count; i++)
		udp->listeners[i].fd = -1;
	for (size_t i = 0; i < udp->count; i++)
		if (!listener_open(&udp->listeners[i], &addresses[i / workers],
				   err)) {
			udp_free(udp);
			return NULL;
		}
	return udp;
}

size_t udp_thread_count(const struct udp *udp)
{
	return udp->count;
}

bool udp_start(struct udp *udp, const struct slot *slot, struct stats *stats,
	       struct error *err)
{
	for (size_t i = 0; i < udp->count; i++) {
		struct listener *l = &udp->listeners[i];

		l->slot = slot;
		l->stats = stats_block(stats, i);
		if (!thread_start(&l->thread, "windrose-udp", run, l, err))
			return false;
		l->running = true;
	}
	return true;
}

void udp_free(struct udp *udp)
{
	if (udp == NULL)
		return;
	for (size_t i = 0; i < udp->count; i++) {
		struct listener *l = &udp->listeners[i];

		atomic_store_explicit(&l->stopping, true, memory_order_release);
		/* ENOTCONN, and yet it wakes whoever waits in recvmmsg. */
		if (l->running)
			shutdown(l->fd, SHUT_RD);
	}
	for (size_t i = 0; i < udp->count; i++) {
		struct listener *l = &udp->listeners[i];

		if (l->running)
			pthread_join(l->thread, NULL);
		if (l->fd >= 0)
			close(l->fd);
		free(l->exchanges);
	}
	free(udp->listeners);
	free(udp);
}
