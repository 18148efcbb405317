/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/exporter.h"

#include "dns/socket.h"
#include "policy/base/accept.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/openmetrics.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <sys/queue.h>

const struct exporter_limits exporter_default_limits = {
	.clients = 16,
	.life_ms = 10 * 1000,
};

enum { SWEEP_MS = 50, TIMEOUT_S = 5, BACKLOG = 16 };

/*
 * evhttp keeps its connections to itself until a whole request is there, and
 * limits neither how many there are nor how long they live.  So each stream is
 * also held here, by a reference of our own; that evhttp has let go of it
 * shows in its callbacks, which are cleared then.
 */
struct client {
	TAILQ_ENTRY(client) link;
	struct exporter *exporter;
	struct bufferevent *stream;
	int64_t since_ms;
	bool cut;
};

TAILQ_HEAD(client_list, client);

struct exporter {
	struct exporter_config config;
	struct evhttp *http;
	struct event *sweep;
	struct client_list clients; /* oldest first */
	size_t count;               /* of those not cut */
};

static void client_free(struct client *c)
{
	TAILQ_REMOVE(&c->exporter->clients, c, link);
	if (!c->cut)
		c->exporter->count--;
	bufferevent_decref(c->stream); /* closes, as the last one */
	free(c);
}

static bool is_let_go(const struct client *c)
{
	bufferevent_event_cb on_event = NULL;

	bufferevent_getcb(c->stream, NULL, NULL, &on_event, NULL);
	return on_event == NULL;
}

/* evhttp will see the end of the stream, and let go. */
static void cut(struct client *c)
{
	if (c->cut)
		return;
	c->cut = true;
	c->exporter->count--;
	shutdown(bufferevent_getfd(c->stream), SHUT_RDWR);
}

static void cut_oldest(struct exporter *e)
{
	struct client *c = TAILQ_FIRST(&e->clients);

	while (c != NULL && c->cut)
		c = TAILQ_NEXT(c, link);
	if (c != NULL)
		cut(c);
}

static void arm(struct exporter *e)
{
	const struct timeval soon = { .tv_usec = SWEEP_MS * 1000 };

	if (!evtimer_pending(e->sweep, NULL))
		evtimer_add(e->sweep, &soon);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct exporter *e = arg;
	int64_t now_ms = clock_now_ms();
	struct client *c = TAILQ_FIRST(&e->clients), *next;

	(void)fd, (void)what;
	for (; c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (is_let_go(c))
			client_free(c);
		else if (now_ms - c->since_ms >= e->config.limits.life_ms)
			cut(c);
	}
	if (!TAILQ_EMPTY(&e->clients))
		arm(e);
}

/* For evhttp, which asks for a stream right after each accept. */
static struct bufferevent *on_accept(struct event_base *loop, void *arg)
{
	struct exporter *e = arg;
	struct client *c = calloc(1, sizeof(*c));

	if (e->count >= e->config.limits.clients)
		cut_oldest(e);
	if (c != NULL)
		c->stream =
			bufferevent_socket_new(loop, -1, BEV_OPT_CLOSE_ON_FREE);
	if (c == NULL || c->stream == NULL) {
		free(c);
		return NULL; /* evhttp tries for itself */
	}
	bufferevent_incref(c->stream);
	c->exporter = e;
	c->since_ms = clock_now_ms();
	TAILQ_INSERT_TAIL(&e->clients, c, link);
	e->count++;
	arm(e);
	return c->stream;
}

/* Lets go with evhttp, so that the client sees the end at once. */
static void on_close(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	client_free(arg);
}

static void follow_close(struct exporter *e, struct evhttp_request *request)
{
	struct evhttp_connection *connection =
		evhttp_request_get_connection(request);
	const struct bufferevent *stream =
		evhttp_connection_get_bufferevent(connection);
	struct client *c;

	TAILQ_FOREACH(c, &e->clients, link)
	if (c->stream == stream)
		evhttp_connection_set_closecb(connection, on_close, c);
}

/* One request a connection: nobody keeps the loop busy on a single one. */
static void answer(struct evhttp_request *request, int status,
		   const char *media_type, struct evbuffer *body)
{
	struct evkeyvalq *fields = evhttp_request_get_output_headers(request);

	evhttp_add_header(fields, "Content-Type", media_type);
	evhttp_add_header(fields, "Connection", "close");
	evhttp_add_header(fields, "Cache-Control", "no-store");
	evhttp_send_reply(request, status, NULL, body);
}

