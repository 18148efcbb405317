/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/connection.h"

#include "dns/answer.h"
#include "dns/prelude.h"
#include "dns/slot.h"
#include "dns/socket.h"
#include "dns/stats.h"
#include "dns/tap.h"
#include "dns/tls.h"
#include "policy/base/clock.h"
#include "policy/base/hash.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MESSAGE_MAX = 65535,
	PREFIX = 2,
	IDLE_PARTS = 8, /* a full house leaves one of them */
};

struct connection {
	TAILQ_ENTRY(connection) link;
	struct client_link client;
	struct connections *all;
	int fd;                   /* stream's, once that is there */
	struct tls *tls;          /* NULL: plain */
	struct event *announcing; /* a proxy tells whom it speaks for */
	struct prelude prelude;
	struct bufferevent *stream; /* NULL while announcing */
	struct net_addr peer;
	uint16_t port;     /* the peer's */
	int64_t active_ms; /* taken in, or the last whole query */
	int64_t unread_ms; /* since when answers wait; 0: none do */
	bool open;         /* PROXY header and TLS, if any, are through */
	bool ended;        /* the client has closed its side */
};

/* What the client has not taken is forgotten at once, in the kernel too. */
static void forget_unsent(const struct connection *c)
{
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

/* A close_notify, as far as the socket takes it; none is awaited. */
static void say_goodbye(const struct connection *c)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->stream);

	SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
	if (SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
}

static void connection_close(struct connection *c)
{
	if (c->announcing != NULL)
		event_free(c->announcing);
	if (c->stream != NULL)
		bufferevent_free(c->stream); /* closes */
	else
		close(c->fd);
}

/* why: one of STATS_CLOSED_*. */
static void connection_free(struct connection *c, enum stats_event why)
{
	if (why == STATS_CLOSED_UNREAD)
		forget_unsent(c);
	else if (c->tls != NULL && c->stream != NULL)
		say_goodbye(c);
	stats_count_event(c->all->stats, why, 1);
	TAILQ_REMOVE(&c->all->list, c, link);
	c->all->count--;
	clients_leave(&c->client);
	connection_close(c);
	free(c);
}

static size_t unread_octets(const struct connection *c)
{
	if (c->stream == NULL)
		return 0;
	return evbuffer_get_length(bufferevent_get_output(c->stream));
}

/* Moves the next whole message into all->query; false when there is none. */
static bool take_message(struct connection *c, size_t *len)
{
	struct evbuffer *in = bufferevent_get_input(c->stream);
	uint8_t prefix[PREFIX];

	if (evbuffer_copyout(in, prefix, PREFIX) < PREFIX)
		return false;
	*len = (size_t)prefix[0] << 8 | prefix[1];
	if (evbuffer_get_length(in) < PREFIX + *len)
		return false;
	evbuffer_drain(in, PREFIX);
	return evbuffer_remove(in, c->all->query, *len) == (int)*len;
}

/* For who collects.  Which of our addresses was asked, the kernel knows. */
static void put_copy(struct connection *c, const struct answer_input *input,
		     const struct answer_outcome *outcome, size_t len)
{
	struct connections *all = c->all;
	struct sockaddr_storage local = { 0 };
	socklen_t size = sizeof(local);

	(void)getsockname(c->fd, (struct sockaddr *)&local, &size);
	tap_put(all->tap,
		&(struct tap_exchange){
			.transport = c->tls != NULL ? STATS_DOT : STATS_TCP,
			.client = { c->peer, c->port },
			.server = { socket_peer((struct sockaddr *)&local),
				    socket_port((struct sockaddr *)&local) },
			.wall_asked_ns = clock_wall_ns(),
			.query = input->query,
			.query_len = input->len,
			.answer = all->answer + PREFIX,
			.answer_len = len,
			.table = slot_read(all->slot),
			.zone = outcome->zone,
		});
}

