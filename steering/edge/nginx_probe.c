/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/nginx_probe.h"

#include "policy/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>

struct nginx_probe {
	struct event_base *loop; /* borrowed */
	struct sockaddr_storage address;
	int address_len;
	char request[512];
	struct bufferevent *asking; /* NULL: no question is open */
	struct bufferevent *held;   /* NULL: none is held */
	struct event *deadline;
	bool hold;
	nginx_probe_done *done;
	void *done_arg;
	nginx_probe_gone *gone;
	void *arg;
};

static void drop(struct bufferevent **connection)
{
	if (*connection != NULL)
		bufferevent_free(*connection);
	*connection = NULL;
}

static void fail(struct nginx_probe *p, const char *why)
{
	evtimer_del(p->deadline);
	drop(&p->asking);
	p->done(p->done_arg, NULL, why);
}

static void succeed(struct nginx_probe *p, const char *state)
{
	evtimer_del(p->deadline);
	if (p->hold) {
		drop(&p->held);
		p->held = p->asking;
		p->asking = NULL;
	}
	drop(&p->asking);
	p->done(p->done_arg, state, NULL);
}

static void on_read(struct bufferevent *connection, void *arg)
{
	struct nginx_probe *p = arg;
	struct evbuffer *in = bufferevent_get_input(connection);
	size_t len = evbuffer_get_length(in);
	char state[NGINX_STATE_SIZE];
	int got;

	if (connection != p->asking) {
		evbuffer_drain(in, len); /* nothing that was asked for */
		return;
	}
	got = nginx_answer_parse((const char *)evbuffer_pullup(in, -1), len,
				 state);
	if (got < 0)
		fail(p, "it does not answer with $windrose_state");
	else if (got > 0)
		succeed(p, state);
}

static void on_event(struct bufferevent *connection, short what, void *arg)
{
	struct nginx_probe *p = arg;

	if ((what & BEV_EVENT_CONNECTED) != 0)
		return;
	if (connection == p->asking) {
		fail(p, (what & BEV_EVENT_ERROR) != 0
				? strerror(EVUTIL_SOCKET_ERROR())
				: "it closed the connection");
		return;
	}
	drop(&p->held);
	p->gone(p->arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	fail(arg, "no answer in time");
}

/* "http://ADDRESS:PORT/PATH". */
static bool read_url(struct nginx_probe *p, const char *url)
{
	static const char scheme[] = "http://";
	const char *place = url + sizeof(scheme) - 1;
	char text[64];
	size_t len;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;
	len = strcspn(place, "/");
	if (len >= sizeof(text) || place[len] == '\0' ||
	    strpbrk(url, " \r\n") != NULL)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)len, place);
	p->address_len = sizeof(p->address);
	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&p->address,
				       &p->address_len) != 0 ||
	    strchr(text, ':') == NULL)
		return false;
	return snprintf(p->request, sizeof(p->request),
			"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", place + len,
			text) < (int)sizeof(p->request);
}

struct nginx_probe *nginx_probe_new(struct event_base *loop, const char *url,
				    nginx_probe_gone *gone, void *arg,
				    struct error *err)
{
	struct nginx_probe *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	if (!read_url(p, url)) {
		error_set(err,
			  "--nginx-probe is \"%.80s\"; it must be "
			  "http://ADDRESS:PORT/PATH",
			  url);
		free(p);
		return NULL;
	}
	p->loop = loop;
	p->gone = gone;
	p->arg = arg;
	p->deadline = evtimer_new(loop, on_deadline, p);
	if (p->deadline == NULL) {
		error_set(err, "out of memory");
		free(p);
		return NULL;
	}
	return p;
}

void nginx_probe_free(struct nginx_probe *p)
{
	if (p == NULL)
		return;
	drop(&p->asking);
	drop(&p->held);
	event_free(p->deadline);
	free(p);
}

bool nginx_probe_ask(struct nginx_probe *p, bool hold, nginx_probe_done *done,
		     void *arg)
{
	const struct timeval patience = {
		.tv_sec = NGINX_PROBE_TIMEOUT_MS / 1000,
	};

	if (p->asking != NULL)
		return false;
	p->asking = bufferevent_socket_new(p->loop, -1,
					   BEV_OPT_CLOSE_ON_FREE |
						   BEV_OPT_DEFER_CALLBACKS);
	if (p->asking == NULL)
		return false;
	p->hold = hold;
	p->done = done;
	p->done_arg = arg;
	bufferevent_setcb(p->asking, on_read, NULL, on_event, p);
	bufferevent_enable(p->asking, EV_READ | EV_WRITE);
	bufferevent_write(p->asking, p->request, strlen(p->request));
	evtimer_add(p->deadline, &patience);
	if (bufferevent_socket_connect(p->asking,
				       (struct sockaddr *)&p->address,
				       p->address_len) != 0)
		bufferevent_trigger_event(p->asking, BEV_EVENT_ERROR,
					  BEV_OPT_DEFER_CALLBACKS);
	return true;
}

bool nginx_probe_holds(const struct nginx_probe *p)
{
	return p->held != NULL;
}
