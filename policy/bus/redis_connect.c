/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_connect.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_password.h"
#include "policy/bus/redis_sentinel.h"
#include "policy/bus/redis_session.h"
#include "policy/bus/redis_target.h"
#include "policy/bus/redis_tls.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

enum {
	RETRY_FIRST_MS = 100,
	RETRY_LAST_MS = 3000,
	FLAPS_TOLD = 3, /* each is logged, before all are as one */
};

enum connect_state { WAITING, FINDING, JOINING, UP };

struct redis_connect {
	struct redis_session *session;
	struct redis_connect_user user;
	enum connect_state state;
	struct redis_tls *tls;
	bool tls_told, password_told; /* that files cannot be read again */
	struct redis_sentinel *sentinel;
	char key[REDIS_KEY_SIZE];
	struct redis_target master, reader; /* reader: of the other links */
	struct redis_link *replica;         /* reading, when not commands */
	struct event *retry, *steady;
	int64_t retry_ms;
	unsigned flaps;               /* in a row: was up, and did not hold */
	bool failed;                  /* the last round never was up */
	size_t nth;                   /* of the url's places */
	bool moved;                   /* master.place is where a node sent us */
	bool moving;                  /* just now */
	unsigned moves;               /* in a row */
	struct redis_place candidate; /* a replica that the master tells of */
	bool has_candidate;
	int64_t shun_until_ms; /* reading from replicas */
	int64_t shun_ms;       /* the next time */
};

static const struct redis_url *url_of(const struct redis_connect *c)
{
	return &c->session->url;
}

static void start_round_in(struct redis_connect *c, struct timeval after)
{
	evtimer_add(c->retry, &after);
}

static bool reads_replica(const struct redis_connect *c)
{
	return c->session->reading == c->replica;
}

/* It holds: what happens from now on is news again. */
static void on_steady(evutil_socket_t fd, short what, void *arg)
{
	struct redis_connect *c = arg;

	(void)fd, (void)what;
	c->retry_ms = RETRY_FIRST_MS;
	c->flaps = 0;
	if (c->session->flapping)
		log_event(LOG_LEVEL_INFO, "bus", "redis-up", "env=%s",
			  url_of(c)->env);
	c->session->flapping = false;
}

static void tell_up(struct redis_connect *c)
{
	static const struct timeval steady = { REDIS_STEADY_MS / 1000, 0 };

	evtimer_add(c->steady, &steady);
	c->user.on_up(c->user.arg);
}

/*
 * A server that cuts us off as soon as we are there (a limit of its own, a
 * middle box) does so again: not every time is news, nor tried at once.
 */
static void tell_down(struct redis_connect *c)
{
	if (evtimer_pending(c->steady, NULL) && ++c->flaps == FLAPS_TOLD) {
		log_event(LOG_LEVEL_WARN, "bus", "redis-flapping",
			  "env=%s what=\"it is lost as soon as it is reached; "
			  "told again when it holds\"",
			  url_of(c)->env);
		c->session->flapping = true;
	}
	evtimer_del(c->steady);
	c->user.on_down(c->user.arg);
}

/* Whatever is under way ends; who is told NULL may not come back in here. */
static void end_round(struct redis_connect *c)
{
	struct redis_session *s = c->session;
	bool was_up = c->state == UP;

	c->failed = !was_up;
	c->state = WAITING;
	s->up = false;
	redis_link_close(s->commands);
	redis_link_close(s->subscription);
	redis_link_close(c->replica);
	if (was_up)
		tell_down(c);
}

/* The next round is with the next host; a wait follows, longer each time. */
static void wait_for_next(struct redis_connect *c)
{
	const struct redis_url *url = url_of(c);

	if (c->failed) {
		c->moved = false;
		c->moves = 0;
		c->nth = (c->nth + 1) % url->place_count;
	}
	start_round_in(c, redis_jitter(c->retry_ms));
	c->retry_ms = c->retry_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS
						      : c->retry_ms * 2;
}

/* To try one costs everybody the links: less often each time in vain. */
static void shun_replicas(struct redis_connect *c)
{
	if (c->state == UP)
		c->shun_ms = REDIS_SHUN_MS;
	c->shun_until_ms = clock_now_ms() + c->shun_ms;
	c->shun_ms = c->shun_ms * 2 > REDIS_SHUN_LAST_MS ? REDIS_SHUN_LAST_MS
							 : c->shun_ms * 2;
}

/* Any of them: all go, and come back together. */
static void on_link_down(void *arg)
{
	struct redis_connect *c = arg;
	bool reader =
		reads_replica(c) && redis_link_is_up(c->session->commands);
	bool at_once = reader || (c->moving && c->state != UP);

	if (reader)
		shun_replicas(c);
	c->moving = false;
	end_round(c);
	if (at_once)
		start_round_in(c, (struct timeval){ 0, 0 });
	else
		wait_for_next(c);
}

