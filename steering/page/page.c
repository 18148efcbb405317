/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/page/page.h"

#include "policy/base/error.h"
#include "policy/base/guests.h"
#include "policy/base/net.h"
#include "steering/page/page_files.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>

const struct guests_limits page_default_limits = {
	.count = 64,
	.life_ms = 60 * 1000,
};

enum { TIMEOUT_S = 60, BACKLOG = 64, HTTP_FORBIDDEN = 403, VALUE_DIGITS = 15 };

static const struct page_file {
	const char *path, *type;
	const unsigned char *octets;
	size_t len;
} files[] = {
	{ "/", "text/html; charset=utf-8", page_html, sizeof(page_html) },
	{ "/page.css", "text/css; charset=utf-8", page_css, sizeof(page_css) },
	{ "/page.js", "text/javascript; charset=utf-8", page_js,
	  sizeof(page_js) },
};

enum { FILE_COUNT = sizeof(files) / sizeof(files[0]) };

/* One who listens to events. */
struct listener {
	LIST_ENTRY(listener) link;
	struct evhttp_request *request;
};

LIST_HEAD(listeners, listener);

struct page {
	struct page_config config;
	struct guests *guests;
	struct event *every; /* pending while somebody listens */
	struct listeners listeners;
};

/* Nothing of another site belongs to this page, nor it into another's. */
static void set_fields(struct evhttp_request *request, const char *type)
{
	static const char *const fields[][2] = {
		{ "Cache-Control", "no-store" },
		{ "Connection", "close" },
		{ "Content-Security-Policy",
		  "default-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
		  "form-action 'none'" },
		{ "Referrer-Policy", "no-referrer" },
		{ "X-Content-Type-Options", "nosniff" },
	};
	struct evkeyvalq *out = evhttp_request_get_output_headers(request);

	evhttp_add_header(out, "Content-Type", type);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		evhttp_add_header(out, fields[i][0], fields[i][1]);
}

static void answer(struct evhttp_request *request, int status, const char *type,
		   const void *octets, size_t len)
{
	struct evbuffer *body = evbuffer_new();

	set_fields(request, type);
	if (body != NULL)
		evbuffer_add(body, octets, len);
	evhttp_send_reply(request, status, NULL, body);
	if (body != NULL)
		evbuffer_free(body);
}

static void answer_text(struct evhttp_request *request, int status,
			const char *text)
{
	answer(request, status, "text/plain; charset=utf-8", text,
	       strlen(text));
}

