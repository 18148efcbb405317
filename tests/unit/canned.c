/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/canned.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

struct talk {
	struct canned *canned;
	struct bufferevent *stream;
	struct event *timer;
	struct canned_say say;
	bool told;
	LIST_ENTRY(talk) next;
};

struct canned {
	struct event_base *loop;
	struct evconnlistener *listener;
	struct sockaddr_storage at;
	socklen_t at_len;
	uint16_t port;
	struct canned_say say;
	unsigned accepted;
	char request[4096];
	LIST_HEAD(, talk) talks;
};

static void talk_end(struct talk *t)
{
	LIST_REMOVE(t, next);
	event_free(t->timer);
	bufferevent_free(t->stream);
	free(t);
}

static void on_written(struct bufferevent *stream, void *arg)
{
	struct talk *t = arg;

	(void)stream;
	if (t->told && !t->say.stays)
		talk_end(t);
}

static void speak(evutil_socket_t fd, short what, void *arg)
{
	struct talk *t = arg;

	(void)fd, (void)what;
	if (t->told && t->say.again != NULL) {
		t->say.octets = t->say.again;
		t->say.len = strlen(t->say.again);
		t->say.stays = false;
	}
	t->told = true;
	for (size_t i = 0; i < (t->say.repeat == 0 ? 1 : t->say.repeat); i++)
		bufferevent_write(t->stream, t->say.octets, t->say.len);
	if (t->say.len == 0)
		on_written(t->stream, t);
}

static void on_read(struct bufferevent *stream, void *arg)
{
	struct talk *t = arg;
	struct evbuffer *in = bufferevent_get_input(stream);
	const struct timeval after = {
		.tv_sec = t->say.delay_ms / 1000,
		.tv_usec = t->say.delay_ms % 1000 * 1000,
	};
	ev_ssize_t len;

	if (evbuffer_search(in, "\r\n\r\n", 4, NULL).pos < 0)
		return;
	len = evbuffer_remove(in, t->canned->request,
			      sizeof(t->canned->request) - 1);
	t->canned->request[len < 0 ? 0 : len] = '\0';
	if (t->say.octets == NULL)
		return;
	event_add(t->timer, &after);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	(void)stream, (void)what;
	talk_end(arg);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *from, int len, void *arg)
{
	struct canned *c = arg;
	struct talk *t = calloc(1, sizeof(*t));

	(void)listener, (void)from, (void)len;
	c->accepted++;
	t->canned = c;
	t->say = c->say;
	t->timer = evtimer_new(c->loop, speak, t);
	t->stream = bufferevent_socket_new(c->loop, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(t->stream, on_read, on_written, on_event, t);
	bufferevent_enable(t->stream, EV_READ | EV_WRITE);
	LIST_INSERT_HEAD(&c->talks, t, next);
}

void canned_rise(struct canned *c)
{
	if (c->listener == NULL)
		c->listener = evconnlistener_new_bind(
			c->loop, on_accept, c,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 512,
			(const struct sockaddr *)&c->at, (int)c->at_len);
}

void canned_fall(struct canned *c)
{
	if (c->listener != NULL)
		evconnlistener_free(c->listener);
	c->listener = NULL;
}

static void fill_address(struct canned *c, const char *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&c->at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&c->at;

	c->at_len = sizeof(*v4);
	v4->sin_family = AF_INET;
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1)
		return;
	c->at_len = sizeof(*v6);
	v6->sin6_family = AF_INET6;
	inet_pton(AF_INET6, address, &v6->sin6_addr);
}

struct canned *canned_start(struct event_base *loop, const char *address)
{
	struct canned *c = calloc(1, sizeof(*c));

	c->loop = loop;
	LIST_INIT(&c->talks);
	fill_address(c, address);
	canned_rise(c);
	if (c->listener == NULL) {
		free(c);
		return NULL;
	}
	/* The port now chosen is kept by every later rise. */
	getsockname(evconnlistener_get_fd(c->listener),
		    (struct sockaddr *)&c->at, &c->at_len);
	/* In the same place for both families (RFC 3493, 3.3). */
	c->port = ntohs(((struct sockaddr_in *)&c->at)->sin_port);
	return c;
}

uint16_t canned_port(const struct canned *c)
{
	return c->port;
}

void canned_set(struct canned *c, const struct canned_say *say)
{
	c->say = *say;
}

void canned_set_text(struct canned *c, const char *text, size_t repeat)
{
	const struct canned_say say = {
		.octets = text,
		.len = text == NULL ? 0 : strlen(text),
		.repeat = repeat,
		.stays = text == NULL,
	};

	canned_set(c, &say);
}

void canned_hang_up(struct canned *c)
{
	while (!LIST_EMPTY(&c->talks))
		talk_end(LIST_FIRST(&c->talks));
}

unsigned canned_accepted(const struct canned *c)
{
	return c->accepted;
}

const char *canned_request(const struct canned *c)
{
	return c->request;
}

void canned_stop(struct canned *c)
{
	if (c == NULL)
		return;
	canned_fall(c);
	canned_hang_up(c);
	free(c);
}
