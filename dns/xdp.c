/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/xdp.h"

#include "dns/answer.h"
#include "dns/nic.h"
#include "dns/slot.h"
#include "dns/stats.h"
#include "dns/xdp_batch.h"
#include "dns/xdp_filter.h"
#include "dns/xdp_place.h"
#include "dns/xdp_socket.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/thread.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/eventfd.h>
#include <unistd.h>

enum {
	BATCH = 64,
	DRAIN_MS = 1000, /* at most, when stopping under load */
	RETRY_MS = 20,   /* between looks at what another holds */
	CLAIM_MS = 2000, /* a socket that was closed is not free at once */
	MTU_MIN = FRAME_V6_HEADERS + ANSWER_CAP_MIN, /* 560 */
};

/* An interface, and the program on it. */
struct face {
	struct nic nic;
	struct xdp_filter *filter;
	pthread_mutex_t lock; /* of what follows; a thread may be attaching
			       * while others are ended */
	bool attached, ended;
};

/* One of its queues, and the thread that serves it. */
struct queue {
	struct xdp *xdp;
	struct face *face;
	unsigned number; /* the first attaches the program */
	struct xdp_socket socket;
	bool bound, claimed;
	bool running;
	pthread_t thread;
	struct xdp_batch batch;
};

struct xdp {
	const struct proxy_sources *proxies; /* borrowed */
	struct rrl *rrl;                     /* borrowed */
	bool waits;
	struct face *faces;
	size_t face_count;
	struct queue *queues;
	size_t queue_count;
	int stop_fd; /* readable from when threads shall end */
	atomic_bool stopping;
};

