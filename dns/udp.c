/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/udp.h"

#include "dns/answer.h"
#include "dns/listeners.h"
#include "dns/pktinfo.h"
#include "dns/proxy_header.h"
#include "dns/rrl.h"
#include "dns/slot.h"
#include "dns/socket.h"
#include "dns/stats.h"
#include "dns/tap.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/base/log.h"
#include "policy/base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>
#include <sys/random.h>
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
	struct proxy_client client; /* who asks; from, if nobody else */
	struct iovec query_iov, answer_iov;
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
	const struct slot *slot;
	const struct proxy_sources *proxies;
	struct stats_block *stats;
	struct rrl *rrl;       /* all workers' */
	struct tap_queue *tap; /* NULL: nobody wants copies */
	uint64_t random;
	struct mmsghdr received[UDP_BATCH];
	struct mmsghdr answers[UDP_BATCH];
	struct exchange *exchanges; /* UDP_BATCH of them */
};

struct udp {
	const struct proxy_sources *proxies; /* borrowed */
	struct worker *workers;
	size_t count;
};

/* recvmmsg writes lengths, flags and sizes: they are set before each. */
static void arm(struct worker *w)
{
	for (size_t i = 0; i < UDP_BATCH; i++) {
		struct exchange *e = &w->exchanges[i];

		w->received[i].msg_hdr = (struct msghdr){
			.msg_name = &e->from,
			.msg_namelen = sizeof(e->from),
			.msg_iov = &e->query_iov,
			.msg_iovlen = 1,
			.msg_control = w->wildcard ? e->control : NULL,
			.msg_controllen = w->wildcard ? PKTINFO_SIZE : 0,
		};
	}
}

/* What all of a batch are answered with. */
struct batch {
	const struct table *table;
	const struct identity *identity;
	uint32_t now_s;
	uint32_t uptime_s; /* monotonic, for rates */
	int64_t wall_ns;   /* when there is a tap */
};

/* The answer to one query as the rate limit leaves it; its length, or 0. */
static size_t answer_within_rate(struct worker *w, const struct batch *batch,
				 struct answer_input *input, uint8_t *answer,
				 struct answer_outcome *outcome)
{
	size_t len = answer_query(batch->table, input, answer, ANSWER_UDP_MAX,
				  outcome);
	enum rrl_verdict verdict = RRL_SEND;

	if (w->rrl != NULL && len > 0)
		verdict = rrl_judge(w->rrl, &input->peer, outcome,
				    batch->uptime_s);
	if (verdict != RRL_SEND)
		stats_count_event(w->stats,
				  verdict == RRL_DROP ? STATS_LIMITED
						      : STATS_SLIPPED,
				  1);
	if (verdict == RRL_DROP && !rrl_only_counts(w->rrl))
		return 0;
	if (verdict == RRL_SLIP && !rrl_only_counts(w->rrl)) {
		input->turned_away = true;
		len = answer_query(batch->table, input, answer, ANSWER_UDP_MAX,
				   outcome);
	}
	stats_count(w->stats, STATS_UDP, outcome, len);
	return len;
}

/* For who collects dnstap. */
static void put_copy(struct worker *w, const struct batch *batch, size_t i,
		     const struct answer_outcome *outcome, size_t len)
{
	struct exchange *e = &w->exchanges[i];

	tap_put(w->tap,
		&(struct tap_exchange){
			.transport = STATS_UDP,
			.client = { e->client.addr, e->client.port },
			.server = { pktinfo_asked(&w->received[i].msg_hdr,
						  &w->local.addr),
				    w->local.port },
			.wall_asked_ns = batch->wall_ns,
			.query = e->query + e->client.skip,
			.query_len = w->received[i].msg_len - e->client.skip,
			.answer = e->answer,
			.answer_len = len,
			.table = batch->table,
			.zone = outcome->zone,
		});
}

/* Who asks in the i-th received; false when a proxy does not say it. */
static bool find_client(struct worker *w, size_t i)
{
	struct exchange *e = &w->exchanges[i];
	const struct sockaddr *from = (const struct sockaddr *)&e->from;

	e->client = (struct proxy_client){
		.addr = socket_peer(from),
		.port = socket_port(from),
	};
	if (proxy_unwrap(w->proxies, e->query, w->received[i].msg_len,
			 &e->client))
		return true;
	stats_count_event(w->stats, STATS_SILENT, 1);
	return false;
}

/* Answers the i-th received; true when answers[at] is to be sent. */
static bool answer_one(struct worker *w, const struct batch *batch, size_t i,
		       size_t at)
{
	struct exchange *e = &w->exchanges[i];
	struct msghdr *in = &w->received[i].msg_hdr;
	struct answer_input input = {
		.query = e->query + e->client.skip,
		.len = w->received[i].msg_len - e->client.skip,
		.peer = e->client.addr,
		.random = hash_mix(w->random += UINT64_C(0x9e3779b97f4a7c15)),
		.identity = batch->identity,
		.now_s = batch->now_s,
	};
	struct answer_outcome outcome;
	size_t len = answer_within_rate(w, batch, &input, e->answer, &outcome);

	if (w->tap != NULL)
		put_copy(w, batch, i, &outcome, len);
	if (len == 0)
		return false;
	pktinfo_turn(in);
	e->answer_iov.iov_len = len;
	w->answers[at].msg_hdr = (struct msghdr){
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
static void send_all(struct worker *w, size_t count)
{
	size_t at = 0;

	while (at < count) {
		int sent = sendmmsg(w->fd, w->answers + at,
				    (unsigned)(count - at), 0);

		if (sent > 0) {
			at += (size_t)sent;
		} else if (sent < 0 && errno != EINTR) {
			stats_count_event(w->stats, STATS_UNSENT, 1);
			at++;
		}
	}
}

/* Offline again before sending: a full socket must not hold up a reload. */
static void answer_batch(struct worker *w, size_t count)
{
	struct batch batch = {
		.now_s = clock_wall_s(),
		.uptime_s = (uint32_t)(clock_now_ms() / 1000),
	};
	size_t answers = 0;

	if (w->tap != NULL)
		batch.wall_ns = clock_wall_ns();
	slot_online();
	batch.table = slot_read(w->slot);
	batch.identity = slot_identity(w->slot);
	for (size_t i = 0; i < count; i++)
		if (find_client(w, i) && answer_one(w, &batch, i, answers))
			answers++;
	slot_offline();
	send_all(w, answers);
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
	int got;

	arm(w);
	got = recvmmsg(w->fd, w->received, UDP_BATCH, flags, NULL);
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
	w->tap = tap_queue(w->slot->tap);
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

		e->query_iov = (struct iovec){ e->query, UDP_QUERY_MAX };
		e->answer_iov = (struct iovec){ e->answer, 0 };
	}
	if (getrandom(&w->random, sizeof(w->random), 0) < 0) {
		error_set(err, "no random numbers: %s", strerror(errno));
		return false;
	}
	return true;
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

		w->slot = slot;
		w->proxies = udp->proxies;
		w->stats = stats_block(stats, i);
		w->rrl = rrl;
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
