/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/tcp.h"

#include "dns/connection.h"
#include "dns/listeners.h"
#include "dns/slot.h"
#include "dns/tap.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/process.h"
#include "policy/base/thread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

const struct tcp_limits tcp_default_limits = {
	.idle_ms = 10 * 1000,
	.opening_ms = 5 * 1000,
	.unread_ms = 5 * 1000,
	.total = 4096,
	.per_client = 1024,
	.unread_octets = 128 * 1024,
};

enum { SWEEP_MAX_MS = 1000, SWEEP_MIN_MS = 10, ACCEPT_BATCH = 64 };

/* One listening socket. */
struct door {
	struct tcp *tcp;
	struct event *event;
	bool tls;
};

struct tcp {
	struct event_base *loop; /* the thread's own */
	struct connections all;
	struct tls *tls; /* borrowed; NULL: no door needs it */
	struct door *doors;
	size_t count;
	int stop_fd;           /* eventfd: written to end the loop */
	unsigned stops;        /* how often it was written, as read */
	atomic_bool finishing; /* end it patiently */
	atomic_bool over;      /* nothing is answered any more */
	struct event *stop, *sweep;
	pthread_t thread;
	bool running;
};

static struct timeval timeval_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000,
				 .tv_usec = ms % 1000 * 1000 };
}

static bool out_of_descriptors(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

/*
 * Without descriptors the idlest connection gives up its own; when there is
 * none to give, accepting rests until the next sweep: the listening socket
 * stays readable, and the loop would spin.
 */
static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct door *d = arg;

	(void)what;
	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		int taken = accept4(fd, (struct sockaddr *)&from, &len,
				    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (taken >= 0) {
			connections_add(&d->tcp->all, taken,
					(const struct sockaddr *)&from,
					d->tls ? d->tcp->tls : NULL);
			continue;
		}
		if (out_of_descriptors(errno) &&
		    !connections_drop_idlest(&d->tcp->all))
			event_del(d->event);
		return;
	}
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *tcp = arg;

	(void)fd, (void)what;
	connections_sweep(&tcp->all);
	for (size_t i = 0; i < tcp->count; i++)
		if (tcp->doors[i].event != NULL)
			event_add(tcp->doors[i].event, NULL);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *tcp = arg;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	tcp->stops += (unsigned)count; /* several may be read as one */
	event_base_loopbreak(tcp->loop);
}

/* What waits in the kernel's queue stays there for who else has the socket. */
static void close_doors(struct tcp *tcp)
{
	for (size_t i = 0; i < tcp->count; i++) {
		event_free(tcp->doors[i].event);
		tcp->doors[i].event = NULL;
	}
}

/*
 * Takes in and answers what has arrived, then waits for clients to take their
 * answers, each turn until something happens or the time is up.
 */
static void drain(struct tcp *tcp)
{
	int64_t until_ms = clock_now_ms() + TCP_DRAIN_MS;
	const struct timeval turn = timeval_of(SWEEP_MIN_MS);

	event_del(tcp->stop);
	event_base_loop(tcp->loop, EVLOOP_NONBLOCK);
	close_doors(tcp);
	event_base_loop(tcp->loop, EVLOOP_NONBLOCK);
	event_del(tcp->sweep);
	while (connections_waiting(&tcp->all) && clock_now_ms() < until_ms) {
		event_add(tcp->sweep, &turn);
		event_base_loop(tcp->loop, EVLOOP_ONCE);
	}
}

/*
 * Takes nobody in, and answers who is there until he has been quiet for a
 * while: a query that crosses the end of its connection would be lost.
 */
static void finish(struct tcp *tcp)
{
	int64_t until_ms = clock_now_ms() + TCP_FINISH_MS;
	const struct timeval turn = timeval_of(SWEEP_MIN_MS);

	close_doors(tcp);
	tcp->all.ending = true;
	if (tcp->all.limits.idle_ms > TCP_FINISH_IDLE_MS)
		tcp->all.limits.idle_ms = TCP_FINISH_IDLE_MS;
	event_del(tcp->sweep);
	event_add(tcp->sweep, &turn);
	while (tcp->all.count > 0 && clock_now_ms() < until_ms &&
	       tcp->stops < 2)
		event_base_loop(tcp->loop, EVLOOP_ONCE);
}

static void *run(void *arg)
{
	struct tcp *tcp = arg;

	tcp->all.tap = tap_queue(tcp->all.slot->tap);
	slot_register();
	slot_offline(); /* online only while a connection is served */
	event_base_dispatch(tcp->loop);
	if (atomic_load_explicit(&tcp->finishing, memory_order_acquire))
		finish(tcp);
	else
		drain(tcp);
	connections_fini(&tcp->all);
	slot_unregister();
	atomic_store_explicit(&tcp->over, true, memory_order_release);
	return NULL;
}

