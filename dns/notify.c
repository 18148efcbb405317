/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/notify.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_manager(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path == NULL ? 0 : strlen(path);
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	/* "@name" is in the abstract name space. */
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		     (const struct sockaddr *)&to,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void notify_ready(const char *status)
{
	char state[512];

	snprintf(state, sizeof(state), "READY=1\nMAINPID=%ld\nSTATUS=%s",
		 (long)getpid(), status);
	notify_manager(state);
}

/* Since when is told, so that a later READY=1 is known to be of this reload. */
void notify_reloading(void)
{
	char state[80];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 clock_now_ns() / 1000);
	notify_manager(state);
}

struct notify_watchdog {
	struct event *timer;
};

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	notify_manager("WATCHDOG=1");
}

/* In microseconds; 0: nobody waits for us. */
static long long read_interval(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (usec == NULL || (pid != NULL && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return strtoll(usec, NULL, 10);
}

struct notify_watchdog *notify_watchdog_start(struct event_base *loop,
					      struct error *err)
{
	struct notify_watchdog *w = calloc(1, sizeof(*w));
	long long half_us = read_interval() / 2;
	const struct timeval every = {
		.tv_sec = (time_t)(half_us / 1000000),
		.tv_usec = (suseconds_t)(half_us % 1000000),
	};

	if (w != NULL)
		w->timer = event_new(loop, -1, EV_PERSIST, on_timer, w);
	if (w == NULL || w->timer == NULL ||
	    (half_us > 0 && event_add(w->timer, &every) != 0)) {
		error_set(err, "out of memory for the watchdog");
		notify_watchdog_stop(w);
		return NULL;
	}
	return w;
}

void notify_watchdog_stop(struct notify_watchdog *w)
{
	if (w == NULL)
		return;
	if (w->timer != NULL)
		event_free(w->timer);
	free(w);
}
