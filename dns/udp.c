/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/udp.h"

#include "dns/answer.h"
#include "dns/datagram.h"
#include "dns/listeners.h"
#include "dns/pktinfo.h"
#include "dns/slot.h"
#include "dns/socket.h"
#include "dns/stats.h"
#include "dns/tap.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>
#include <unistd.h>

/*
 * A cache line more than a power of two each, so that the first lines of a
 * batch's packets do not all fall into one set of the first-level cache.
 */
struct exchange {
	_Alignas(64) uint8_t query[UDP_QUERY_MAX + 64];
	uint8_t answer[ANSWER_UDP_MAX + 48];
	_Alignas(16) uint8_t control[PKTINFO_SIZE];
	struct sockaddr_storage from;
	struct iovec query_iov, answer_iov;
	struct datagram datagram;
};

/* One thread. */
struct worker {
	int fd; /* borrowed */
	bool running;
	struct tap_end local; /* what the socket is bound to */
	bool wildcard;        /* control carries which address was asked */
	atomic_bool stopping; /* asked to end */
	atomic_bool woken;    /* has seen that, and waits no more */
	pthread_t thread;
	struct datagram_answerer answerer;
	struct mmsghdr received[UDP_BATCH];
	struct mmsghdr answers[UDP_BATCH];
	struct exchange *exchanges;            /* UDP_BATCH of them */
	struct datagram *datagrams[UDP_BATCH]; /* theirs */
};

struct udp {
	const struct proxy_sources *proxies; /* borrowed */
	struct worker *workers;
	size_t count;
};

/* recvmmsg wrote lengths and flags of the first count. */
static void arm(struct worker *w, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct msghdr *in = &w->received[i].msg_hdr;

		in->msg_namelen = sizeof(w->exchanges[i].from);
		in->msg_controllen = w->wildcard ? PKTINFO_SIZE : 0;
		in->msg_flags = 0;
	}
}

/* What the datagram of the i-th exchange has come with. */
static void read_datagram(struct worker *w, size_t i)
{
	struct exchange *e = &w->exchanges[i];
	const struct sockaddr *from = (const struct sockaddr *)&e->from;
	struct datagram *d = &e->datagram;

	d->len = w->received[i].msg_len;
	d->peer = socket_peer(from);
	if (datagram_wants_ends(&w->answerer)) {
		d->port = socket_port(from);
		d->server.addr =
			pktinfo_asked(&w->received[i].msg_hdr, &w->local.addr);
		d->server.port = w->local.port;
	}
}

/* answers[at] is to be the answer to the i-th received. */
static void prepare(struct worker *w, size_t i, size_t at)
{
	struct exchange *e = &w->exchanges[i];
	struct msghdr *in = &w->received[i].msg_hdr;
	struct msghdr *out = &w->answers[at].msg_hdr;

	e->answer_iov.iov_len = e->datagram.answer_len;
	out->msg_name = &e->from;
	out->msg_namelen = in->msg_namelen;
	out->msg_iov = &e->answer_iov;
	if (w->wildcard) {
		pktinfo_turn(in);
		out->msg_control =
			in->msg_controllen > 0 ? in->msg_control : NULL;
		out->msg_controllen = in->msg_controllen;
	}
}

/* One that the kernel refuses is left out; those behind it still go. */
static void send_all(struct worker *w, size_t count)
{
	size_t at = 0;

	while (at < count) {
		int sent = sendmmsg(w->fd, w->answers + at,
				    (unsigned)(count - at), 0);

		if (sent > 0) {
			at += (size_t)sent;
		} else if (sent < 0 && errno != EINTR) {
			stats_count_event(w->answerer.stats, STATS_UNSENT, 1);
			at++;
		}
	}
}

/* A full socket must not hold up a reload: the batch ends before sending. */
static void answer_batch(struct worker *w, size_t count)
{
	size_t answers = 0;

	for (size_t i = 0; i < count; i++)
		read_datagram(w, i);
	datagram_begin(&w->answerer);
	datagram_answer(&w->answerer, w->datagrams, count);
	datagram_end(&w->answerer);
	for (size_t i = 0; i < count; i++)
		if (w->datagrams[i]->answer_len > 0)
			prepare(w, i, answers++);
	send_all(w, answers);
	arm(w, count);
}

/* An error that is not the traffic's: it may last, so do not spin on
 * it. */
static void pause_after(int error)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char quoted[128];

	log_event(LOG_LEVEL_WARN, "dns", "receive", "error=%s",
		  log_quote(strerror(error), quoted, sizeof(quoted)));
	nanosleep(&pause, NULL);
}

/* How many arrived; 0 for none. */
static size_t receive(struct worker *w, int flags)
{
	int got = recvmmsg(w->fd, w->received, UDP_BATCH, flags, NULL);
	if (got < 0 && errno != EINTR && errno != EAGAIN)
		pause_after(errno);
	return got < 0 ? 0 : (size_t)got;
}

static void drain(struct worker *w)
{
	int64_t until_ms = clock_now_ms() + UDP_DRAIN_MS;

	while (clock_now_ms() < until_ms) {
		size_t count = receive(w, MSG_DONTWAIT);

		answer_batch(w, count);
		if (count == 0)
			return;
	}
}

/* Nothing to do: that it arrives is what ends a recvmmsg. */
static void on_wake(int signal)
{
	(void)signal;
}

/* All others stay blocked, as thread_start() left them. */
static void let_wake(void)
{
	sigset_t wake;

	sigemptyset(&wake);
	sigaddset(&wake, UDP_WAKE_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &wake, NULL);
}

