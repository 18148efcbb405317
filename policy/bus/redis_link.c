/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_link.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "policy/bus/bus_impl.h"
#include "policy/bus/lookup.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_url.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>

enum {
	WATCH_MS = 250,
	SAY_AGAIN_MS = 30000,     /* the same trouble is logged this often */
	READ_AT_ONCE = 256 << 10, /* octets */
	UNPARSED_MAX = 64 << 20,  /* octets of one reply */
	SAID_MAX = 4,             /* troubles told apart at a time */
};

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_GREETING, LINK_UP };

/* A command on its way, and who waits for its reply. */
struct redis_call {
	struct redis_call *next;
	redis_done *done;
	void *arg;
	char about[64]; /* the key, for logs; cut */
};

struct redis_link {
	struct event_base *loop;
	const char *name;
	const struct redis_url *url;
	struct redis_owner owner;
	enum link_state state;
	bool failing;   /* on_down is due on the next turn */
	unsigned tries; /* in a row that came to nothing */
	struct bufferevent *connection;
	struct lookup *lookup;
	redisReader *reader;
	struct redis_call *calls, **calls_end;
	struct event *watch, *failure;
	int64_t moved_ms; /* when an octet last moved, or waiting began */
	size_t unsent;    /* octets, when last looked */
	/* What trouble was logged last, by address, and when. */
	struct said {
		const void *what;
		int64_t at_ms;
	} said[SAID_MAX];
};

/* Was it logged a short while ago?  From now on it was. */
static bool was_said(struct redis_link *link, const void *what, int64_t now_ms)
{
	struct said *slot = &link->said[0];

	for (size_t i = 0; i < SAID_MAX && slot->what != what; i++)
		if (link->said[i].what == what ||
		    link->said[i].at_ms < slot->at_ms)
			slot = &link->said[i];
	if (slot->what == what && now_ms - slot->at_ms < SAY_AGAIN_MS)
		return true;
	*slot = (struct said){ what, now_ms };
	return false;
}

/* The first time, and then now and again: key tells troubles apart. */
static void say(struct redis_link *link, const void *key, const char *words,
		const char *detail)
{
	const char *about = link->calls == NULL ? "" : link->calls->about;
	char quoted[256], more[256], of[80];

	link->owner.bus->counters.errors++;
	if (was_said(link, key, clock_now_ms()))
		return;
	log_event(LOG_LEVEL_ERROR, "bus", "redis-trouble",
		  "link=%s what=%s key=%s reply=%s", link->name,
		  log_quote(words, quoted, sizeof(quoted)),
		  log_quote(about, of, sizeof(of)),
		  log_quote(detail, more, sizeof(more)));
}

/* on_down comes on the next turn: nobody is cut off inside its own call. */
static void link_fail(struct redis_link *link, const char *words,
		      const char *detail)
{
	static const struct timeval at_once = { 0, 0 };

	if (link->failing || link->state == LINK_DOWN)
		return;
	link->failing = true;
	say(link, words, words, detail);
	evtimer_add(link->failure, &at_once);
}

static void tell_down(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;

	(void)fd, (void)what;
	link->owner.on_down(link->owner.arg);
}

static void free_command(const void *octets, size_t len, void *command)
{
	(void)octets, (void)len;
	redisFreeCommand(command);
}

static bool send_call(struct redis_link *link, const struct redis_command *c,
		      redis_done *done, void *arg)
{
	struct redis_call *call = malloc(sizeof(*call));
	/* hiredis takes it as const char **, and changes nothing. */
	const char **argv = (const char **)(uintptr_t)c->argv;
	char *octets = NULL;
	int len = -1;

	if (call != NULL)
		len = redisFormatCommandArgv(&octets, c->argc, argv, c->lens);
	if (len < 0 ||
	    evbuffer_add_reference(bufferevent_get_output(link->connection),
				   octets, (size_t)len, free_command,
				   octets) != 0) {
		if (len >= 0)
			redisFreeCommand(octets);
		free(call);
		return false;
	}
	if (link->calls == NULL)
		link->moved_ms = clock_now_ms();
	call->next = NULL;
	call->done = done;
	call->arg = arg;
	redis_command_about(c, call->about, sizeof(call->about));
	*link->calls_end = call;
	link->calls_end = &call->next;
	return true;
}

bool redis_link_is_up(const struct redis_link *link)
{
	return link->state == LINK_UP && !link->failing;
}

bool redis_link_send(struct redis_link *link, const struct redis_command *c,
		     redis_done *done, void *arg)
{
	return redis_link_is_up(link) && send_call(link, c, done, arg);
}