/* False when memory runs out. */
static bool answer_message(struct connection *c, size_t query_len)
{
	struct connections *all = c->all;
	struct answer_input input = {
		.query = all->query,
		.len = query_len,
		.peer = c->peer,
		.stream = true,
		.encrypted = c->tls != NULL,
		.random = hash_mix(all->random += UINT64_C(0x9e3779b97f4a7c15)),
		.identity = slot_identity(all->slot),
		.view = slot_view(all->slot),
		.now_s = clock_wall_s(),
		.keepalive_ms =
			all->ending ? 0 : (uint32_t)connections_idle_ms(all),
	};
	struct answer_outcome outcome;
	size_t len = answer_query(slot_read(all->slot), &input,
				  all->answer + PREFIX, MESSAGE_MAX, &outcome);

	stats_count(all->stats, c->tls != NULL ? STATS_DOT : STATS_TCP,
		    &outcome, len);
	if (all->tap != NULL)
		put_copy(c, &input, &outcome, len);
	if (len == 0)
		return true;
	all->answer[0] = (uint8_t)(len >> 8);
	all->answer[1] = (uint8_t)len;
	return evbuffer_add(bufferevent_get_output(c->stream), all->answer,
			    PREFIX + len) == 0;
}

/*
 * Answers what has arrived whole, as far as the client takes answers: one that
 * sends without reading fills its own socket and nothing else.
 */
static void serve(struct connection *c)
{
	const struct tcp_limits *limits = &c->all->limits;
	int64_t now_ms = clock_now_ms();
	bool any = false, ok = true;
	size_t len;

	slot_online();
	while (ok && unread_octets(c) < limits->unread_octets &&
	       take_message(c, &len)) {
		ok = answer_message(c, len);
		any = true;
	}
	slot_offline();
	if (any) {
		c->active_ms = now_ms;
		TAILQ_REMOVE(&c->all->list, c, link);
		TAILQ_INSERT_TAIL(&c->all->list, c, link);
		clients_touch(&c->client);
	}
	if (unread_octets(c) > 0 && c->unread_ms == 0)
		c->unread_ms = now_ms;
	if (unread_octets(c) >= limits->unread_octets)
		bufferevent_disable(c->stream, EV_READ);
	if (!ok)
		connection_free(c, STATS_CLOSED_ERROR);
	else if (c->ended && unread_octets(c) == 0)
		connection_free(c, STATS_CLOSED_CLIENT);
}

static void on_read(struct bufferevent *stream, void *arg)
{
	(void)stream;
	serve(arg);
}

/* All answers are with the kernel: what was left unread gets its turn. */
static void on_written(struct bufferevent *stream, void *arg)
{
	struct connection *c = arg;

	c->unread_ms = 0;
	if (!c->ended)
		bufferevent_enable(stream, EV_READ);
	serve(c);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct connection *c = arg;

	if ((what & BEV_EVENT_CONNECTED) != 0) {
		c->open = true; /* the handshake is over */
		return;
	}
	if ((what & BEV_EVENT_EOF) == 0) {
		connection_free(c, STATS_CLOSED_ERROR);
		return;
	}
	c->ended = true;
	/* Under TLS an end of the one side ends both, if it is not said. */
	bufferevent_enable(stream, EV_WRITE);
	serve(c);
}

static struct bufferevent *tls_stream(struct event_base *loop, int fd,
				      struct tls *tls)
{
	SSL *ssl = tls_session(tls);
	struct bufferevent *stream;

	if (ssl == NULL)
		return NULL;
	stream = bufferevent_openssl_socket_new(loop, fd, ssl,
						BUFFEREVENT_SSL_ACCEPTING,
						BEV_OPT_CLOSE_ON_FREE);
	if (stream == NULL)
		SSL_free(ssl);
	else /* who just closes is as good as who says so first */
		bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
	return stream;
}

/* The client is known: his messages are next.  False: out of memory. */
static bool open_stream(struct connection *c)
{
	struct event_base *loop = c->all->loop;

	c->stream = c->tls != NULL
			    ? tls_stream(loop, c->fd, c->tls)
			    : bufferevent_socket_new(loop, c->fd,
						     BEV_OPT_CLOSE_ON_FREE);
	if (c->stream == NULL)
		return false;
	c->open = c->tls == NULL;
	bufferevent_setcb(c->stream, on_read, on_written, on_event, c);
	bufferevent_setwatermark(c->stream, EV_READ, 0,
				 2 * (PREFIX + MESSAGE_MAX));
	/* What is ready goes out at once, not 16 KiB a turn. */
	bufferevent_set_max_single_write(c->stream, PREFIX + MESSAGE_MAX);
	return bufferevent_enable(c->stream, EV_READ | EV_WRITE) == 0;
}

static struct connection *of_client(struct client_link *link)
{
	return (struct connection *)(void *)((char *)link -
					     offsetof(struct connection,
						      client));
}