/* Until frames come, or the end; no longer than limit_ms, which may be -1. */
static void wait_for_work(const struct queue *q, int limit_ms)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	struct pollfd fds[] = {
		{ .fd = q->xdp->stop_fd, .events = POLLIN },
		{ .fd = q->bound ? q->socket.fd : -1, .events = POLLIN },
	};

	/* An interface that is gone stays an error: do not spin on it. */
	if (poll(fds, 2, limit_ms) > 0 &&
	    (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
		nanosleep(&pause, NULL);
}

static void drain(struct queue *q)
{
	int64_t until_ms = clock_now_ms() + DRAIN_MS;

	while (clock_now_ms() < until_ms) {
		size_t count = xdp_socket_count(&q->socket, BATCH);

		if (count == 0)
			return;
		xdp_batch_answer(&q->batch, count);
	}
}

/* False with errno set. */
static bool attach(struct face *face)
{
	bool attached;

	pthread_mutex_lock(&face->lock);
	errno = EBUSY; /* for who comes when it has ended */
	if (!face->attached && !face->ended)
		face->attached = xdp_filter_attach(face->filter);
	attached = face->attached;
	pthread_mutex_unlock(&face->lock);
	return attached;
}

static void detach(struct face *face)
{
	pthread_mutex_lock(&face->lock);
	face->ended = true;
	if (face->attached)
		xdp_filter_detach(face->filter);
	face->attached = false;
	pthread_mutex_unlock(&face->lock);
}

/* A queue has a socket; an interface, or one on top of it, a program. */
static bool is_held(int error)
{
	return error == EBUSY || error == EEXIST;
}

/* As far as that is not done yet.  False with errno set. */
static bool claim(struct queue *q)
{
	if (!q->bound)
		q->bound = xdp_socket_bind(&q->socket, q->face->nic.index,
					   q->number);
	q->claimed = q->bound &&
		     xdp_filter_add(q->face->filter, q->number, q->socket.fd) &&
		     (q->number != 0 || attach(q->face));
	return q->claimed;
}

static bool is_stopping(const struct queue *q)
{
	return atomic_load_explicit(&q->xdp->stopping, memory_order_acquire);
}

static void log_taken(const struct queue *q)
{
	log_event(LOG_LEVEL_INFO, "dns", "xdp",
		  "interface=%s queue=%u state=taken", q->face->nic.name,
		  q->number);
}

/* Until the one before lets go, or the end. */
static void wait_for_queue(struct queue *q)
{
	char quoted[128];

	while (!is_stopping(q) && !claim(q)) {
		if (!is_held(errno)) {
			log_event(LOG_LEVEL_WARN, "dns", "xdp",
				  "interface=%s queue=%u state=failed error=%s "
				  "hint=\"sockets answer\"",
				  q->face->nic.name, q->number,
				  log_quote(strerror(errno), quoted,
					    sizeof(quoted)));
			return;
		}
		wait_for_work(q, RETRY_MS);
	}
	if (q->claimed)
		log_taken(q);
}

static void *run(void *arg)
{
	struct queue *q = arg;

	q->batch.answerer.tap = tap_queue(q->batch.answerer.slot->tap);
	slot_register();
	slot_offline(); /* online only while a batch is answered */
	if (!q->claimed)
		wait_for_queue(q);
	while (!is_stopping(q)) {
		size_t count = xdp_socket_count(&q->socket, BATCH);

		if (count > 0)
			xdp_batch_answer(&q->batch, count);
		else
			wait_for_work(q, -1);
	}
	if (q->claimed)
		drain(q);
	slot_unregister();
	return NULL;
}

/* Answers would lose tags that we never see. */
static bool is_fit(const struct nic *nic, struct error *err)
{
	if (nic->mtu < MTU_MIN)
		error_set(err,
			  "interface \"%s\": an MTU of %zu is too small for "
			  "--xdp; %d is the least",
			  nic->name, nic->mtu, MTU_MIN);
	else if (nic->takes_tags && nic->has_vlans)
		error_set(err,
			  "interface \"%s\" takes VLAN tags off before --xdp "
			  "sees them; it has VLANs, so turn that off: "
			  "ethtool -K %s rxvlan off",
			  nic->name, nic->name);
	else
		return true;
	return false;
}

static bool is_first(const struct xdp *xdp, const struct nic *nic,
		     struct error *err)
{
	for (size_t i = 0; i < xdp->face_count; i++)
		if (xdp->faces[i].nic.index == nic->index) {
			error_set(err, "interface \"%s\": --xdp names it twice",
				  nic->name);
			return false;
		}
	return true;
}

static bool read_nics(struct xdp *xdp, const struct xdp_config *config,
		      struct error *err)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		struct face *face = &xdp->faces[i];

		if (!nic_read(config->interfaces[i], &face->nic, err) ||
		    !is_fit(&face->nic, err) || !is_first(xdp, &face->nic, err))
			return false;
		if (face->nic.queues > XDP_QUEUES_MAX)
			face->nic.queues = XDP_QUEUES_MAX;
		pthread_mutex_init(&face->lock, NULL);
		xdp->face_count++;
		xdp->queue_count += face->nic.queues;
	}
	return true;
}

static bool open_face(struct face *face, const struct xdp_config *config,
		      struct error *err)
{
	face->filter = xdp_filter_open(&face->nic, config->listeners, err);
	return face->filter != NULL;
}

static bool open_queues(struct xdp *xdp, const struct xdp_config *config,
			struct error *err)
{
	struct queue *q = xdp->queues;

	for (size_t i = 0; i < xdp->queue_count; i++) {
		q[i] = (struct queue){ .xdp = xdp };
		xdp_socket_init(&q[i].socket);
	}
	for (size_t f = 0; f < xdp->face_count; f++) {
		struct face *face = &xdp->faces[f];

		if (!open_face(face, config, err))
			return false;
		for (unsigned n = 0; n < face->nic.queues; n++, q++) {
			q->face = face;
			q->number = n;
			if (!xdp_batch_init(&q->batch, &q->socket,
					    face->nic.mtu, err) ||
			    !xdp_socket_open(&q->socket, err))
				return false;
		}
	}
	return true;
}

static bool open_all(struct xdp *xdp, const struct xdp_config *config,
		     struct error *err)
{
	xdp->faces = calloc(config->interface_count, sizeof(*xdp->faces));
	xdp->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (xdp->faces == NULL || xdp->stop_fd < 0) {
		error_set(err, "cannot begin with XDP: %s", strerror(errno));
		return false;
	}
	if (!read_nics(xdp, config, err))
		return false;
	xdp->queues = calloc(xdp->queue_count, sizeof(*xdp->queues));
	if (xdp->queues == NULL) {
		xdp->queue_count = 0;
		error_set(err, "out of memory for XDP");
		return false;
	}
	return open_queues(xdp, config, err);
}

