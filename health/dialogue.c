/* SPDX-License-Identifier: Apache-2.0 */
#include "health/dialogue.h"

#include "health/address.h"
#include "health/exchange.h"
#include "health/question.h"
#include "policy/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/util.h>

enum {
	PREFIX_OCTETS = 2,
	FRAME_MAX = PREFIX_OCTETS + UINT16_MAX,
	DATAGRAM_MAX = 4096,
};

static_assert((int)EXCHANGE_ANSWER_MAX <= (int)FRAME_MAX,
	      "a frame has room for all that is read");

struct dialogue {
	struct probe probe; /* first */
	struct event_base *loop;
	struct dialogue_plan plan; /* but for its query */
	struct event *readable, *deadline;
	int fd;    /* -1: none could be had */
	int error; /* errno of an attempt that failed at once, else 0 */
	unsigned strangers;
	uint8_t query[PREFIX_OCTETS + QUESTION_OCTETS_MAX]; /* as by TCP */
	struct probe *exchange; /* by TCP; NULL: not, or it has ended */
	uint8_t *frame;         /* its answer, FRAME_MAX octets; owned */
	size_t frame_octets;
	int64_t start_ns;
	struct observation seen;
};

static void destroy(struct dialogue *p)
{
	probe_cancel(p->exchange);
	if (p->readable != NULL)
		event_free(p->readable);
	if (p->deadline != NULL)
		event_free(p->deadline);
	if (p->fd >= 0)
		close(p->fd);
	free(p->frame);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct dialogue *)probe);
}

static float since_start_ms(const struct dialogue *p)
{
	return (float)(clock_now_ns() - p->start_ns) / 1e6f;
}

static void finish(struct dialogue *p, enum outcome outcome)
{
	struct observation seen = p->seen;
	probe_done *done = p->plan.done;
	void *arg = p->plan.arg;

	seen.outcome = outcome;
	seen.total_ms = since_start_ms(p);
	if (outcome == OUTCOME_OK)
		seen.latency_ms = seen.first_byte_ms;
	destroy(p);
	done(arg, &seen);
}

/* The octets of one message by TCP, RFC 1035, 4.2.2; 0: not all are there. */
static size_t framed(const struct dialogue *p)
{
	size_t len;

	if (p->frame_octets < PREFIX_OCTETS)
		return 0;
	len = (size_t)p->frame[0] << 8 | p->frame[1];
	return p->frame_octets >= PREFIX_OCTETS + len ? len : 0;
}

static enum outcome take(void *arg, const void *octets, size_t len)
{
	struct dialogue *p = arg;
	struct reply reply;

	if (len == 0)
		return OUTCOME_CLOSED;
	memcpy(p->frame + p->frame_octets, octets, len);
	p->frame_octets += len;
	len = framed(p);
	if (len == 0)
		return OUTCOME_UNKNOWN;
	reply = p->plan.read(p->plan.arg, p->frame + PREFIX_OCTETS, len);
	p->seen.status = reply.rcode;
	/* Here nobody else can speak, and there is no more to come. */
	return reply.outcome == OUTCOME_UNKNOWN ? OUTCOME_PROTOCOL
						: reply.outcome;
}

static void on_exchanged(void *arg, const struct observation *seen)
{
	struct dialogue *p = arg;

	p->exchange = NULL;
	if (p->seen.first_byte_ms <= 0)
		p->seen.first_byte_ms = seen->first_byte_ms;
	p->seen.connect_ms = seen->connect_ms;
	finish(p, seen->outcome);
}

/* Within what is left of the time: the deadline stays. */
static void ask_by_tcp(struct dialogue *p)
{
	const struct exchange_plan plan = {
		.addr = p->plan.addr,
		.port = p->plan.port,
		.timeout_ms = p->plan.timeout_ms,
		.send = p->query,
		.send_octets = PREFIX_OCTETS + p->plan.query_octets,
		.take = take,
		.done = on_exchanged,
		.arg = p,
	};

	event_del(p->readable);
	p->frame = malloc(FRAME_MAX);
	if (p->frame != NULL)
		p->exchange = exchange_start(p->loop, &plan);
	if (p->exchange == NULL)
		finish(p, OUTCOME_LOCAL);
}

static void on_datagram(struct dialogue *p, const uint8_t *octets, size_t len)
{
	struct reply reply = p->plan.read(p->plan.arg, octets, len);

	if (reply.truncated || reply.outcome != OUTCOME_UNKNOWN)
		p->seen.first_byte_ms = since_start_ms(p);
	if (reply.truncated) {
		ask_by_tcp(p);
	} else if (reply.outcome != OUTCOME_UNKNOWN) {
		p->seen.status = reply.rcode;
		finish(p, reply.outcome);
	} else if (++p->strangers == DIALOGUE_STRANGERS_MAX) {
		finish(p, OUTCOME_PROTOCOL);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dialogue *p = arg;
	uint8_t octets[DATAGRAM_MAX];
	ssize_t n;

	(void)what;
	if (p->plan.by_tcp) {
		ask_by_tcp(p);
		return;
	}
	if (p->error != 0) {
		finish(p, outcome_of_errno(p->error));
		return;
	}
	n = recv(fd, octets, sizeof(octets), 0);
	if (n >= 0)
		on_datagram(p, octets, (size_t)n);
	else if (errno != EAGAIN)
		finish(p, outcome_of_errno(errno));
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	finish(arg, OUTCOME_TIMEOUT);
}

/* Connected, so that no other address is heard, and refusals are. */
static void ask_by_udp(struct dialogue *p)
{
	struct sockaddr_storage to;
	socklen_t len = address_fill(&p->plan.addr, p->plan.port, &to);

	p->fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       IPPROTO_UDP);
	if (p->fd < 0 ||
	    connect(p->fd, (const struct sockaddr *)&to, len) < 0 ||
	    send(p->fd, p->query + PREFIX_OCTETS, p->plan.query_octets, 0) < 0)
		p->error = errno;
}

static bool listen_for(struct dialogue *p)
{
	int64_t timeout_ms = p->plan.timeout_ms;
	bool waits = p->error == 0 && !p->plan.by_tcp;
	const struct timeval deadline = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};

	p->readable = event_new(p->loop, waits ? p->fd : -1,
				EV_READ | EV_PERSIST, on_readable, p);
	p->deadline = evtimer_new(p->loop, on_deadline, p);
	if (p->readable == NULL || p->deadline == NULL ||
	    evtimer_add(p->deadline, &deadline) < 0)
		return false;
	if (waits)
		event_add(p->readable, NULL);
	else
		event_active(p->readable, EV_READ, 1);
	return true;
}

struct probe *dialogue_start(struct event_base *loop,
			     const struct dialogue_plan *plan)
{
	struct dialogue *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->probe.cancel = cancel;
	p->loop = loop;
	p->plan = *plan;
	p->plan.query = NULL;
	p->fd = -1;
	p->start_ns = clock_now_ns();
	p->query[0] = (uint8_t)(plan->query_octets >> 8);
	p->query[1] = (uint8_t)plan->query_octets;
	memcpy(p->query + PREFIX_OCTETS, plan->query, plan->query_octets);
	if (!plan->by_tcp)
		ask_by_udp(p);
	if (listen_for(p))
		return &p->probe;
	destroy(p);
	return NULL;
}
