/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/guests.h"

#include "policy/base/accept.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/util.h>

enum { SWEEP_MS = 50 };

/* That evhttp has let go of one shows in its callbacks: they are cleared. */
struct guest {
	TAILQ_ENTRY(guest) link;
	struct guests *guests;
	struct bufferevent *stream;
	int64_t since_ms;
	bool cut;
	void (*on_gone)(void *arg); /* NULL: nobody has to be told */
	void *arg;
};

TAILQ_HEAD(guest_list, guest);

struct guests {
	struct guests_limits limits;
	struct evhttp *http;
	struct event *sweep;
	struct guest_list list; /* oldest first */
	size_t count;           /* of those not cut */
};

static void guest_free(struct guest *g)
{
	TAILQ_REMOVE(&g->guests->list, g, link);
	if (!g->cut)
		g->guests->count--;
	bufferevent_decref(g->stream); /* closes, as the last one */
	if (g->on_gone != NULL)
		g->on_gone(g->arg);
	free(g);
}

static bool is_let_go(const struct guest *g)
{
	bufferevent_event_cb on_event = NULL;

	bufferevent_getcb(g->stream, NULL, NULL, &on_event, NULL);
	return on_event == NULL;
}

/* evhttp will see the end of the stream, and let go. */
static void cut(struct guest *g)
{
	if (g->cut)
		return;
	g->cut = true;
	g->guests->count--;
	shutdown(bufferevent_getfd(g->stream), SHUT_RDWR);
}

static void cut_oldest(struct guests *guests)
{
	struct guest *g = TAILQ_FIRST(&guests->list);

	while (g != NULL && g->cut)
		g = TAILQ_NEXT(g, link);
	if (g != NULL)
		cut(g);
}

static void arm(struct guests *guests)
{
	const struct timeval soon = { .tv_usec = SWEEP_MS * 1000 };

	if (!evtimer_pending(guests->sweep, NULL))
		evtimer_add(guests->sweep, &soon);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct guests *guests = arg;
	int64_t now_ms = clock_now_ms();
	struct guest *g = TAILQ_FIRST(&guests->list), *next;

	(void)fd, (void)what;
	for (; g != NULL; g = next) {
		next = TAILQ_NEXT(g, link);
		if (is_let_go(g))
			guest_free(g);
		else if (now_ms - g->since_ms >= guests->limits.life_ms)
			cut(g);
	}
	if (!TAILQ_EMPTY(&guests->list))
		arm(guests);
}

/* For evhttp, which asks for a stream right after each accept. */
static struct bufferevent *on_accept(struct event_base *loop, void *arg)
{
	struct guests *guests = arg;
	struct guest *g = calloc(1, sizeof(*g));

	if (guests->count >= guests->limits.count)
		cut_oldest(guests);
	if (g != NULL)
		g->stream =
			bufferevent_socket_new(loop, -1, BEV_OPT_CLOSE_ON_FREE);
	if (g == NULL || g->stream == NULL) {
		free(g);
		return NULL; /* evhttp tries for itself */
	}
	bufferevent_incref(g->stream);
	g->guests = guests;
	g->since_ms = clock_now_ms();
	TAILQ_INSERT_TAIL(&guests->list, g, link);
	guests->count++;
	arm(guests);
	return g->stream;
}

static void on_close(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	guest_free(arg);
}

void guests_follow_until(struct guests *guests, struct evhttp_request *request,
			 void (*on_gone)(void *arg), void *arg)
{
	struct evhttp_connection *connection =
		evhttp_request_get_connection(request);
	const struct bufferevent *stream =
		evhttp_connection_get_bufferevent(connection);
	struct guest *g;

	TAILQ_FOREACH(g, &guests->list, link)
	if (g->stream == stream) {
		g->on_gone = on_gone;
		g->arg = arg;
		evhttp_connection_set_closecb(connection, on_close, g);
	}
}

void guests_follow(struct guests *guests, struct evhttp_request *request)
{
	guests_follow_until(guests, request, NULL, NULL);
}

static struct guests *guests_new(struct event_base *loop,
				 const struct guests_limits *limits)
{
	struct guests *guests = calloc(1, sizeof(*guests));

	if (guests == NULL)
		return NULL;
	guests->limits = *limits;
	TAILQ_INIT(&guests->list);
	guests->http = evhttp_new(loop);
	guests->sweep = evtimer_new(loop, on_sweep, guests);
	if (guests->http != NULL && guests->sweep != NULL)
		return guests;
	guests_free(guests);
	return NULL;
}

struct guests *guests_serve(struct event_base *loop,
			    const struct guests_config *config,
			    struct error *err)
{
	struct evconnlistener *listener =
		accept_http(loop, config->listen, config->backlog, err);
	struct guests *guests;

	if (listener == NULL)
		return NULL;
	guests = guests_new(loop, &config->limits);
	if (guests == NULL ||
	    evhttp_bind_listener(guests->http, listener) == NULL) {
		evconnlistener_free(listener);
		guests_free(guests);
		error_set(err, "out of memory while serving %s",
			  config->listen);
		return NULL;
	}
	evhttp_set_allowed_methods(guests->http, (ev_uint16_t)config->methods);
	evhttp_set_max_headers_size(guests->http, GUESTS_HEADERS_MAX);
	evhttp_set_max_body_size(guests->http, (ev_ssize_t)config->body_max);
	evhttp_set_timeout(guests->http, config->timeout_s);
	evhttp_set_bevcb(guests->http, on_accept, guests);
	return guests;
}

struct evhttp *guests_http(const struct guests *guests)
{
	return guests->http;
}

/* The server first: it lets go of its connections, and those who wait are told.
 */
void guests_free(struct guests *guests)
{
	struct guest *g, *next;

	if (guests == NULL)
		return;
	if (guests->http != NULL)
		evhttp_free(guests->http);
	for (g = TAILQ_FIRST(&guests->list); g != NULL; g = next) {
		next = TAILQ_NEXT(g, link);
		guest_free(g);
	}
	if (guests->sweep != NULL)
		event_free(guests->sweep);
	free(guests);
}