struct xdp *xdp_open(const struct xdp_config *config, struct error *err)
{
	struct xdp *xdp = calloc(1, sizeof(*xdp));

	if (xdp == NULL) {
		error_set(err, "out of memory for XDP");
		return NULL;
	}
	xdp->proxies = config->proxies;
	xdp->rrl = config->rrl;
	xdp->waits = config->waits;
	xdp->stop_fd = -1;
	if (open_all(xdp, config, err))
		return xdp;
	xdp_free(xdp);
	return NULL;
}

size_t xdp_thread_count(const struct xdp *xdp)
{
	return xdp == NULL ? 0 : xdp->queue_count;
}

/* Without a wait, one that was just left is given time to become free. */
static bool claim_first(struct queue *q, struct error *err)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000 * 1000 };
	int64_t until_ms = clock_now_ms() + (q->xdp->waits ? 0 : CLAIM_MS);
	const struct nic *nic = &q->face->nic;
	int error = 0;

	while (!claim(q)) {
		error = errno;
		if (!is_held(error) || clock_now_ms() >= until_ms)
			break;
		nanosleep(&pause, NULL);
	}
	if (q->claimed) {
		log_taken(q);
	} else if (is_held(error) && q->xdp->waits) {
		log_event(LOG_LEVEL_INFO, "dns", "xdp",
			  "interface=%s queue=%u state=waiting "
			  "hint=\"sockets answer until it is free\"",
			  nic->name, q->number);
	} else {
		error_set(err,
			  "cannot take queue %u of interface \"%s\" by "
			  "XDP: %s%s",
			  q->number, nic->name, strerror(error),
			  is_held(error) ? "; another program has it" : "");
		return false;
	}
	return true;
}

bool xdp_start(struct xdp *xdp, const struct slot *slot, struct stats *stats,
	       size_t first, struct error *err)
{
	for (size_t i = 0; i < xdp_thread_count(xdp); i++) {
		struct queue *q = &xdp->queues[i];

		q->batch.answerer.slot = slot;
		q->batch.answerer.proxies = xdp->proxies;
		q->batch.answerer.rrl = xdp->rrl;
		q->batch.answerer.stats = stats_block(stats, first + i);
		if (!claim_first(q, err) ||
		    !thread_start(&q->thread, "windrose-xdp", run, q, err))
			return false;
		q->running = true;
	}
	return true;
}

uint64_t xdp_lost(const struct xdp *xdp)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < xdp_thread_count(xdp); i++)
		lost += xdp_socket_lost(&xdp->queues[i].socket);
	return lost;
}

/* First no more frames come; then those that wait are the last. */
static void end_threads(struct xdp *xdp)
{
	const uint64_t one = 1;

	for (size_t f = 0; f < xdp->face_count; f++)
		detach(&xdp->faces[f]);
	atomic_store_explicit(&xdp->stopping, true, memory_order_release);
	while (xdp->stop_fd >= 0 &&
	       write(xdp->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < xdp->queue_count; i++)
		if (xdp->queues[i].running)
			pthread_join(xdp->queues[i].thread, NULL);
}

void xdp_free(struct xdp *xdp)
{
	if (xdp == NULL)
		return;
	if (xdp->queues == NULL)
		xdp->queue_count = 0;
	end_threads(xdp);
	for (size_t i = 0; i < xdp->queue_count; i++)
		xdp_socket_close(&xdp->queues[i].socket);
	for (size_t f = 0; f < xdp->face_count; f++) {
		xdp_filter_free(xdp->faces[f].filter);
		pthread_mutex_destroy(&xdp->faces[f].lock);
	}
	if (xdp->stop_fd >= 0)
		close(xdp->stop_fd);
	free(xdp->queues);
	free(xdp->faces);
	free(xdp);
}
