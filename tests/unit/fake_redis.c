/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fake_redis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <hiredis/hiredis.h>

struct client {
	struct client *next;
	struct fake_redis *fake;
	struct bufferevent *stream;
	redisReader *reader;
	bool subscribed;
};

struct fake_redis {
	const struct fake_words *words;
	struct evconnlistener *listener;
	struct client *clients;
	unsigned made;
	int port;
};

static void say(struct client *c, const char *reply)
{
	evbuffer_add(bufferevent_get_output(c->stream), reply, strlen(reply));
}

static const char *or_else(const char *words, const char *otherwise)
{
	return words == NULL ? otherwise : words;
}

static void answer(struct client *c, const redisReply *command)
{
	const struct fake_words *words = c->fake->words;
	const char *verb = command->element[0]->str;

	if (strcmp(verb, "PING") == 0)
		say(c, "+PONG\r\n");
	else if (strcmp(verb, "EVAL") == 0)
		say(c, or_else(words->eval, ":1\r\n"));
	else if (strcmp(verb, "ROLE") == 0)
		say(c, or_else(words->role, "*3\r\n$6\r\nmaster\r\n:1\r\n"
					    "*0\r\n"));
	else if (strcmp(verb, "SENTINEL") == 0)
		say(c, or_else(words->sentinel, "*-1\r\n"));
	else if (strcmp(verb, "SRANDMEMBER") == 0)
		say(c, "*0\r\n");
	else if (strcmp(verb, "GETRANGE") == 0)
		say(c, "$0\r\n\r\n");
	else if (strcmp(verb, "SUBSCRIBE") == 0) {
		c->subscribed = true;
		say(c, "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n");
	} else
		say(c, "-ERR unknown command\r\n");
}

static void drop_client(struct client *c)
{
	struct client **at = &c->fake->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	bufferevent_free(c->stream);
	redisReaderFree(c->reader);
	free(c);
}

/* A command is what an array of strings as a reply would be. */
static void on_readable(struct bufferevent *stream, void *arg)
{
	struct client *c = arg;
	char octets[4096];
	void *command;
	size_t len;

	while ((len = bufferevent_read(stream, octets, sizeof(octets))) > 0)
		assert_int_equal(redisReaderFeed(c->reader, octets, len),
				 REDIS_OK);
	for (;;) {
		assert_int_equal(redisReaderGetReply(c->reader, &command),
				 REDIS_OK);
		if (command == NULL)
			return;
		answer(c, command);
		freeReplyObject(command);
	}
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	(void)stream, (void)what;
	drop_client(arg);
}

static void on_client(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *from, int from_len, void *arg)
{
	struct fake_redis *fake = arg;
	struct client *c = calloc(1, sizeof(*c));

	(void)from, (void)from_len;
	assert_non_null(c);
	c->fake = fake;
	c->reader = redisReaderCreate();
	c->stream = bufferevent_socket_new(evconnlistener_get_base(listener),
					   fd, BEV_OPT_CLOSE_ON_FREE);
	assert_non_null(c->stream);
	bufferevent_setcb(c->stream, on_readable, NULL, on_event, c);
	bufferevent_enable(c->stream, EV_READ | EV_WRITE);
	c->next = fake->clients;
	fake->clients = c;
	fake->made++;
}

struct fake_redis *fake_redis_new(struct event_base *loop,
				  const struct fake_words *words)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct fake_redis *fake = calloc(1, sizeof(*fake));
	socklen_t len = sizeof(address);

	assert_non_null(fake);
	fake->words = words;
	fake->listener = evconnlistener_new_bind(loop, on_client, fake,
						 LEV_OPT_CLOSE_ON_FREE, 8,
						 (struct sockaddr *)&address,
						 sizeof(address));
	assert_non_null(fake->listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(fake->listener),
				     (struct sockaddr *)&address, &len),
			 0);
	fake->port = ntohs(address.sin_port);
	return fake;
}

int fake_redis_port(const struct fake_redis *fake)
{
	return fake->port;
}

unsigned fake_redis_made(const struct fake_redis *fake)
{
	return fake->made;
}

unsigned fake_redis_subscribed(const struct fake_redis *fake)
{
	unsigned sum = 0;

	for (const struct client *c = fake->clients; c != NULL; c = c->next)
		sum += c->subscribed;
	return sum;
}

void fake_redis_hang_up(struct fake_redis *fake)
{
	while (fake->clients != NULL)
		drop_client(fake->clients);
}

void fake_redis_free(struct fake_redis *fake)
{
	fake_redis_hang_up(fake);
	evconnlistener_free(fake->listener);
	free(fake);
}
