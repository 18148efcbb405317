/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_dialog.h"

#include "policy/bus/redis_socket.h"
#include "policy/bus/redis_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>

enum { ADDRESSES_MAX = 4 }; /* of one name, that are tried */

struct redis_dialog {
	struct event_base *loop;
	struct event *over; /* patience */
	struct timeval patience;
	const struct redis_target *target;
	struct redis_socket *socket;
	redisReader *reader;
	redisReply *reply; /* the one waited for */
	bool open;
	const char *trouble; /* NULL: none */
	char detail[200];
};

/* The first trouble is the cause of those that follow. */
static void fail(struct redis_dialog *d, const char *words, const char *detail)
{
	if (d->trouble == NULL) {
		d->trouble = words;
		snprintf(d->detail, sizeof(d->detail), "%s", detail);
	}
	event_base_loopbreak(d->loop);
}

static void on_open(void *arg)
{
	struct redis_dialog *d = arg;

	d->open = true;
	event_base_loopbreak(d->loop);
}

static void on_fail(void *arg, const char *words, const char *detail)
{
	fail(arg, words, detail);
}

static void on_octets(void *arg)
{
	struct redis_dialog *d = arg;
	void *reply = NULL;

	if (d->reply != NULL)
		return; /* said without being asked: read with the next */
	if (!redis_socket_read(d->socket, d->reader))
		fail(d, "a reply is too large", "");
	else if (redisReaderGetReply(d->reader, &reply) != REDIS_OK)
		fail(d, "this is no Redis server", d->reader->errstr);
	d->reply = reply;
	if (reply != NULL)
		event_base_loopbreak(d->loop);
}

static void on_over(evutil_socket_t fd, short what, void *arg)
{
	struct redis_dialog *d = arg;

	(void)fd, (void)what;
	fail(d,
	     d->open ? "the server is there and does not answer"
	     : d->target->tls != NULL ? "the server does not answer; is this "
					"its TLS port?"
				      : "the server does not answer",
	     "");
}

/* Until something happened, or patience is over. */
static void wait_for_it(struct redis_dialog *d)
{
	if (evtimer_add(d->over, &d->patience) != 0) {
		fail(d, "out of memory", "");
		return;
	}
	event_base_dispatch(d->loop);
	evtimer_del(d->over);
}

static void connect_to(struct redis_dialog *d, unsigned nth)
{
	const struct redis_socket_user user = { on_open, on_octets, on_fail,
						d };

	redis_socket_close(d->socket);
	d->trouble = NULL;
	d->socket = redis_socket_open(d->loop, d->target, nth, &user);
	if (d->socket == NULL)
		fail(d, "out of memory", "");
	/* It may have failed at once: nothing is to come then. */
	if (d->trouble == NULL && !d->open)
		wait_for_it(d);
}

struct redis_dialog *redis_dialog_open(const struct redis_target *target,
				       int64_t patience_ms)
{
	struct redis_dialog *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->target = target;
	d->patience = (struct timeval){
		.tv_sec = patience_ms / 1000,
		.tv_usec = patience_ms % 1000 * 1000,
	};
	d->loop = event_base_new();
	if (d->loop != NULL)
		d->over = evtimer_new(d->loop, on_over, d);
	d->reader = redisReaderCreate();
	if (d->over == NULL || d->reader == NULL) {
		redis_dialog_free(d);
		return NULL;
	}
	for (unsigned nth = 0; nth < ADDRESSES_MAX && !d->open; nth++) {
		connect_to(d, nth);
		/* Who lets us wait would do so again. */
		if (d->trouble == NULL ||
		    strcmp(d->trouble, "cannot connect") != 0)
			break;
	}
	return d;
}

const char *redis_dialog_trouble(const struct redis_dialog *d,
				 const char **detail)
{
	*detail = d->detail;
	return d->trouble;
}

redisReply *redis_dialog_ask(struct redis_dialog *d, int argc,
			     const char **argv)
{
	redisReply *reply;
	char *octets;
	int len;

	if (d->trouble != NULL)
		return NULL;
	len = redisFormatCommandArgv(&octets, argc, argv, NULL);
	if (len < 0) {
		fail(d, "out of memory", "");
		return NULL;
	}
	if (evbuffer_add(redis_socket_out(d->socket), octets, (size_t)len) != 0)
		fail(d, "out of memory", "");
	redisFreeCommand(octets);
	if (d->trouble == NULL)
		wait_for_it(d);
	reply = d->reply;
	d->reply = NULL;
	return reply;
}

void redis_dialog_listen(struct redis_dialog *d)
{
	if (d->trouble == NULL)
		wait_for_it(d);
}

void redis_dialog_papers(const struct redis_dialog *d, int64_t *theirs_s,
			 int64_t *ours_s)
{
	redis_socket_papers(d->socket, theirs_s, ours_s);
}

void redis_dialog_free(struct redis_dialog *d)
{
	if (d == NULL)
		return;
	redis_socket_close(d->socket);
	freeReplyObject(d->reply);
	if (d->reader != NULL)
		redisReaderFree(d->reader);
	if (d->over != NULL)
		event_free(d->over);
	if (d->loop != NULL)
		event_base_free(d->loop);
	free(d);
}