/* Makes room among the client's own, and hears him.  May free c. */
static void welcome(struct connection *c)
{
	struct connections *all = c->all;
	struct client_link *over =
		clients_over(&all->clients, &c->peer, all->limits.per_client);

	if (over != NULL)
		connection_free(of_client(over), STATS_CLOSED_LIMIT);
	if (!clients_join(&all->clients, &c->client, &c->peer) ||
	    !open_stream(c))
		connection_free(c, STATS_CLOSED_ERROR);
}

static void on_announcing(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	struct proxy_client client = { c->peer, c->port, 0 };

	(void)what;
	switch (prelude_read(&c->prelude, fd, &client)) {
	case PRELUDE_MORE:
		return;
	case PRELUDE_BROKEN:
		connection_free(c, STATS_CLOSED_ERROR);
		return;
	case PRELUDE_DONE:
		break;
	}
	event_free(c->announcing);
	c->announcing = NULL;
	c->peer = client.addr;
	c->port = client.port;
	welcome(c);
}

/* May free c. */
static void await_announcement(struct connection *c)
{
	c->announcing = event_new(c->all->loop, c->fd, EV_READ | EV_PERSIST,
				  on_announcing, c);
	if (c->announcing == NULL || event_add(c->announcing, NULL) != 0)
		connection_free(c, STATS_CLOSED_ERROR);
}

bool connections_init(struct connections *all)
{
	TAILQ_INIT(&all->list);
	all->count = 0;
	all->query = malloc(MESSAGE_MAX);
	all->answer = malloc(PREFIX + MESSAGE_MAX);
	if (all->query == NULL || all->answer == NULL ||
	    getrandom(&all->random, sizeof(all->random), 0) !=
		    sizeof(all->random))
		return false;
	clients_init(&all->clients, hash_mix(~all->random));
	return true;
}

void connections_fini(struct connections *all)
{
	struct connection *c = TAILQ_FIRST(&all->list), *next;

	for (; c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		connection_free(c, STATS_CLOSED_STOP);
	}
	free(all->query);
	free(all->answer);
}

void connections_add(struct connections *all, int fd,
		     const struct sockaddr *from, struct tls *tls)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return;
	}
	if (all->count >= all->limits.total)
		connections_drop_idlest(all);
	c->all = all;
	c->fd = fd;
	c->tls = tls;
	c->peer = socket_peer(from);
	c->port = socket_port(from);
	c->active_ms = clock_now_ms();
	TAILQ_INSERT_TAIL(&all->list, c, link);
	all->count++;
	stats_count_event(all->stats, STATS_ACCEPTED, 1);
	if (proxy_sources_has(all->proxies, &c->peer))
		await_announcement(c);
	else
		welcome(c);
}

bool connections_drop_idlest(struct connections *all)
{
	struct connection *c = TAILQ_FIRST(&all->list);

	if (c == NULL)
		return false;
	connection_free(c, STATS_CLOSED_LIMIT);
	return true;
}

static bool over_time(const struct connection *c, int64_t now_ms)
{
	const struct tcp_limits *limits = &c->all->limits;

	if (c->unread_ms != 0)
		return now_ms - c->unread_ms >= limits->unread_ms;
	if (!c->open && now_ms - c->active_ms >= limits->opening_ms)
		return true;
	return now_ms - c->active_ms >= connections_idle_ms(c->all);
}

int64_t connections_idle_ms(const struct connections *all)
{
	const struct tcp_limits *limits = &all->limits;
	size_t half = limits->total / 2;
	size_t free_places =
		all->count < limits->total ? limits->total - all->count : 0;
	int64_t least_ms = limits->idle_ms / IDLE_PARTS;
	int64_t idle_ms = limits->idle_ms;

	if (free_places < half)
		idle_ms = least_ms + (idle_ms - least_ms) *
					     (int64_t)free_places /
					     (int64_t)half;
	return idle_ms;
}

void connections_sweep(struct connections *all)
{
	int64_t now_ms = clock_now_ms();
	struct connection *c = TAILQ_FIRST(&all->list), *next;

	for (; c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (over_time(c, now_ms))
			connection_free(c, c->unread_ms != 0
						   ? STATS_CLOSED_UNREAD
						   : STATS_CLOSED_IDLE);
	}
}

bool connections_waiting(const struct connections *all)
{
	const struct connection *c = TAILQ_FIRST(&all->list);

	while (c != NULL && unread_octets(c) == 0)
		c = TAILQ_NEXT(c, link);
	return c != NULL;
}
