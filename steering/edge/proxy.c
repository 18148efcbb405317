/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/proxy.h"

#include "policy/base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

struct proxy {
	struct event_base *loop; /* borrowed */
	struct sockaddr_un address;
	struct bufferevent *connection; /* NULL: no question is open */
	struct event *deadline;         /* of the open question */
	proxy_done *done;
	void *arg;
};

static void hang_up(struct proxy *proxy)
{
	if (proxy->connection != NULL)
		bufferevent_free(proxy->connection);
	proxy->connection = NULL;
	evtimer_del(proxy->deadline);
}

void proxy_free(struct proxy *proxy)
{
	if (proxy == NULL)
		return;
	hang_up(proxy);
	event_free(proxy->deadline);
	free(proxy);
}

/* The answer is copied out first: done may ask the next question. */
static void finish(struct proxy *proxy, const char *why)
{
	struct evbuffer *in = bufferevent_get_input(proxy->connection);
	size_t len = evbuffer_get_length(in);
	char *answer = NULL;

	if (why == NULL) {
		answer = malloc(len + 1);
		if (answer == NULL) {
			why = "out of memory";
		} else {
			evbuffer_remove(in, answer, len);
			answer[len] = '\0';
		}
	}
	hang_up(proxy);
	proxy->done(proxy->arg, answer, answer == NULL ? 0 : len, why);
	free(answer);
}

static void on_read(struct bufferevent *connection, void *arg)
{
	struct proxy *proxy = arg;

	if (evbuffer_get_length(bufferevent_get_input(connection)) >
	    PROXY_ANSWER_MAX)
		finish(proxy, "the answer is too long");
}

static void on_event(struct bufferevent *connection, short what, void *arg)
{
	struct proxy *proxy = arg;

	(void)connection;
	if (what & BEV_EVENT_EOF)
		finish(proxy, NULL);
	else if (what & BEV_EVENT_ERROR)
		finish(proxy, strerror(errno));
}

/* Also of an answer that comes in drops. */
static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	finish(arg, "no answer in time");
}

struct proxy *proxy_new(struct event_base *loop, const char *path,
			struct error *err)
{
	struct proxy *proxy;

	if (strlen(path) >= sizeof(proxy->address.sun_path)) {
		error_set(err, "%s: too long for a unix socket", path);
		return NULL;
	}
	proxy = calloc(1, sizeof(*proxy));
	if (proxy == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	proxy->loop = loop;
	proxy->deadline = evtimer_new(loop, on_deadline, proxy);
	if (proxy->deadline == NULL) {
		free(proxy);
		error_set(err, "out of memory");
		return NULL;
	}
	proxy->address.sun_family = AF_UNIX;
	strcpy(proxy->address.sun_path, path);
	return proxy;
}

/* HAProxy reads one line and takes ";" as the end of a command in it. */
static void write_question(struct bufferevent *connection, const char *text)
{
	struct evbuffer *out = bufferevent_get_output(connection);

	for (const char *c = text; *c != '\0'; c++)
		evbuffer_add(out, *c == '\n' ? ";" : c, 1);
	evbuffer_add(out, "\n", 1);
}

bool proxy_ask(struct proxy *proxy, const char *text, proxy_done *done,
	       void *arg)
{
	const struct timeval patience = { .tv_sec = PROXY_TIMEOUT_MS / 1000 };

	assert(strlen(text) <= PROXY_LINE_MAX);
	if (proxy->connection != NULL)
		return false;
	proxy->connection =
		bufferevent_socket_new(proxy->loop, -1,
				       BEV_OPT_CLOSE_ON_FREE |
					       BEV_OPT_DEFER_CALLBACKS);
	if (proxy->connection == NULL)
		return false;
	proxy->done = done;
	proxy->arg = arg;
	bufferevent_setcb(proxy->connection, on_read, NULL, on_event, proxy);
	evtimer_add(proxy->deadline, &patience);
	bufferevent_enable(proxy->connection, EV_READ | EV_WRITE);
	write_question(proxy->connection, text);
	/*
	 * A socket that is not there fails at once and raises no event
	 * (libevent 2.1): it is raised here, still outside of
	 * this call.
	 */
	if (bufferevent_socket_connect(proxy->connection,
				       (struct sockaddr *)&proxy->address,
				       sizeof(proxy->address)) != 0)
		bufferevent_trigger_event(proxy->connection, BEV_EVENT_ERROR,
					  BEV_OPT_DEFER_CALLBACKS);
	return true;
}