/* A link is to go that did nothing wrong; not from inside its callback. */
static void start_again(struct redis_connect *c, const char *why)
{
	log_event(LOG_LEVEL_INFO, "bus", "redis-switch", "env=%s why=%s",
		  url_of(c)->env, why);
	start_round_in(c, (struct timeval){ 0, 0 });
}

static void join_readers(struct redis_connect *c)
{
	struct redis_session *s = c->session;

	c->reader = c->master;
	c->reader.part = REDIS_ANY;
	if (url_of(c)->from_replica && c->has_candidate &&
	    clock_now_ms() >= c->shun_until_ms) {
		s->reading = c->replica;
		c->reader.place = c->candidate;
		c->reader.path = "";
		c->reader.part = REDIS_REPLICA;
		redis_link_connect(c->replica);
	}
	redis_link_connect(s->subscription);
}

static void on_link_up(void *arg)
{
	struct redis_connect *c = arg;
	struct redis_session *s = c->session;

	if (redis_link_is_down(s->subscription))
		join_readers(c);
	if (!redis_link_is_up(s->commands) || !redis_link_is_up(s->reading) ||
	    !redis_link_is_up(s->subscription))
		return;
	c->state = UP;
	s->up = true;
	c->moves = 0;
	tell_up(c);
}

static void join(struct redis_connect *c)
{
	struct redis_session *s = c->session;

	c->state = JOINING;
	c->has_candidate = false;
	s->reading = s->commands;
	redis_link_connect(s->commands);
	/* Where to read is known only when the master has told. */
	if (!url_of(c)->from_replica)
		join_readers(c);
}

static void on_master(void *arg, const struct redis_place *master)
{
	struct redis_connect *c = arg;

	if (c->state != FINDING)
		return;
	c->master.place = *master;
	join(c);
}

static void on_silence(void *arg)
{
	struct redis_connect *c = arg;

	if (c->state != FINDING)
		return;
	end_round(c);
	wait_for_next(c);
}

static void on_switch(void *arg)
{
	start_again(arg, "the-sentinels-name-another-master");
}

/* What cannot be read is told once, until it can. */
static void tell_kept(bool ok, bool *told, const char *event,
		      const struct error *err)
{
	char quoted[300];

	if (!ok && !*told)
		log_event(LOG_LEVEL_ERROR, "bus", event, "what=%s",
			  log_quote(err->text, quoted, sizeof(quoted)));
	*told = !ok;
}

/* Certificates may have been renewed, passwords changed. */
static void reload_papers(struct redis_connect *c)
{
	struct error err;
	bool ok = c->tls == NULL || redis_tls_reload(c->tls, &err);

	tell_kept(ok, &c->tls_told, "redis-tls-kept", &err);
	ok = redis_password_read(&c->session->url, &err);
	tell_kept(ok, &c->password_told, "redis-password-kept", &err);
}

static void start_round(struct redis_connect *c)
{
	const struct redis_url *url = url_of(c);

	if (c->state != WAITING)
		end_round(c);
	reload_papers(c);
	c->state = FINDING;
	if (c->sentinel != NULL) {
		redis_sentinel_ask(c->sentinel, c->failed);
		return;
	}
	c->master.path = c->moved ? "" : url->path;
	if (!c->moved)
		c->master.place = url->places[c->nth];
	join(c);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	start_round(arg);
}

void redis_connect_start(struct redis_connect *connect)
{
	start_round(connect);
}

static bool on_moved(void *arg, const char *text)
{
	struct redis_connect *c = arg;
	struct redis_place place;

	/* Where the sentinels know the master, nobody else does. */
	if (c->sentinel != NULL || c->moves >= REDIS_MOVES_MAX ||
	    !redis_error_place(text, &c->master.place, &place))
		return false;
	c->moves++;
	c->moved = c->moving = true;
	c->master.place = place;
	return true;
}

/* ["slave" ...] or ["master", offset, [[host, port, offset], ...]] */
static const redisReply *replicas_of(const redisReply *role)
{
	return role->type == REDIS_REPLY_ARRAY && role->elements >= 3 &&
			       role->element[2]->type == REDIS_REPLY_ARRAY
		       ? role->element[2]
		       : NULL;
}