static bool open_doors(struct tcp *tcp, const struct listeners *all,
		       struct error *err)
{
	for (size_t i = 0; i < all->count; i++) {
		struct door *d = &tcp->doors[tcp->count];

		if (all->list[i].kind == LISTENER_UDP)
			continue;
		d->tls = all->list[i].kind == LISTENER_DOT;
		d->tcp = tcp;
		d->event = event_new(tcp->loop, all->list[i].fd,
				     EV_READ | EV_PERSIST, on_accept, d);
		if (d->event == NULL) {
			error_set(err, "out of memory for TCP");
			return false;
		}
		tcp->count++;
	}
	return true;
}

static bool open_loop(struct tcp *tcp)
{
	tcp->loop = event_base_new();
	tcp->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (tcp->loop == NULL || tcp->stop_fd < 0)
		return false;
	tcp->stop = event_new(tcp->loop, tcp->stop_fd, EV_READ | EV_PERSIST,
			      on_stop, tcp);
	tcp->sweep = event_new(tcp->loop, -1, EV_PERSIST, on_sweep, tcp);
	return tcp->stop != NULL && tcp->sweep != NULL;
}

struct tcp *tcp_open(const struct tcp_config *config, struct error *err)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (tcp == NULL) {
		error_set(err, "out of memory for TCP");
		return NULL;
	}
	tcp->stop_fd = -1;
	tcp->tls = config->tls;
	tcp->all.proxies = config->proxies;
	tcp->all.limits = *config->limits;
	tcp->doors = calloc(config->listeners->count + 1, sizeof(*tcp->doors));
	if (tcp->doors == NULL || !open_loop(tcp)) {
		error_set(err, "no event loop for TCP: %s", strerror(errno));
		tcp_free(tcp);
		return NULL;
	}
	if (open_doors(tcp, config->listeners, err))
		return tcp;
	tcp_free(tcp);
	return NULL;
}

static bool start_events(struct tcp *tcp)
{
	int64_t sweep_ms = tcp->all.limits.idle_ms / 8;
	struct timeval every =
		timeval_of(sweep_ms > SWEEP_MAX_MS   ? SWEEP_MAX_MS
			   : sweep_ms < SWEEP_MIN_MS ? SWEEP_MIN_MS
						     : sweep_ms);

	for (size_t i = 0; i < tcp->count; i++)
		if (event_add(tcp->doors[i].event, NULL) != 0)
			return false;
	return event_add(tcp->stop, NULL) == 0 &&
	       event_add(tcp->sweep, &every) == 0;
}

/*
 * Connections take no more than three quarters of the descriptors that are
 * left: reloads, the bus, and those who watch and command need some.
 */
static void fit_descriptors(struct tcp_limits *limits)
{
	struct process_usage usage = process_usage();
	uint64_t left = usage.max_fds > usage.open_fds
				? usage.max_fds - usage.open_fds
				: 0;
	size_t most = left < 4 ? 1 : left / 4 * 3;

	if (limits->total <= most)
		return;
	log_event(
		LOG_LEVEL_WARN, "dns", "tcp-clients",
		"wanted=%zu most=%zu hint=\"the limit of open files is %" PRIu64
		"\"",
		limits->total, most, usage.max_fds);
	limits->total = most;
}

bool tcp_start(struct tcp *tcp, const struct slot *slot,
	       struct stats_block *stats, struct error *err)
{
	tcp->all.loop = tcp->loop;
	tcp->all.slot = slot;
	tcp->all.stats = stats;
	fit_descriptors(&tcp->all.limits);
	if (!connections_init(&tcp->all) || !start_events(tcp)) {
		error_set(err, "cannot start TCP: %s", strerror(errno));
		connections_fini(&tcp->all);
		return false;
	}
	tcp->running =
		thread_start(&tcp->thread, "windrose-tcp", run, tcp, err);
	if (!tcp->running)
		connections_fini(&tcp->all);
	return tcp->running;
}

static void ask_to_stop(const struct tcp *tcp)
{
	const uint64_t one = 1;

	while (write(tcp->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

void tcp_finish(struct tcp *tcp)
{
	atomic_store_explicit(&tcp->finishing, true, memory_order_release);
	ask_to_stop(tcp);
}

bool tcp_is_over(const struct tcp *tcp)
{
	return atomic_load_explicit(&tcp->over, memory_order_acquire);
}

void tcp_free(struct tcp *tcp)
{
	if (tcp == NULL)
		return;
	if (tcp->running) {
		ask_to_stop(tcp);
		pthread_join(tcp->thread, NULL);
	}
	for (size_t i = 0; i < tcp->count; i++)
		if (tcp->doors[i].event != NULL)
			event_free(tcp->doors[i].event);
	if (tcp->stop != NULL)
		event_free(tcp->stop);
	if (tcp->sweep != NULL)
		event_free(tcp->sweep);
	if (tcp->loop != NULL)
		event_base_free(tcp->loop);
	if (tcp->stop_fd >= 0)
		close(tcp->stop_fd);
	free(tcp->doors);
	free(tcp);
}
