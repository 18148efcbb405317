/* SPDX-License-Identifier: Apache-2.0 */
#include "health/probe_tcp.h"

#include "policy/base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

struct probe_tcp {
	struct probe probe; /* first */
	struct event *event;
	int fd;    /* -1: none could be had */
	int error; /* errno of an attempt that failed at once, else 0 */
	int64_t start_ns;
	probe_done *done;
	void *arg;
};

static void destroy(struct probe_tcp *p)
{
	if (p->event != NULL)
		event_free(p->event);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct probe_tcp *)probe);
}

static int connect_error(const struct probe_tcp *p)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (p->error != 0)
		return p->error;
	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct probe_tcp *p = arg;
	struct observation seen = { .outcome = OUTCOME_TIMEOUT };
	probe_done *done = p->done;
	void *done_arg = p->arg;

	(void)fd;
	seen.total_ms = (float)(clock_now_ns() - p->start_ns) / 1e6f;
	if ((what & EV_TIMEOUT) == 0) {
		int error = connect_error(p);

		seen.outcome =
			error == 0 ? OUTCOME_OK : outcome_of_errno(error);
	}
	if (seen.outcome == OUTCOME_OK)
		seen.connect_ms = seen.latency_ms = seen.total_ms;
	destroy(p);
	done(done_arg, &seen);
}

static socklen_t fill_address(const struct probe_spec *spec,
			      struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (spec->addr.family == NET_V4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(spec->port);
		memcpy(&v4->sin_addr, spec->addr.octets, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(spec->port);
	memcpy(&v6->sin6_addr, spec->addr.octets, 16);
	return sizeof(*v6);
}

/* Begins to connect; what fails at once is kept for on_event(). */
static void begin(struct probe_tcp *p, const struct probe_spec *spec)
{
	struct sockaddr_storage to;
	socklen_t len = fill_address(spec, &to);

	p->start_ns = clock_now_ns();
	p->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       IPPROTO_TCP);
	if (p->fd < 0 ||
	    (connect(p->fd, (const struct sockaddr *)&to, len) < 0 &&
	     errno != EINPROGRESS))
		p->error = errno;
}

struct probe *probe_tcp_start(struct event_base *loop,
			      const struct probe_spec *spec, probe_done *done,
			      void *arg)
{
	const struct timeval deadline = {
		.tv_sec = spec->check->timeout_ms / 1000,
		.tv_usec = spec->check->timeout_ms % 1000 * 1000,
	};
	struct probe_tcp *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->probe.cancel = cancel;
	p->done = done;
	p->arg = arg;
	begin(p, spec);
	p->event = event_new(loop, p->error != 0 ? -1 : p->fd, EV_WRITE,
			     on_event, p);
	if (p->event == NULL || event_add(p->event, &deadline) < 0) {
		destroy(p);
		return NULL;
	}
	if (p->error != 0)
		event_active(p->event, EV_WRITE, 1);
	return &p->probe;
}