/* HOST or HOST:PORT, and HOST is an address or localhost. */
static bool is_meant(const char *host)
{
	char name[64];
	struct net_addr addr;
	size_t len;

	if (host == NULL)
		return true; /* HTTP/1.0: no browser */
	if (host[0] == '[') {
		host++;
		len = strcspn(host, "]");
	} else {
		len = strcspn(host, ":");
	}
	if (len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	return evutil_ascii_strcasecmp(name, "localhost") == 0 ||
	       net_addr_parse(name, &addr);
}

/* False: it is answered already. */
static bool welcome(struct page *page, struct evhttp_request *request)
{
	const struct evkeyvalq *fields =
		evhttp_request_get_input_headers(request);

	guests_follow(page->guests, request);
	if (is_meant(evhttp_find_header(fields, "Host")))
		return true;
	answer_text(request, HTTP_FORBIDDEN,
		    "ask for this page by an address, or by localhost\n");
	return false;
}

/* The questions. */

static bool is_number(const char *value)
{
	size_t len = strlen(value);

	return len > 0 && len <= VALUE_DIGITS &&
	       value[strspn(value, "0123456789")] == '\0';
}

/* What stands behind the question mark; NULL when it cannot be read. */
static json_t *read_query(const char *query, const char *op)
{
	json_t *out = json_pack("{s:s}", "op", op);
	struct evkeyvalq values;
	const struct evkeyval *v;
	size_t count = 0;

	if (query == NULL || out == NULL)
		return out;
	if (evhttp_parse_query_str(query, &values) != 0) {
		json_decref(out);
		return NULL;
	}
	TAILQ_FOREACH(v, &values, next)
	{
		json_t *value = is_number(v->value)
					? json_integer(atoll(v->value))
					: json_string(v->value);

		if (++count <= PAGE_QUERY_MAX && strcmp(v->key, "op") != 0)
			json_object_set_new(out, v->key, value);
		else
			json_decref(value);
	}
	evhttp_clear_headers(&values);
	return out;
}

/* The answer, to be freed; NULL when there is none. */
static char *ask(const struct page *page, const json_t *request)
{
	json_t *says = page->config.ask(page->config.arg, request);
	char *text = says == NULL
			     ? NULL
			     : json_dumps(says, JSON_COMPACT |
							JSON_REAL_PRECISION(6));

	json_decref(says);
	return text;
}

static void answer_question(const struct page *page,
			    struct evhttp_request *request, const char *op)
{
	const char *query =
		evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	json_t *question = read_query(query, op);
	char *text = question == NULL ? NULL : ask(page, question);

	if (text == NULL)
		answer_text(request, HTTP_NOTFOUND,
			    "there is no answer to that\n");
	else
		answer(request, HTTP_OK, "application/json", text,
		       strlen(text));
	json_decref(question);
	free(text);
}

static void on_file(struct evhttp_request *request, void *arg)
{
	static const char api[] = "/api/";
	struct page *page = arg;
	const char *path =
		evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

	if (!welcome(page, request))
		return;
	for (size_t i = 0; i < FILE_COUNT; i++)
		if (path != NULL && strcmp(path, files[i].path) == 0) {
			answer(request, HTTP_OK, files[i].type, files[i].octets,
			       files[i].len);
			return;
		}
	if (path != NULL && strncmp(path, api, strlen(api)) == 0)
		answer_question(page, request, path + strlen(api));
	else
		answer_text(request, HTTP_NOTFOUND, "there is no such page\n");
}

/* Events. */

static void arm(struct page *page)
{
	const struct timeval every = { .tv_sec = PAGE_EVERY_MS / 1000 };

	if (!LIST_EMPTY(&page->listeners) &&
	    !evtimer_pending(page->every, NULL))
		evtimer_add(page->every, &every);
}

static void send_event(struct evhttp_request *request, const char *text)
{
	struct evbuffer *chunk = evbuffer_new();

	if (chunk == NULL)
		return; /* the next one tells as much */
	evbuffer_add_printf(chunk, "data: %s\n\n", text);
	evhttp_send_reply_chunk(request, chunk);
	evbuffer_free(chunk);
}

/* Nobody who does not read makes us keep what he does not read. */
static bool is_behind(struct evhttp_request *request)
{
	struct bufferevent *stream = evhttp_connection_get_bufferevent(
		evhttp_request_get_connection(request));

	return evbuffer_get_length(bufferevent_get_output(stream)) > 0;
}

static void on_every(evutil_socket_t fd, short what, void *arg)
{
	struct page *page = arg;
	json_t *question = json_pack("{s:s}", "op", "status");
	char *text = ask(page, question);
	const struct listener *l;

	(void)fd, (void)what;
	json_decref(question);
	for (l = LIST_FIRST(&page->listeners); l != NULL && text != NULL;
	     l = LIST_NEXT(l, link))
		if (!is_behind(l->request))
			send_event(l->request, text);
	free(text);
	arm(page);
}

/* A request that evhttp gave up while it was being answered is ours to end; one
 * that still has its connection goes with that. */
static void on_gone(void *arg)
{
	struct listener *l = arg;

	LIST_REMOVE(l, link);
	if (evhttp_request_get_connection(l->request) == NULL)
		evhttp_send_reply_end(l->request);
	free(l);
}

static void on_events(struct evhttp_request *request, void *arg)
{
	struct page *page = arg;
	struct listener *l;

	if (!welcome(page, request))
		return;
	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		answer_text(request, HTTP_SERVUNAVAIL, "out of memory\n");
		return;
	}
	l->request = request;
	LIST_INSERT_HEAD(&page->listeners, l, link);
	guests_follow_until(page->guests, request, on_gone, l);
	set_fields(request, "text/event-stream");
	evhttp_send_reply_start(request, HTTP_OK, NULL);
	/* The first at once, on this loop's next turn. */
	evtimer_del(page->every);
	event_active(page->every, EV_TIMEOUT, 0);
}

static bool serve(struct page *page, struct event_base *loop, struct error *err)
{
	const struct guests_config config = {
		.listen = page->config.listen,
		.backlog = BACKLOG,
		.limits = page->config.limits,
		.methods = EVHTTP_REQ_GET,
		.timeout_s = TIMEOUT_S,
	};

	page->every = evtimer_new(loop, on_every, page);
	if (page->every == NULL) {
		error_set(err, "out of memory for the page");
		return false;
	}
	page->guests = guests_serve(loop, &config, err);
	if (page->guests == NULL)
		return false;
	evhttp_set_cb(guests_http(page->guests), "/events", on_events, page);
	evhttp_set_gencb(guests_http(page->guests), on_file, page);
	return true;
}

struct page *page_start(struct event_base *loop,
			const struct page_config *config, struct error *err)
{
	struct page *page = calloc(1, sizeof(*page));

	if (page == NULL) {
		error_set(err, "out of memory for the page");
		return NULL;
	}
	page->config = *config;
	LIST_INIT(&page->listeners);
	if (serve(page, loop, err)) {
		page->config.listen = NULL;
		return page;
	}
	page_stop(page);
	return NULL;
}

void page_stop(struct page *page)
{
	if (page == NULL)
		return;
	guests_free(page->guests);
	if (page->every != NULL)
		event_free(page->every);
	free(page);
}