static void answer_text(struct evhttp_request *request, int status,
			const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body != NULL)
		evbuffer_add_printf(body, "%s\n", text);
	answer(request, status, "text/plain; charset=utf-8", body);
	if (body != NULL)
		evbuffer_free(body);
}

static void free_text(const void *octets, size_t len, void *text)
{
	(void)octets, (void)len;
	free(text);
}

static void on_metrics(struct evhttp_request *request, void *arg)
{
	struct exporter *e = arg;
	struct openmetrics out = {
		.form = openmetrics_choose(evhttp_find_header(
			evhttp_request_get_input_headers(request), "Accept")),
	};
	struct evbuffer *body = evbuffer_new();

	follow_close(e, request);
	e->config.write(e->config.arg, &out);
	if (!openmetrics_end(&out) || body == NULL ||
	    evbuffer_add_reference(body, out.text, out.len, free_text,
				   out.text) != 0) {
		openmetrics_fini(&out);
		answer_text(request, HTTP_SERVUNAVAIL, "out of memory");
	} else {
		answer(request, HTTP_OK, openmetrics_media_type(out.form),
		       body);
	}
	if (body != NULL)
		evbuffer_free(body);
}

static void on_ready(struct evhttp_request *request, void *arg)
{
	struct exporter *e = arg;
	const char *why = e->config.unready(e->config.arg);

	follow_close(e, request);
	answer_text(request, why == NULL ? HTTP_OK : HTTP_SERVUNAVAIL,
		    why == NULL ? "ready" : why);
}

static void on_other(struct evhttp_request *request, void *arg)
{
	follow_close(arg, request);
	answer_text(request, HTTP_NOTFOUND, "there are /metrics and /ready");
}

/*
 * The port can be shared: a successor binds it before its predecessor lets go.
 * A second responder that nobody wants fails at its DNS port.
 */
static struct evconnlistener *listen_on(struct event_base *loop,
					const char *text, struct error *err)
{
	char local[SOCKET_TEXT_SIZE];
	struct socket_address at;
	struct evconnlistener *listener;

	if (text[strspn(text, "0123456789")] == '\0') {
		snprintf(local, sizeof(local), "127.0.0.1:%.8s", text);
		text = local;
	}
	if (!socket_parse(text, &at, err))
		return NULL;
	listener = evconnlistener_new_bind(
		loop, NULL, NULL,
		LEV_OPT_REUSEABLE | LEV_OPT_REUSEABLE_PORT |
			LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE,
		BACKLOG, (const struct sockaddr *)&at.addr, (int)at.len);
	if (listener == NULL)
		error_set(err, "cannot serve metrics on %s: %s", at.text,
			  strerror(errno));
	return listener;
}

static bool serve(struct exporter *e, struct event_base *loop,
		  struct error *err)
{
	struct evconnlistener *listener =
		listen_on(loop, e->config.listen, err);

	if (listener == NULL)
		return false;
	evconnlistener_set_error_cb(listener, accept_pause);
	e->http = evhttp_new(loop);
	e->sweep = evtimer_new(loop, on_sweep, e);
	if (e->http == NULL || e->sweep == NULL ||
	    evhttp_bind_listener(e->http, listener) == NULL) {
		evconnlistener_free(listener);
		error_set(err, "out of memory for metrics");
		return false;
	}
	evhttp_set_allowed_methods(e->http, EVHTTP_REQ_GET);
	evhttp_set_max_headers_size(e->http, EXPORTER_HEADERS_MAX);
	evhttp_set_max_body_size(e->http, 0);
	evhttp_set_timeout(e->http, TIMEOUT_S);
	evhttp_set_bevcb(e->http, on_accept, e);
	evhttp_set_cb(e->http, "/metrics", on_metrics, e);
	evhttp_set_cb(e->http, "/ready", on_ready, e);
	evhttp_set_gencb(e->http, on_other, e);
	return true;
}

struct exporter *exporter_start(struct event_base *loop,
				const struct exporter_config *config,
				struct error *err)
{
	struct exporter *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		error_set(err, "out of memory for metrics");
		return NULL;
	}
	e->config = *config;
	TAILQ_INIT(&e->clients);
	if (serve(e, loop, err)) {
		e->config.listen = NULL;
		return e;
	}
	exporter_stop(e);
	return NULL;
}

void exporter_stop(struct exporter *exporter)
{
	struct client *c, *next;

	if (exporter == NULL)
		return;
	if (exporter->http != NULL)
		evhttp_free(exporter->http);
	for (c = TAILQ_FIRST(&exporter->clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		client_free(c);
	}
	if (exporter->sweep != NULL)
		event_free(exporter->sweep);
	free(exporter);
}