static void greet_pong(void *arg, const redisReply *reply)
{
	struct redis_link *link = arg;

	if (reply == NULL)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		link_fail(link, "the server refuses to talk", reply->str);
		return;
	}
	link->state = LINK_UP;
	memset(link->said, 0, sizeof(link->said));
	link->owner.on_up(link->owner.arg);
}

static void greet_auth(void *arg, const redisReply *reply)
{
	struct redis_link *link = arg;

	if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
		link_fail(link, "the server refuses the user or password",
			  reply->str);
}

/*
 * A connection proves nothing: the kernel of a stopped server accepts too.
 * The link is up when a PING is answered.
 */
static void greet(struct redis_link *link)
{
	struct redis_command auth = { 0 }, ping = { 0 };
	bool ok = true;

	link->state = LINK_GREETING;
	if (link->url->has_password) {
		redis_command_text(&auth, "AUTH");
		if (link->url->user[0] != '\0')
			redis_command_text(&auth, link->url->user);
		redis_command_text(&auth, link->url->password);
		ok = send_call(link, &auth, greet_auth, link);
	}
	redis_command_text(&ping, "PING");
	if (!ok || !send_call(link, &ping, greet_pong, link))
		link_fail(link, "out of memory", "");
}

static bool is_message(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
	       reply->element[0]->type == REDIS_REPLY_STRING &&
	       strcmp(reply->element[0]->str, "message") == 0 &&
	       reply->element[1]->type == REDIS_REPLY_STRING &&
	       reply->element[2]->type == REDIS_REPLY_STRING;
}

static void judge_error(struct redis_link *link, const redisReply *reply)
{
	const struct redis_error *error = redis_error_of(reply->str);

	if (error->ends_link)
		link_fail(link, error->words, reply->str);
	else
		say(link, error, error->words, reply->str);
}

static void take_reply(struct redis_link *link, const redisReply *reply)
{
	struct redis_call *call = link->calls;

	if (link->owner.on_message != NULL && is_message(reply)) {
		link->owner.on_message(link->owner.arg, reply->element[1]->str,
				       reply->element[2]->str,
				       (size_t)reply->element[2]->len);
		return;
	}
	/* While greeting, who greets judges. */
	if (reply->type == REDIS_REPLY_ERROR && link->state == LINK_UP)
		judge_error(link, reply);
	if (call == NULL) {
		link_fail(link, "the server says what nobody asked",
			  reply->type == REDIS_REPLY_ERROR ? reply->str : "");
		return;
	}
	link->calls = call->next;
	if (link->calls == NULL)
		link->calls_end = &link->calls;
	if (call->done != NULL)
		call->done(call->arg, reply);
	free(call);
}

/* Moves what has arrived into the parser. */
static bool feed_reader(struct redis_link *link)
{
	struct evbuffer *in = bufferevent_get_input(link->connection);
	size_t len;

	while ((len = evbuffer_get_contiguous_space(in)) > 0) {
		const char *at =
			(const char *)evbuffer_pullup(in, (ssize_t)len);

		if (redisReaderFeed(link->reader, at, len) != REDIS_OK)
			return false;
		evbuffer_drain(in, len);
	}
	return link->reader->len <= UNPARSED_MAX;
}

static void on_readable(struct bufferevent *connection, void *arg)
{
	struct redis_link *link = arg;
	void *reply = NULL;

	(void)connection;
	link->moved_ms = clock_now_ms();
	if (!feed_reader(link)) {
		link_fail(link, "a reply is too large", "");
		return;
	}
	while (!link->failing) {
		if (redisReaderGetReply(link->reader, &reply) != REDIS_OK) {
			link_fail(link, "this is no Redis server",
				  link->reader->errstr);
			return;
		}
		if (reply == NULL)
			return;
		take_reply(link, reply);
		freeReplyObject(reply);
	}
}

