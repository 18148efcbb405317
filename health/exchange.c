/* SPDX-License-Identifier: Apache-2.0 */
#include "health/exchange.h"

#include "health/address.h"
#include "policy/base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

struct exchange {
	struct probe probe; /* first */
	struct exchange_plan plan;
	struct event *writable, *readable, *deadline;
	int fd;    /* -1: none could be had */
	int error; /* errno of an attempt that failed at once, else 0 */
	bool connected;
	size_t sent_octets, heard_octets;
	int64_t start_ns;
	float sent_ms;
	struct observation seen;
};

static void destroy(struct exchange *x)
{
	if (x->writable != NULL)
		event_free(x->writable);
	if (x->readable != NULL)
		event_free(x->readable);
	if (x->deadline != NULL)
		event_free(x->deadline);
	if (x->fd >= 0)
		close(x->fd);
	free(x);
}

static void cancel(struct probe *probe)
{
	destroy((struct exchange *)probe);
}

static float since_start_ms(const struct exchange *x)
{
	return (float)(clock_now_ns() - x->start_ns) / 1e6f;
}

static void finish(struct exchange *x, enum outcome outcome)
{
	bool asked = x->plan.take != NULL && x->plan.send_octets > 0;
	struct observation seen = x->seen;
	probe_done *done = x->plan.done;
	void *arg = x->plan.arg;

	seen.outcome = outcome;
	seen.total_ms = since_start_ms(x);
	if (outcome == OUTCOME_OK)
		seen.latency_ms = asked ? seen.first_byte_ms - x->sent_ms
					: seen.connect_ms;
	destroy(x);
	done(arg, &seen);
}

static int connect_error(const struct exchange *x)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (x->error != 0)
		return x->error;
	if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

/* Each of these: how the exchange ends, or UNKNOWN when it goes on. */
static enum outcome look_connected(struct exchange *x)
{
	int error = connect_error(x);

	if (error != 0)
		return outcome_of_errno(error);
	x->connected = true;
	x->seen.connect_ms = since_start_ms(x);
	return OUTCOME_UNKNOWN;
}

static enum outcome send_more(struct exchange *x)
{
	const char *send_from = x->plan.send;
	ssize_t n;

	if (x->sent_octets < x->plan.send_octets) {
		n = send(x->fd, send_from + x->sent_octets,
			 x->plan.send_octets - x->sent_octets, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? OUTCOME_UNKNOWN
					       : outcome_of_errno(errno);
		x->sent_octets += (size_t)n;
	}
	if (x->sent_octets < x->plan.send_octets)
		return OUTCOME_UNKNOWN;
	x->sent_ms = since_start_ms(x);
	return x->plan.take == NULL ? OUTCOME_OK : OUTCOME_UNKNOWN;
}

static enum outcome hear_more(struct exchange *x)
{
	char octets[4096];
	size_t room = EXCHANGE_ANSWER_MAX - x->heard_octets;
	ssize_t n = recv(x->fd, octets,
			 room < sizeof(octets) ? room : sizeof(octets), 0);
	enum outcome outcome;

	if (n < 0)
		return errno == EAGAIN ? OUTCOME_UNKNOWN
				       : outcome_of_errno(errno);
	if (n == 0)
		return x->plan.take(x->plan.arg, NULL, 0);
	if (x->heard_octets == 0)
		x->seen.first_byte_ms = since_start_ms(x);
	x->heard_octets += (size_t)n;
	outcome = x->plan.take(x->plan.arg, octets, (size_t)n);
	if (outcome == OUTCOME_UNKNOWN &&
	    x->heard_octets == EXCHANGE_ANSWER_MAX)
		outcome = x->plan.take(x->plan.arg, NULL, 0);
	return outcome;
}

/* Ends, or awaits what comes next. */
static void go_on(struct exchange *x, enum outcome outcome)
{
	if (outcome != OUTCOME_UNKNOWN)
		finish(x, outcome);
	else if (x->sent_octets < x->plan.send_octets)
		event_add(x->writable, NULL);
	else
		event_add(x->readable, NULL);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;
	enum outcome outcome = OUTCOME_UNKNOWN;

	(void)fd, (void)what;
	if (!x->connected)
		outcome = look_connected(x);
	go_on(x, outcome == OUTCOME_UNKNOWN ? send_more(x) : outcome);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;

	(void)fd, (void)what;
	go_on(x, hear_more(x));
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	finish(arg, OUTCOME_TIMEOUT);
}

/* Begins to connect; what fails at once is kept for on_writable(). */
static void begin(struct exchange *x)
{
	struct sockaddr_storage to;
	socklen_t len = address_fill(&x->plan.addr, x->plan.port, &to);

	x->start_ns = clock_now_ns();
	x->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       IPPROTO_TCP);
	if (x->fd < 0 ||
	    (connect(x->fd, (const struct sockaddr *)&to, len) < 0 &&
	     errno != EINPROGRESS))
		x->error = errno;
}

static bool listen_for(struct exchange *x, struct event_base *loop)
{
	const struct timeval deadline = {
		.tv_sec = x->plan.timeout_ms / 1000,
		.tv_usec = x->plan.timeout_ms % 1000 * 1000,
	};
	int fd = x->error != 0 ? -1 : x->fd;

	x->writable = event_new(loop, fd, EV_WRITE, on_writable, x);
	x->readable = event_new(loop, fd, EV_READ, on_readable, x);
	x->deadline = evtimer_new(loop, on_deadline, x);
	if (x->writable == NULL || x->readable == NULL || x->deadline == NULL ||
	    evtimer_add(x->deadline, &deadline) < 0)
		return false;
	if (x->error != 0)
		event_active(x->writable, EV_WRITE, 1);
	else
		event_add(x->writable, NULL);
	return true;
}

struct probe *exchange_start(struct event_base *loop,
			     const struct exchange_plan *plan)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->probe.cancel = cancel;
	x->plan = *plan;
	begin(x);
	if (!listen_for(x, loop)) {
		destroy(x);
		return NULL;
	}
	return &x->probe;
}
