/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/lookup.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

/* What the thread is given; it owns it. */
struct question {
	int fd; /* where the answer goes */
	char host[256];
	char port[8];
};

/* What comes back through the socket; whoever has it owns the list. */
struct answer {
	int rc;
	struct addrinfo *list;
};

struct lookup {
	lookup_done *done;
	void *arg;
	int fd;
	struct event *readable;
};

/* When nobody waits any longer, the other end is closed and send(2) fails. */
static void *find(void *arg)
{
	static const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct question *q = arg;
	struct answer a = { .list = NULL };

	a.rc = getaddrinfo(q->host, q->port, &hints, &a.list);
	if (send(q->fd, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a) && a.rc == 0)
		freeaddrinfo(a.list);
	close(q->fd);
	free(q);
	return NULL;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct lookup *lookup = arg;
	struct answer a = { .list = NULL };

	(void)what;
	if (recv(fd, &a, sizeof(a), MSG_DONTWAIT) != sizeof(a))
		return;
	if (a.rc != 0) {
		lookup->done(lookup->arg, NULL, gai_strerror(a.rc));
		return;
	}
	lookup->done(lookup->arg, a.list, NULL);
	freeaddrinfo(a.list);
}

/* A detached thread that every signal leaves alone. */
static bool start_thread(struct question *q)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	bool ok;

	if (pthread_attr_init(&attr) != 0)
		return false;
	sigfillset(&all);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = pthread_create(&thread, &attr, find, q) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return ok;
}

static bool start_question(const char *host, uint16_t port, int fd)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL || strlen(host) >= sizeof(q->host)) {
		free(q);
		return false;
	}
	q->fd = fd;
	strcpy(q->host, host);
	snprintf(q->port, sizeof(q->port), "%u", port);
	if (start_thread(q))
		return true;
	free(q);
	return false;
}

struct lookup *lookup_start(struct event_base *loop, const char *host,
			    uint16_t port, lookup_done *done, void *arg)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	int fds[2];

	if (lookup == NULL ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		free(lookup);
		return NULL;
	}
	lookup->done = done;
	lookup->arg = arg;
	lookup->fd = fds[0];
	lookup->readable =
		event_new(loop, fds[0], EV_READ, on_readable, lookup);
	if (lookup->readable == NULL ||
	    event_add(lookup->readable, NULL) != 0 ||
	    !start_question(host, port, fds[1])) {
		close(fds[1]);
		lookup_stop(lookup);
		return NULL;
	}
	return lookup;
}

/* An answer that has come and was not read still owns its list. */
void lookup_stop(struct lookup *lookup)
{
	struct answer a;

	if (lookup == NULL)
		return;
	if (lookup->readable != NULL)
		event_free(lookup->readable);
	/* From here on the thread keeps what it cannot send. */
	shutdown(lookup->fd, SHUT_RD);
	if (recv(lookup->fd, &a, sizeof(a), MSG_DONTWAIT) == sizeof(a) &&
	    a.rc == 0)
		freeaddrinfo(a.list);
	close(lookup->fd);
	free(lookup);
}
