/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/vigil.h"

#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

struct vigil {
	struct event_base *loop; /* borrowed */
	struct sockaddr_un address;
	struct bufferevent *connection; /* NULL: between attempts */
	struct event *again;
	unsigned wait_ms; /* before the next attempt */
	vigil_back *back;
	void *arg;
};

static void attempt_later(struct vigil *v)
{
	const struct timeval wait = { .tv_sec = v->wait_ms / 1000,
				      .tv_usec = v->wait_ms % 1000 * 1000 };

	if (v->connection != NULL)
		bufferevent_free(v->connection);
	v->connection = NULL;
	evtimer_add(v->again, &wait);
	v->wait_ms =
		v->wait_ms * 2 < VIGIL_LAST_MS ? v->wait_ms * 2 : VIGIL_LAST_MS;
}

/* Whatever it says is of no interest. */
static void on_read(struct bufferevent *connection, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(connection);

	(void)arg;
	evbuffer_drain(in, evbuffer_get_length(in));
}

static void on_event(struct bufferevent *connection, short what, void *arg)
{
	struct vigil *v = arg;

	(void)connection;
	if ((what & BEV_EVENT_CONNECTED) == 0) {
		attempt_later(v);
		return;
	}
	v->wait_ms = VIGIL_FIRST_MS;
	v->back(v->arg);
}

static void attempt(struct vigil *v)
{
	v->connection = bufferevent_socket_new(v->loop, -1,
					       BEV_OPT_CLOSE_ON_FREE |
						       BEV_OPT_DEFER_CALLBACKS);
	if (v->connection == NULL) {
		attempt_later(v);
		return;
	}
	bufferevent_setcb(v->connection, on_read, NULL, on_event, v);
	bufferevent_enable(v->connection, EV_READ);
	if (bufferevent_socket_connect(v->connection,
				       (struct sockaddr *)&v->address,
				       sizeof(v->address)) != 0)
		attempt_later(v);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	attempt(arg);
}

struct vigil *vigil_start(struct event_base *loop, const char *path,
			  vigil_back *back, void *arg, struct error *err)
{
	struct vigil *v = calloc(1, sizeof(*v));

	if (v == NULL || strlen(path) >= sizeof(v->address.sun_path)) {
		error_set(err,
			  v == NULL ? "out of memory"
				    : "%s: too long for a unix socket",
			  path);
		free(v);
		return NULL;
	}
	v->loop = loop;
	v->back = back;
	v->arg = arg;
	v->wait_ms = VIGIL_FIRST_MS;
	v->address.sun_family = AF_UNIX;
	strcpy(v->address.sun_path, path);
	v->again = evtimer_new(loop, on_again, v);
	if (v->again == NULL) {
		error_set(err, "out of memory");
		free(v);
		return NULL;
	}
	attempt(v);
	return v;
}

void vigil_stop(struct vigil *v)
{
	if (v == NULL)
		return;
	if (v->connection != NULL)
		bufferevent_free(v->connection);
	event_free(v->again);
	free(v);
}
