/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_socket.h"

#include "policy/bus/lookup.h"
#include "policy/bus/redis_tls.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <openssl/ssl.h>

enum {
	READ_AT_ONCE = 256 << 10, /* octets */
	UNPARSED_MAX = 64 << 20,  /* of one reply */
};

struct redis_socket {
	const struct redis_target *target;
	unsigned nth;
	struct redis_socket_user user;
	struct bufferevent *stream;
	struct lookup *lookup;
	bool found; /* its name */
	bool open;
	bool heard; /* an octet has come */
};

static void fail(struct redis_socket *s, const char *words, const char *detail)
{
	s->user.on_fail(s->user.arg, words, detail);
}

static void prepare_descriptor(struct redis_socket *s)
{
	evutil_socket_t fd = bufferevent_getfd(s->stream);
	int on = 1;

	evutil_make_socket_closeonexec(fd);
	/* Fails on a unix socket, which needs none. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/*
 * A TLS port ends a connection on which something else is said, and one without
 * the certificate that it wants; its alert may be lost when it does.
 */
static const char *closed_words(const struct redis_socket *s)
{
	if (s->heard || s->target->path[0] != '\0')
		return "the server closed the connection";
	return s->target->tls == NULL
		       ? "the server closed the connection at once; if this is "
			 "its TLS port, write rediss://"
		       : "the server closed the connection at once; perhaps it "
			 "wants a client certificate, or another than ours: "
			 "cert=FILE and key=FILE in the url";
}

static void on_trouble(struct redis_socket *s)
{
	const char *detail, *words = redis_tls_trouble(s->stream, &detail);
	int code = EVUTIL_SOCKET_ERROR(); /* which TLS may have told */

	if (words != NULL)
		fail(s, words, detail);
	else if (code == 0 || code == ECONNRESET)
		fail(s, closed_words(s), "");
	else
		fail(s, s->open ? "the connection broke" : "cannot connect",
		     evutil_socket_error_to_string(code));
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct redis_socket *s = arg;

	(void)stream;
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		prepare_descriptor(s);
		s->open = true;
		s->user.on_open(s->user.arg);
	} else if ((what & BEV_EVENT_EOF) != 0) {
		fail(s, closed_words(s), "");
	} else {
		on_trouble(s);
	}
}

static void on_readable(struct bufferevent *stream, void *arg)
{
	struct redis_socket *s = arg;

	(void)stream;
	s->heard = true;
	s->user.on_octets(s->user.arg);
}

static struct bufferevent *new_stream(struct event_base *loop,
				      const struct redis_target *target)
{
	struct bufferevent *stream;
	SSL *ssl;

	if (target->tls == NULL)
		return bufferevent_socket_new(loop, -1, BEV_OPT_CLOSE_ON_FREE);
	ssl = redis_tls_session(target->tls, target->place.host);
	if (ssl == NULL)
		return NULL;
	stream = bufferevent_openssl_socket_new(loop, -1, ssl,
						BUFFEREVENT_SSL_CONNECTING,
						BEV_OPT_CLOSE_ON_FREE);
	if (stream == NULL)
		SSL_free(ssl);
	return stream;
}

static void connect_to(struct redis_socket *s, const struct sockaddr *address,
		       socklen_t len)
{
	if (bufferevent_socket_connect(s->stream, address, (int)len) != 0)
		fail(s, "cannot connect", strerror(errno));
}

static void connect_unix(struct redis_socket *s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(s->target->path) >= sizeof(address.sun_path)) {
		fail(s, "cannot connect", strerror(ENAMETOOLONG));
		return;
	}
	strcpy(address.sun_path, s->target->path);
	connect_to(s, (struct sockaddr *)&address, sizeof(address));
}

/* Several addresses have their turns, one a try. */
static void on_found(void *arg, const struct addrinfo *list,
		     const char *problem)
{
	struct redis_socket *s = arg;
	const struct addrinfo *at = list;

	s->found = true;
	if (list == NULL) {
		fail(s, "the server's name is not found", problem);
		return;
	}
	for (unsigned i = 0; i < s->nth; i++)
		at = at->ai_next == NULL ? list : at->ai_next;
	connect_to(s, at->ai_addr, at->ai_addrlen);
}

struct redis_socket *redis_socket_open(struct event_base *loop,
				       const struct redis_target *target,
				       unsigned nth,
				       const struct redis_socket_user *user)
{
	struct redis_socket *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->target = target;
	s->nth = nth;
	s->user = *user;
	s->stream = new_stream(loop, target);
	if (s->stream == NULL) {
		free(s);
		return NULL;
	}
	bufferevent_setcb(s->stream, on_readable, NULL, on_event, s);
	bufferevent_set_max_single_read(s->stream, READ_AT_ONCE);
	bufferevent_enable(s->stream, EV_READ | EV_WRITE);
	if (target->path[0] != '\0') {
		connect_unix(s);
		return s;
	}
	s->lookup = lookup_start(loop, target->place.host, target->place.port,
				 on_found, s);
	if (s->lookup == NULL)
		fail(s, "cannot connect", strerror(errno));
	return s;
}

bool redis_socket_seeks(const struct redis_socket *socket)
{
	return socket->lookup != NULL && !socket->found;
}

struct evbuffer *redis_socket_in(struct redis_socket *socket)
{
	return bufferevent_get_input(socket->stream);
}

struct evbuffer *redis_socket_out(struct redis_socket *socket)
{
	return bufferevent_get_output(socket->stream);
}

bool redis_socket_read(struct redis_socket *socket, redisReader *reader)
{
	struct evbuffer *in = redis_socket_in(socket);
	size_t len;

	while ((len = evbuffer_get_contiguous_space(in)) > 0) {
		const char *at =
			(const char *)evbuffer_pullup(in, (ssize_t)len);

		if (redisReaderFeed(reader, at, len) != REDIS_OK)
			return false;
		evbuffer_drain(in, len);
	}
	return reader->len <= UNPARSED_MAX;
}

void redis_socket_papers(const struct redis_socket *socket, int64_t *theirs_s,
			 int64_t *ours_s)
{
	redis_tls_papers(socket->stream, theirs_s, ours_s);
}

void redis_socket_close(struct redis_socket *socket)
{
	if (socket == NULL)
		return;
	bufferevent_free(socket->stream);
	lookup_stop(socket->lookup);
	free(socket);
}