static void prepare_socket(struct redis_link *link)
{
	evutil_socket_t fd = bufferevent_getfd(link->connection);
	int on = 1;

	evutil_make_socket_closeonexec(fd);
	/* Fails on a unix socket, which needs none. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void on_event(struct bufferevent *connection, short what, void *arg)
{
	struct redis_link *link = arg;

	(void)connection;
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		prepare_socket(link);
		link->moved_ms = clock_now_ms();
		greet(link);
	} else if ((what & BEV_EVENT_EOF) != 0) {
		link_fail(link, "the server closed the connection", "");
	} else {
		link_fail(link,
			  link->state == LINK_CONNECTING
				  ? "cannot connect"
				  : "the connection broke",
			  evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	}
}

static void send_ping(struct redis_link *link)
{
	struct redis_command ping = { 0 };

	redis_command_text(&ping, "PING");
	if (!send_call(link, &ping, NULL, NULL))
		link_fail(link, "out of memory", "");
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;
	int64_t now_ms = clock_now_ms();
	size_t unsent = 0;

	(void)fd, (void)what;
	if (link->connection != NULL)
		unsent = evbuffer_get_length(
			bufferevent_get_output(link->connection));
	if (unsent < link->unsent)
		link->moved_ms = now_ms;
	link->unsent = unsent;
	if (link->state == LINK_UP && link->calls == NULL &&
	    now_ms - link->moved_ms >= REDIS_PING_MS)
		send_ping(link);
	else if ((link->calls != NULL || link->state == LINK_CONNECTING) &&
		 now_ms - link->moved_ms >= REDIS_SILENCE_MS)
		link_fail(link, "the server does not answer", "");
}

/* The one place that makes connections. */
static struct bufferevent *new_connection(struct redis_link *link)
{
	struct bufferevent *connection =
		bufferevent_socket_new(link->loop, -1, BEV_OPT_CLOSE_ON_FREE);

	if (connection == NULL)
		return NULL;
	bufferevent_setcb(connection, on_readable, NULL, on_event, link);
	bufferevent_set_max_single_read(connection, READ_AT_ONCE);
	bufferevent_enable(connection, EV_READ | EV_WRITE);
	return connection;
}

static int connect_unix(struct redis_link *link)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(link->url->path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, link->url->path);
	return bufferevent_socket_connect(link->connection,
					  (struct sockaddr *)&address,
					  sizeof(address));
}

/* Several addresses have their turns, one a try. */
static void on_found(void *arg, const struct addrinfo *list,
		     const char *problem)
{
	struct redis_link *link = arg;
	const struct addrinfo *at = list;

	if (list == NULL) {
		link_fail(link, "the server's name is not found", problem);
		return;
	}
	for (unsigned i = 0; i < link->tries; i++)
		at = at->ai_next == NULL ? list : at->ai_next;
	link->moved_ms = clock_now_ms();
	if (bufferevent_socket_connect(link->connection, at->ai_addr,
				       (int)at->ai_addrlen) != 0)
		link_fail(link, "cannot connect", strerror(errno));
}

static int connect_tcp(struct redis_link *link)
{
	link->lookup = lookup_start(link->loop, link->url->host,
				    link->url->port, on_found, link);
	return link->lookup == NULL ? -1 : 0;
}

void redis_link_connect(struct redis_link *link)
{
	struct timeval every = { 0, WATCH_MS * 1000 };
	int rc;

	assert(link->state == LINK_DOWN);
	link->state = LINK_CONNECTING;
	link->moved_ms = clock_now_ms();
	link->unsent = 0;
	link->reader = redisReaderCreate();
	link->connection = new_connection(link);
	if (link->reader == NULL || link->connection == NULL) {
		link_fail(link, "out of memory", "");
		return;
	}
	evtimer_add(link->watch, &every);
	rc = link->url->path[0] != '\0' ? connect_unix(link)
					: connect_tcp(link);
	if (rc != 0)
		link_fail(link, "cannot connect", strerror(errno));
}

void redis_link_close(struct redis_link *link)
{
	struct redis_call *call = link->calls;

	/* What did not work is not tried twice in a row. */
	link->tries = link->state == LINK_UP ? 0 : link->tries + 1;
	link->state = LINK_DOWN;
	link->failing = false;
	link->calls = NULL;
	link->calls_end = &link->calls;
	evtimer_del(link->failure);
	evtimer_del(link->watch);
	if (link->connection != NULL)
		bufferevent_free(link->connection);
	lookup_stop(link->lookup);
	if (link->reader != NULL)
		redisReaderFree(link->reader);
	link->connection = NULL;
	link->lookup = NULL;
	link->reader = NULL;
	while (call != NULL) {
		struct redis_call *next = call->next;

		if (call->done != NULL)
			call->done(call->arg, NULL);
		free(call);
		call = next;
	}
}

struct redis_link *redis_link_new(struct event_base *loop, const char *name,
				  const struct redis_url *url,
				  const struct redis_owner *owner)
{
	struct redis_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	link->loop = loop;
	link->name = name;
	link->url = url;
	link->owner = *owner;
	link->calls_end = &link->calls;
	link->watch = event_new(loop, -1, EV_PERSIST, on_watch, link);
	link->failure = evtimer_new(loop, tell_down, link);
	if (link->watch == NULL || link->failure == NULL) {
		redis_link_free(link);
		return NULL;
	}
	return link;
}

void redis_link_free(struct redis_link *link)
{
	if (link == NULL)
		return;
	if (link->watch != NULL && link->failure != NULL)
		redis_link_close(link);
	if (link->watch != NULL)
		event_free(link->watch);
	if (link->failure != NULL)
		event_free(link->failure);
	free(link);
}