static void *run(void *arg)
{
	struct worker *w = arg;

	let_wake();
	w->answerer.tap = tap_queue(w->answerer.slot->tap);
	slot_register();
	slot_offline(); /* online only while a batch is answered */
	while (!atomic_load_explicit(&w->stopping, memory_order_acquire))
		answer_batch(w, receive(w, MSG_WAITFORONE));
	atomic_store_explicit(&w->woken, true, memory_order_release);
	drain(w);
	slot_unregister();
	return NULL;
}

static bool worker_open(struct worker *w, const struct listener *at,
			struct error *err)
{
	w->fd = at->fd;
	w->wildcard = at->at.wildcard;
	w->local.addr = socket_peer((const struct sockaddr *)&at->at.addr);
	w->local.port = socket_port((const struct sockaddr *)&at->at.addr);
	w->exchanges = aligned_alloc(64, UDP_BATCH * sizeof(*w->exchanges));
	if (w->exchanges == NULL) {
		error_set(err, "out of memory for UDP");
		return false;
	}
	memset(w->exchanges, 0, UDP_BATCH * sizeof(*w->exchanges));
	for (size_t i = 0; i < UDP_BATCH; i++) {
		struct exchange *e = &w->exchanges[i];

		e->datagram = (struct datagram){
			.query = e->query,
			.answer = e->answer,
			.cap = ANSWER_UDP_MAX,
		};
		w->datagrams[i] = &e->datagram;
		e->query_iov = (struct iovec){ e->query, UDP_QUERY_MAX };
		e->answer_iov = (struct iovec){ e->answer, 0 };
		w->received[i].msg_hdr = (struct msghdr){
			.msg_name = &e->from,
			.msg_iov = &e->query_iov,
			.msg_iovlen = 1,
			.msg_control = w->wildcard ? e->control : NULL,
		};
		w->answers[i].msg_hdr.msg_iovlen = 1;
	}
	arm(w, UDP_BATCH);
	return datagram_answerer_init(&w->answerer, err);
}

/* One thread more, on a socket that others may read, too. */
static bool add_worker(struct udp *udp, const struct listener *at,
		       struct error *err)
{
	struct worker *workers =
		realloc(udp->workers, (udp->count + 1) * sizeof(*workers));

	if (workers == NULL) {
		error_set(err, "out of memory for UDP");
		return false;
	}
	udp->workers = workers;
	workers[udp->count] = (struct worker){ .fd = -1 };
	return worker_open(&workers[udp->count++], at, err);
}

/*
 * The sockets of one address stand side by side; each has a thread, and
 * when there are fewer sockets than threads, some have more than one.
 */
static bool add_workers(struct udp *udp, const struct listeners *all,
			unsigned threads, struct error *err)
{
	const struct listener *list = all->list;
	size_t end;

	for (size_t begin = 0; begin < all->count; begin = end) {
		size_t sockets;

		for (end = begin + 1; end < all->count; end++)
			if (!listener_same_place(&list[begin], &list[end]))
				break;
		sockets = end - begin;
		if (list[begin].kind != LISTENER_UDP)
			continue;
		for (size_t i = 0; i < sockets || i < threads; i++)
			if (!add_worker(udp, &list[begin + i % sockets], err))
				return false;
	}
	return true;
}

struct udp *udp_open(const struct listeners *all, unsigned threads,
		     const struct proxy_sources *proxies, struct error *err)
{
	struct udp *udp = calloc(1, sizeof(*udp));

	if (udp == NULL) {
		error_set(err, "out of memory for UDP");
		return NULL;
	}
	udp->proxies = proxies;
	if (add_workers(udp, all, threads, err))
		return udp;
	udp_free(udp);
	return NULL;
}

size_t udp_thread_count(const struct udp *udp)
{
	return udp->count;
}

bool udp_start(struct udp *udp, const struct slot *slot, struct stats *stats,
	       struct rrl *rrl, struct error *err)
{
	/* Without SA_RESTART: it is to be noticed. */
	const struct sigaction wake = { .sa_handler = on_wake };

	sigaction(UDP_WAKE_SIGNAL, &wake, NULL);
	for (size_t i = 0; i < udp->count; i++) {
		struct worker *w = &udp->workers[i];

		w->answerer.slot = slot;
		w->answerer.proxies = udp->proxies;
		w->answerer.stats = stats_block(stats, i);
		w->answerer.rrl = rrl;
		if (!thread_start(&w->thread, "windrose-udp", run, w, err))
			return false;
		w->running = true;
	}
	return true;
}

/*
 * A signal before the thread waits is lost, so it is sent until the
 * thread has seen that it shall stop.  (shutdown(2) would wake it as
 * well, and whoever else holds the socket: a successor, a service
 * manager.)
 */
static void wake(const struct worker *w)
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };

	while (!atomic_load_explicit(&w->woken, memory_order_acquire)) {
		pthread_kill(w->thread, UDP_WAKE_SIGNAL);
		nanosleep(&pause, NULL);
	}
}

void udp_free(struct udp *udp)
{
	if (udp == NULL)
		return;
	for (size_t i = 0; i < udp->count; i++)
		atomic_store_explicit(&udp->workers[i].stopping, true,
				      memory_order_release);
	for (size_t i = 0; i < udp->count; i++)
		if (udp->workers[i].running)
			wake(&udp->workers[i]);
	for (size_t i = 0; i < udp->count; i++) {
		if (udp->workers[i].running)
			pthread_join(udp->workers[i].thread, NULL);
		free(udp->workers[i].exchanges);
	}
	free(udp->workers);
	free(udp);
}
