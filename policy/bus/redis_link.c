/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_link.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "policy/bus/bus_impl.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_greeting.h"
#include "policy/bus/redis_socket.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>

enum {
	WATCH_MS = 250,
	SAY_AGAIN_MS = 30000, /* the same trouble is logged this often */
	SAID_MAX = 4,         /* troubles told apart at a time */
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
	const struct redis_target *target;
	struct redis_owner owner;
	enum link_state state;
	enum redis_step greeted; /* the step whose reply is due */
	bool failing;            /* on_down is due on the next turn */
	bool seeking;            /* the server's name was, when last looked */
	unsigned tries;          /* in a row that came to nothing */
	struct redis_socket *socket;
	redisReader *reader;
	struct redis_call *calls, **calls_end;
	struct event *watch, *failure;
	int64_t moved_ms; /* when an octet last moved, or waiting began */
	int64_t role_ms;  /* when ROLE was last asked */
	int64_t news_ms;  /* when said is forgotten; 0: it was */
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

static void log_trouble(struct redis_link *link, const char *words,
			const char *detail)
{
	const char *about = link->calls == NULL ? "" : link->calls->about;
	const struct redis_target *t = link->target;
	char server[REDIS_TEXT_SIZE + 8], at[300], quoted[256], more[256];
	char of[80];

	if (t->path[0] != '\0')
		snprintf(server, sizeof(server), "%s", t->path);
	else
		snprintf(server, sizeof(server), "%s:%u", t->place.host,
			 t->place.port);
	log_event(LOG_LEVEL_ERROR, "bus", "redis-trouble",
		  "link=%s server=%s what=%s key=%s reply=%s", link->name,
		  log_quote(server, at, sizeof(at)),
		  log_quote(words, quoted, sizeof(quoted)),
		  log_quote(about, of, sizeof(of)),
		  log_quote(detail, more, sizeof(more)));
}

/* The first time, and then now and again: key tells troubles apart. */
static void say(struct redis_link *link, const void *key, const char *words,
		const char *detail)
{

	link->owner.bus->counters.errors++;
	if (!was_said(link, key, clock_now_ms()))
		log_trouble(link, words, detail);
}

/* on_down comes on the next turn: nobody is cut off inside its own call. */
static void end_soon(struct redis_link *link)
{
	static const struct timeval at_once = { 0, 0 };

	link->failing = true;
	evtimer_add(link->failure, &at_once);
}

static void link_fail(struct redis_link *link, const char *words,
		      const char *detail)
{
	if (link->failing || link->state == LINK_DOWN)
		return;
	say(link, words, words, detail);
	end_soon(link);
}

void redis_link_give_up(struct redis_link *link, const char *words,
			const char *detail)
{
	link_fail(link, words, detail);
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
	    evbuffer_add_reference(redis_socket_out(link->socket), octets,
				   (size_t)len, free_command, octets) != 0) {
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

bool redis_link_is_down(const struct redis_link *link)
{
	return link->state == LINK_DOWN;
}

bool redis_link_send(struct redis_link *link, const struct redis_command *c,
		     redis_done *done, void *arg)
{
	return redis_link_is_up(link) && send_call(link, c, done, arg);
}

/* Is there an error that sends us elsewhere? */
static bool is_moved(struct redis_link *link, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ERROR || link->failing ||
	    link->owner.on_moved == NULL ||
	    !link->owner.on_moved(link->owner.arg, reply->str))
		return false;
	end_soon(link);
	return true;
}

static void go_up(struct redis_link *link)
{
	link->state = LINK_UP;
	link->role_ms = clock_now_ms();
	link->news_ms = link->role_ms + REDIS_STEADY_MS;
	link->owner.on_up(link->owner.arg);
}

static void judge_step(struct redis_link *link, enum redis_step step,
		       const redisReply *reply)
{
	const char *words = redis_greeting_judge(link->target, step, reply);

	if (words != NULL)
		link_fail(link, words,
			  reply->type == REDIS_REPLY_ERROR ? reply->str : "");
	else if (step == REDIS_STEP_ROLE && link->owner.on_role != NULL)
		link->owner.on_role(link->owner.arg, reply);
}

static void on_greeted(void *arg, const redisReply *reply)
{
	struct redis_link *link = arg;
	enum redis_step step = link->greeted;

	if (reply == NULL || link->failing || is_moved(link, reply))
		return;
	link->greeted = redis_greeting_next(link->target, step + 1);
	judge_step(link, step, reply);
	if (!link->failing && link->greeted == REDIS_STEPS)
		go_up(link);
}

static bool send_step(struct redis_link *link, enum redis_step step,
		      redis_done *done)
{
	struct redis_command c = { 0 };

	redis_greeting_write(link->target, step, &c);
	if (send_call(link, &c, done, link))
		return true;
	link_fail(link, "out of memory", "");
	return false;
}

/* All at once; the replies come in the same order. */
static void on_open(void *arg)
{
	struct redis_link *link = arg;
	enum redis_step step = redis_greeting_next(link->target, 0);

	link->state = LINK_GREETING;
	link->moved_ms = clock_now_ms();
	link->greeted = step;
	while (step < REDIS_STEPS && send_step(link, step, on_greeted))
		step = redis_greeting_next(link->target, step + 1);
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

	if (is_moved(link, reply))
		return;
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

static void on_octets(void *arg)
{
	struct redis_link *link = arg;
	void *reply = NULL;

	link->moved_ms = clock_now_ms();
	if (!redis_socket_read(link->socket, link->reader)) {
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

static void on_fail(void *arg, const char *words, const char *detail)
{
	link_fail(arg, words, detail);
}

static void on_role_again(void *arg, const redisReply *reply)
{
	struct redis_link *link = arg;

	if (reply != NULL && !link->failing)
		judge_step(link, REDIS_STEP_ROLE, reply);
}

/* A connection that says nothing is asked; ROLE is asked in any case, since a
 * master that has become a replica goes on talking. */
static void ask_again(struct redis_link *link, int64_t now_ms)
{
	/* What was said of the way here would be news again. */
	if (link->news_ms != 0 && now_ms >= link->news_ms) {
		memset(link->said, 0, sizeof(link->said));
		link->news_ms = 0;
	}
	if (link->owner.on_role != NULL &&
	    now_ms - link->role_ms >= REDIS_PING_MS &&
	    redis_greeting_next(link->target, REDIS_STEP_ROLE) ==
		    REDIS_STEP_ROLE) {
		link->role_ms = now_ms;
		send_step(link, REDIS_STEP_ROLE, on_role_again);
	} else if (link->calls == NULL &&
		   now_ms - link->moved_ms >= REDIS_PING_MS) {
		send_step(link, REDIS_STEP_PING, NULL);
	}
}

static const char slow_lookup[] =
	"it takes long to look the server's name up: see the name servers of "
	"this machine";

/* The server's own time begins when its name is found. */
static bool is_seeking(struct redis_link *link, int64_t now_ms)
{
	bool seeks = link->socket != NULL && redis_socket_seeks(link->socket);

	if (link->seeking && !seeks)
		link->moved_ms = now_ms;
	link->seeking = seeks;
	return seeks;
}

static const char *silence_words(const struct redis_link *link)
{
	if (link->seeking)
		return slow_lookup;
	return link->state == LINK_CONNECTING && link->target->tls != NULL
		       ? "the server does not answer; is this its TLS port?"
		       : "the server does not answer";
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;
	int64_t now_ms = clock_now_ms(), silent_ms;
	bool seeks = is_seeking(link, now_ms);
	size_t unsent = 0;

	(void)fd, (void)what;
	if (link->socket != NULL)
		unsent = evbuffer_get_length(redis_socket_out(link->socket));
	if (unsent < link->unsent)
		link->moved_ms = now_ms;
	link->unsent = unsent;
	silent_ms = now_ms - link->moved_ms;
	if ((link->calls != NULL || link->state == LINK_CONNECTING) &&
	    silent_ms >= (seeks ? REDIS_SEEK_MS : REDIS_SILENCE_MS))
		link_fail(link, silence_words(link), "");
	else if (seeks && silent_ms >= REDIS_SILENCE_MS &&
		 !was_said(link, slow_lookup, now_ms))
		log_trouble(link, slow_lookup, "");
	else if (redis_link_is_up(link))
		ask_again(link, now_ms);
}

void redis_link_connect(struct redis_link *link)
{
	const struct timeval every = { 0, WATCH_MS * 1000 };
	const struct redis_socket_user user = { on_open, on_octets, on_fail,
						link };

	assert(link->state == LINK_DOWN);
	link->state = LINK_CONNECTING;
	link->seeking = false;
	link->moved_ms = clock_now_ms();
	link->unsent = 0;
	evtimer_add(link->watch, &every);
	link->reader = redisReaderCreate();
	link->socket =
		redis_socket_open(link->loop, link->target, link->tries, &user);
	if (link->reader == NULL || link->socket == NULL)
		link_fail(link, "out of memory", "");
}

void redis_link_close(struct redis_link *link)
{
	struct redis_call *call = link->calls;

	if (link->state == LINK_DOWN)
		return;
	/* What did not work is not tried twice in a row. */
	link->tries = link->state == LINK_UP ? 0 : link->tries + 1;
	link->state = LINK_DOWN;
	link->failing = false;
	link->calls = NULL;
	link->calls_end = &link->calls;
	evtimer_del(link->failure);
	evtimer_del(link->watch);
	redis_socket_close(link->socket);
	if (link->reader != NULL)
		redisReaderFree(link->reader);
	link->socket = NULL;
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
				  const struct redis_target *target,
				  const struct redis_owner *owner)
{
	struct redis_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	link->loop = loop;
	link->name = name;
	link->target = target;
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
