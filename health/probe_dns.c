/* SPDX-License-Identifier: Apache-2.0 */
#include "health/probe_dns.h"

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

struct probe_dns {
	struct probe probe; /* first */
	const struct probe_spec *spec;
	struct event_base *loop;
	struct question question;
	struct event *readable, *deadline;
	int fd;    /* -1: none could be had */
	int error; /* errno of an attempt that failed at once, else 0 */
	unsigned strangers;
	struct probe *exchange; /* by TCP; NULL: not, or it has ended */
	uint8_t query[PREFIX_OCTETS + QUESTION_OCTETS_MAX]; /* of that */
	uint8_t *frame; /* its answer, FRAME_MAX octets; owned */
	size_t frame_octets;
	int64_t start_ns;
	struct observation seen;
	probe_done *done;
	void *arg;
};

static void destroy(struct probe_dns *p)
{
	probe_cancel(p->exchange);
	if (p->readable != NULL)
		event_free(p->readable);
	if (p->deadline != NULL)
		event_free(p->deadline);
	if (p->fd >= 0)
		close(p->fd);
	question_fini(&p->question);
	free(p->frame);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct probe_dns *)probe);
}

static float since_start_ms(const struct probe_dns *p)
{
	return (float)(clock_now_ns() - p->start_ns) / 1e6f;
}

static void finish(struct probe_dns *p, enum outcome outcome)
{
	struct observation seen = p->seen;
	probe_done *done = p->done;
	void *arg = p->arg;

	seen.outcome = outcome;
	seen.total_ms = since_start_ms(p);
	if (outcome == OUTCOME_OK)
		seen.latency_ms = seen.first_byte_ms;
	destroy(p);
	done(arg, &seen);
}

/* The octets of one message by TCP, RFC 1035, 4.2.2; 0: not all are there. */
static size_t framed(const struct probe_dns *p)
{
	size_t len;

	if (p->frame_octets < PREFIX_OCTETS)
		return 0;
	len = (size_t)p->frame[0] << 8 | p->frame[1];
	return p->frame_octets >= PREFIX_OCTETS + len ? len : 0;
}

static enum outcome take(void *arg, const void *octets, size_t len)
{
	struct probe_dns *p = arg;
	struct reply reply;

	if (len == 0)
		return OUTCOME_CLOSED;
	memcpy(p->frame + p->frame_octets, octets, len);
	p->frame_octets += len;
	len = framed(p);
	if (len == 0)
		return OUTCOME_UNKNOWN;
	reply = question_read(&p->question, p->frame + PREFIX_OCTETS, len);
	p->seen.status = reply.rcode;
	/* Here nobody else can speak, and there is no more to come. */
	return reply.outcome == OUTCOME_UNKNOWN ? OUTCOME_PROTOCOL
						: reply.outcome;
}

static void on_exchanged(void *arg, const struct observation *seen)
{
	struct probe_dns *p = arg;

	p->exchange = NULL;
	p->seen.connect_ms = seen->connect_ms;
	finish(p, seen->outcome);
}

/* Within what is left of the time: the deadline stays. */
static void ask_by_tcp(struct probe_dns *p)
{
	const struct exchange_plan plan = {
		.addr = p->spec->addr,
		.port = p->spec->port,
		.timeout_ms = p->spec->check->timeout_ms,
		.send = p->query,
		.send_octets = PREFIX_OCTETS + p->question.len,
		.take = take,
		.done = on_exchanged,
		.arg = p,
	};

	event_del(p->readable);
	p->query[0] = (uint8_t)(p->question.len >> 8);
	p->query[1] = (uint8_t)p->question.len;
	memcpy(p->query + PREFIX_OCTETS, p->question.octets, p->question.len);
	p->frame = malloc(FRAME_MAX);
	if (p->frame != NULL)
		p->exchange = exchange_start(p->loop, &plan);
	if (p->exchange == NULL)
		finish(p, OUTCOME_LOCAL);
}

static void on_datagram(struct probe_dns *p, const uint8_t *octets, size_t len)
{
	struct reply reply = question_read(&p->question, octets, len);

	if (reply.truncated || reply.outcome != OUTCOME_UNKNOWN)
		p->seen.first_byte_ms = since_start_ms(p);
	if (reply.truncated) {
		ask_by_tcp(p);
	} else if (reply.outcome != OUTCOME_UNKNOWN) {
		p->seen.status = reply.rcode;
		finish(p, reply.outcome);
	} else if (++p->strangers == PROBE_DNS_STRANGERS_MAX) {
		finish(p, OUTCOME_PROTOCOL);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct probe_dns *p = arg;
	uint8_t octets[DATAGRAM_MAX];
	ssize_t n;

	(void)what;
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
static void ask_by_udp(struct probe_dns *p)
{
	struct sockaddr_storage to;
	socklen_t len = address_fill(&p->spec->addr, p->spec->port, &to);

	p->fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       IPPROTO_UDP);
	if (p->fd < 0 ||
	    connect(p->fd, (const struct sockaddr *)&to, len) < 0 ||
	    send(p->fd, p->question.octets, p->question.len, 0) < 0)
		p->error = errno;
}

static bool listen_for(struct probe_dns *p)
{
	int64_t timeout_ms = p->spec->check->timeout_ms;
	const struct timeval deadline = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};

	p->readable = event_new(p->loop, p->error != 0 ? -1 : p->fd,
				EV_READ | EV_PERSIST, on_readable, p);
	p->deadline = evtimer_new(p->loop, on_deadline, p);
	if (p->readable == NULL || p->deadline == NULL ||
	    evtimer_add(p->deadline, &deadline) < 0)
		return false;
	if (p->error != 0)
		event_active(p->readable, EV_READ, 1);
	else
		event_add(p->readable, NULL);
	return true;
}

struct probe *probe_dns_start(struct event_base *loop,
			      const struct probe_spec *spec, probe_done *done,
			      void *arg)
{
	struct probe_dns *p = calloc(1, sizeof(*p));
	uint16_t id;

	if (p == NULL)
		return NULL;
	evutil_secure_rng_get_bytes(&id, sizeof(id));
	p->probe.cancel = cancel;
	p->spec = spec;
	p->loop = loop;
	p->fd = -1;
	p->done = done;
	p->arg = arg;
	p->start_ns = clock_now_ns();
	if (!question_init(&p->question, spec->check, spec->host, id))
		goto fail;
	ask_by_udp(p);
	if (!listen_for(p))
		goto fail;
	return &p->probe;
fail:
	destroy(p);
	return NULL;
}