static bool read_replica(const redisReply *row, struct redis_place *out)
{
	const redisReply *host, *port;
	unsigned long number;

	if (row->type != REDIS_REPLY_ARRAY || row->elements < 2)
		return false;
	host = row->element[0];
	port = row->element[1];
	if (host->type != REDIS_REPLY_STRING ||
	    port->type != REDIS_REPLY_STRING || host->len == 0 ||
	    (size_t)host->len >= sizeof(out->host))
		return false;
	number = strtoul(port->str, NULL, 10);
	if (number == 0 || number > UINT16_MAX)
		return false;
	memcpy(out->host, host->str, (size_t)host->len + 1);
	out->port = (uint16_t)number;
	return true;
}

/* One of them, so that many followers spread over all. */
static void choose_replica(struct redis_connect *c, const redisReply *list)
{
	struct redis_place place;
	unsigned random = 0;

	c->has_candidate = false;
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	for (size_t i = 0; i < list->elements && !c->has_candidate; i++)
		if (read_replica(list->element[(random + i) % list->elements],
				 &place)) {
			c->candidate = place;
			c->has_candidate = true;
		}
}

static void on_role(void *arg, const redisReply *role)
{
	struct redis_connect *c = arg;
	const redisReply *list = replicas_of(role);

	if (!url_of(c)->from_replica || list == NULL || reads_replica(c))
		return;
	choose_replica(c, list);
	if (c->state == UP && c->has_candidate &&
	    clock_now_ms() >= c->shun_until_ms)
		start_again(c, "a-replica-can-be-read-from");
}

/* A replica's own: whether it hears its master is all that counts. */
static void on_replica_role(void *arg, const redisReply *role)
{
	(void)arg, (void)role;
}

static void on_message(void *arg, const char *channel, const char *octets,
		       size_t len)
{
	struct redis_connect *c = arg;

	c->user.on_message(c->user.arg, channel, octets, len);
}

static void fill_master(struct redis_connect *c)
{
	const struct redis_url *url = url_of(c);

	redis_key(c->session, "nodes", "", c->key);
	c->master = (struct redis_target){
		.path = url->path,
		.login = &url->login,
		.tls = c->tls,
		.part = url->master[0] != '\0' || url->from_replica
				? REDIS_MASTER
				: REDIS_SERVER,
		.key = c->key,
	};
	c->reader = c->master;
}

static bool make_parts(struct redis_connect *c)
{
	const struct redis_sentinel_user hints = { on_master, on_silence,
						   on_switch, c };
	struct redis_session *s = c->session;
	struct redis_owner owner = {
		.bus = s->bus,
		.on_up = on_link_up,
		.on_down = on_link_down,
		.on_moved = on_moved,
		.arg = c,
	};

	c->retry = evtimer_new(s->loop, on_retry, c);
	c->steady = evtimer_new(s->loop, on_steady, c);
	if (url_of(c)->master[0] != '\0') {
		c->sentinel = redis_sentinel_new(s, c->tls, &hints);
		if (c->sentinel == NULL)
			return false;
	}
	owner.on_role = on_role;
	s->commands = redis_link_new(s->loop, "commands", &c->master, &owner);
	s->reading = s->commands;
	owner.on_moved = NULL;
	owner.on_role = on_replica_role;
	c->replica = redis_link_new(s->loop, "reading", &c->reader, &owner);
	owner.on_role = NULL;
	owner.on_message = on_message;
	s->subscription =
		redis_link_new(s->loop, "subscription", &c->reader, &owner);
	return c->retry != NULL && c->steady != NULL && s->commands != NULL &&
	       c->replica != NULL && s->subscription != NULL;
}

struct redis_connect *redis_connect_new(struct redis_session *session,
					const struct redis_connect_user *user,
					struct error *err)
{
	struct redis_connect *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		error_set(err, "redis: out of memory");
		return NULL;
	}
	c->session = session;
	c->user = *user;
	c->retry_ms = RETRY_FIRST_MS;
	c->shun_ms = REDIS_SHUN_MS;
	if (!redis_password_read(&session->url, err))
		goto fail;
	if (url_of(c)->tls) {
		c->tls = redis_tls_open(url_of(c), err);
		if (c->tls == NULL)
			goto fail;
	}
	fill_master(c);
	if (make_parts(c))
		return c;
	error_set(err, "redis: out of memory");
fail:
	redis_connect_free(c);
	return NULL;
}

void redis_connect_free(struct redis_connect *connect)
{
	struct redis_session *s;

	if (connect == NULL)
		return;
	s = connect->session;
	redis_link_free(s->commands);
	redis_link_free(s->subscription);
	redis_link_free(connect->replica);
	s->commands = s->reading = s->subscription = NULL;
	redis_sentinel_free(connect->sentinel);
	redis_tls_free(connect->tls);
	if (connect->retry != NULL)
		event_free(connect->retry);
	if (connect->steady != NULL)
		event_free(connect->steady);
	free(connect);
}
