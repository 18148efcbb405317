/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_feed.h"

#include "policy/base/log.h"
#include "policy/bus/later.h"
#include "policy/bus/redis.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_script.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

enum { READ_AGAIN_MS = 500 }; /* after a full read that failed */

/* What is kept under ids: one row a topic. */
static const struct family {
	enum bus_topic topic;
	const char *value; /* key of a value, before its id; notice too */
	const char *set;   /* key of the set of ids */
} families[] = {
	{ BUS_REPORTS, "vantage:", "vantages" },
	{ BUS_NODES, "node:", "nodes" },
};

static const struct family plan_family = { BUS_PLAN, "plan", NULL };

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

/* One key being read. */
struct fetch {
	struct fetch *next;
	struct redis_feed *feed;
	const struct family *family;
	redis_done *done;
	char id[BUS_KEY_MAX + 1]; /* "" for the plan */
	bool again;               /* changed since it was asked for */
	bool full;                /* the full read waits for it */
};

struct redis_feed {
	struct later_item start;
	bool starting; /* start is on its way */
	struct redis_session *session;
	struct bus_follower follower;
	bool following;
	struct event *read_again;
	struct fetch *fetches;
	size_t fetch_count;
	unsigned subscribing; /* confirmations due */
	size_t reading;       /* replies the full read waits for */
	bool reading_failed;
	bool synced; /* since the session came up */
};

/* One listing of ids being read. */
struct listing {
	struct redis_feed *feed;
	const struct family *family;
};

/* The last reply of a full read is in. */
static void finish_reading(struct redis_feed *feed)
{
	const struct bus_follower *f = &feed->follower;
	struct timeval next = redis_jitter(
		feed->reading_failed ? READ_AGAIN_MS : REDIS_FULL_READ_MS);

	evtimer_add(feed->read_again, &next);
	if (feed->reading_failed || feed->synced)
		return;
	feed->synced = true;
	if (f->on_synced != NULL)
		f->on_synced(f->arg);
}

static void end_part(struct redis_feed *feed, bool ok)
{
	if (!ok)
		feed->reading_failed = true;
	if (--feed->reading == 0)
		finish_reading(feed);
}

/* Its own key is gone: the id need not be listed any longer. */
static void forget_id(struct redis_session *s, const struct family *family,
		      const char *id)
{
	char value[REDIS_KEY_SIZE], set[REDIS_KEY_SIZE];
	struct redis_command c = { 0 };

	redis_command_text(&c, "EVAL");
	redis_command_text(&c, redis_script_forget);
	redis_command_number(&c, 1);
	redis_command_text(&c, redis_key(s, family->set, "", set));
	redis_command_text(&c, redis_key(s, family->value, id, value));
	redis_command_text(&c, id);
	redis_link_send(s->commands, &c, NULL, NULL);
}

/* Is there something to tell?  GETRANGE gives "" for what is absent. */
static void take_value(const struct fetch *fetch, const redisReply *reply)
{
	struct redis_feed *feed = fetch->feed;
	const struct bus_follower *f = &feed->follower;
	size_t len = (size_t)reply->len;

	if (reply->type != REDIS_REPLY_STRING)
		return;
	if (len > BUS_VALUE_MAX)
		bus_refuse(feed->session->bus, fetch->family->value, fetch->id,
			   len);
	else if (len > 0)
		f->on_value(f->arg, fetch->family->topic, fetch->id, reply->str,
			    len);
	else if (fetch->family->set != NULL)
		forget_id(feed->session, fetch->family, fetch->id);
}

static bool send_fetch(struct fetch *fetch)
{
	struct redis_session *s = fetch->feed->session;
	struct redis_command c = { 0 };
	char key[REDIS_KEY_SIZE];

	fetch->again = false;
	redis_command_text(&c, "GETRANGE");
	redis_command_text(&c,
			   redis_key(s, fetch->family->value, fetch->id, key));
	redis_command_number(&c, 0);
	/* One more than fits shows that it does not fit. */
	redis_command_number(&c, BUS_VALUE_MAX);
	return redis_link_send(s->commands, &c, fetch->done, fetch);
}

static void free_fetch(struct fetch *fetch)
{
	struct fetch **at = &fetch->feed->fetches;

	while (*at != fetch)
		at = &(*at)->next;
	*at = fetch->next;
	fetch->feed->fetch_count--;
	free(fetch);
}

/* A key of another type holds nothing of ours; every other error is one. */
static bool is_answer(const redisReply *reply)
{
	return reply->type != REDIS_REPLY_ERROR ||
	       redis_error_of(reply->str)->garbage;
}

static void on_fetched(void *arg, const redisReply *reply)
{
	struct fetch *fetch = arg;
	struct redis_feed *feed = fetch->feed;
	bool full = fetch->full, ok = reply != NULL && is_answer(reply);

	fetch->full = false;
	if (ok && !feed->session->closing)
		take_value(fetch, reply);
	if (!fetch->again || reply == NULL || !send_fetch(fetch))
		free_fetch(fetch);
	if (full && reply != NULL)
		end_part(feed, ok);
}

static struct fetch *find_fetch(struct redis_feed *feed,
				const struct family *family, const char *id)
{
	for (struct fetch *f = feed->fetches; f != NULL; f = f->next)
		if (f->family == family && strcmp(f->id, id) == 0)
			return f;
	return NULL;
}

/*
 * Has a key read.  One that is being read already was asked for after the
 * subscription, so that is good enough for a full read.
 */
static void fetch_key(struct redis_feed *feed, const struct family *family,
		      const char *id, bool full)
{
	struct fetch *fetch = find_fetch(feed, family, id);

	if (full && (fetch == NULL || !fetch->full))
		feed->reading++;
	if (fetch != NULL) {
		fetch->again = fetch->again || !full;
		fetch->full = fetch->full || full;
		return;
	}
	if (feed->fetch_count < 2 * BUS_KEYS_MAX)
		fetch = calloc(1, sizeof(*fetch));
	if (fetch == NULL) {
		feed->reading_failed = true;
		feed->reading -= full ? 1 : 0;
		return;
	}
	fetch->feed = feed;
	fetch->family = family;
	fetch->done = on_fetched;
	fetch->full = full;
	strcpy(fetch->id, id);
	fetch->next = feed->fetches;
	feed->fetches = fetch;
	feed->fetch_count++;
	if (!send_fetch(fetch)) {
		feed->reading_failed = true;
		feed->reading -= full ? 1 : 0;
		free_fetch(fetch);
	}
}

static void take_id(struct redis_feed *feed, const struct family *family,
		    const redisReply *id)
{
	if (id->type == REDIS_REPLY_STRING &&
	    bus_key_ok(id->str, (size_t)id->len))
		fetch_key(feed, family, id->str, true);
	else
		bus_refuse(feed->session->bus, family->set,
			   id->type == REDIS_REPLY_STRING ? id->str : "?",
			   (size_t)id->len);
}

static void on_listed(void *arg, const redisReply *reply)
{
	struct listing *listing = arg;
	struct redis_feed *feed = listing->feed;
	const struct family *family = listing->family;

	free(listing);
	if (reply == NULL)
		return;
	if (reply->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i < reply->elements; i++)
			take_id(feed, family, reply->element[i]);
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == BUS_KEYS_MAX)
		log_event(LOG_LEVEL_ERROR, "bus", "too-many", "set=%s only=%d",
			  family->set, BUS_KEYS_MAX);
	end_part(feed, is_answer(reply));
}

/* SRANDMEMBER with a count is SMEMBERS with a limit. */
static void list_ids(struct redis_feed *feed, const struct family *family)
{
	struct redis_session *s = feed->session;
	struct listing *listing = malloc(sizeof(*listing));
	struct redis_command c = { 0 };
	char key[REDIS_KEY_SIZE];

	redis_command_text(&c, "SRANDMEMBER");
	redis_command_text(&c, redis_key(s, family->set, "", key));
	redis_command_number(&c, BUS_KEYS_MAX);
	if (listing != NULL)
		*listing = (struct listing){ .feed = feed, .family = family };
	if (listing != NULL &&
	    redis_link_send(s->commands, &c, on_listed, listing)) {
		feed->reading++;
		return;
	}
	free(listing);
	feed->reading_failed = true;
}

static void read_everything(struct redis_feed *feed)
{
	if (feed->reading > 0)
		return;
	feed->reading_failed = false;
	feed->reading = 1;
	if ((feed->follower.topics & BUS_PLAN) != 0)
		fetch_key(feed, &plan_family, "", true);
	for (size_t i = 0; i < FAMILIES; i++)
		if ((feed->follower.topics & families[i].topic) != 0)
			list_ids(feed, &families[i]);
	end_part(feed, true);
}

static void on_read_again(evutil_socket_t fd, short what, void *arg)
{
	struct redis_feed *feed = arg;

	(void)fd, (void)what;
	if (feed->session->up)
		read_everything(feed);
}

/*
 * Without a subscription (a user that may not) the full reads still come, so
 * the reading goes on; the link has logged it.
 */
static void on_subscribed(void *arg, const redisReply *reply)
{
	struct redis_feed *feed = arg;

	if (reply != NULL && --feed->subscribing == 0)
		read_everything(feed);
}

static void subscribe(struct redis_feed *feed, const char *channel)
{
	struct redis_session *s = feed->session;
	struct redis_command c = { 0 };
	char key[REDIS_KEY_SIZE];

	redis_command_text(&c, "SUBSCRIBE");
	redis_command_text(&c, redis_key(s, channel, "", key));
	if (redis_link_send(s->subscription, &c, on_subscribed, feed))
		feed->subscribing++;
}

/* Tells the follower that the bus is up and begins to read for it. */
static void start(struct redis_feed *feed)
{
	const struct bus_follower *f = &feed->follower;

	if (f->on_link != NULL)
		f->on_link(f->arg, true);
	if ((f->topics & (BUS_PLAN | BUS_REPORTS | BUS_NODES)) != 0)
		subscribe(feed, "notify");
	if ((f->topics & BUS_REQUESTS) != 0)
		subscribe(feed, "request");
	if (feed->subscribing == 0)
		read_everything(feed);
}

static void start_later(struct later_item *item)
{
	struct redis_feed *feed = (struct redis_feed *)item;

	feed->starting = false;
	if (feed->session->up)
		start(feed);
}

static void drop_start(struct later_item *item)
{
	((struct redis_feed *)item)->starting = false;
}

void redis_feed_follow(struct redis_feed *feed,
		       const struct bus_follower *follower)
{
	feed->follower = *follower;
	feed->following = true;
	if (!feed->session->up || feed->starting)
		return;
	feed->starting = true;
	feed->start.run = start_later;
	feed->start.drop = drop_start;
	later_call(feed->session->later, &feed->start);
}

void redis_feed_up(struct redis_feed *feed)
{
	if (feed->following && !feed->starting)
		start(feed);
}

void redis_feed_down(struct redis_feed *feed)
{
	const struct bus_follower *f = &feed->follower;

	evtimer_del(feed->read_again);
	feed->subscribing = 0;
	feed->reading = 0;
	feed->synced = false;
	if (feed->following && f->on_link != NULL)
		f->on_link(f->arg, false);
}

void redis_feed_notice(struct redis_feed *feed, const char *notice, size_t len)
{
	if (!feed->following)
		return;
	if (strcmp(notice, plan_family.value) == 0) {
		if ((feed->follower.topics & BUS_PLAN) != 0)
			fetch_key(feed, &plan_family, "", false);
		return;
	}
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct family *family = &families[i];
		size_t head = strlen(family->value);

		if ((feed->follower.topics & family->topic) != 0 &&
		    strncmp(notice, family->value, head) == 0 &&
		    bus_key_ok(notice + head, len - head))
			fetch_key(feed, family, notice + head, false);
	}
}

void redis_feed_request(struct redis_feed *feed, const char *frame, size_t len)
{
	const struct bus_follower *f = &feed->follower;
	const char *end = memchr(frame, '\n', len);
	char id[BUS_KEY_MAX + 1];
	size_t id_len;

	if (!feed->following || (f->topics & BUS_REQUESTS) == 0)
		return;
	id_len = end == NULL ? 0 : (size_t)(end - frame);
	if (!bus_key_ok(frame, id_len) || len - id_len - 1 > BUS_REQUEST_MAX) {
		bus_refuse(feed->session->bus, "request", "?", len);
		return;
	}
	memcpy(id, frame, id_len);
	id[id_len] = '\0';
	f->on_value(f->arg, BUS_REQUESTS, id, end + 1, len - id_len - 1);
}

struct redis_feed *redis_feed_new(struct redis_session *session)
{
	struct redis_feed *feed = calloc(1, sizeof(*feed));

	if (feed == NULL)
		return NULL;
	feed->session = session;
	feed->read_again = evtimer_new(session->loop, on_read_again, feed);
	if (feed->read_again == NULL) {
		free(feed);
		return NULL;
	}
	return feed;
}

/* After the links: they have given every fetch back. */
void redis_feed_free(struct redis_feed *feed)
{
	if (feed == NULL)
		return;
	event_free(feed->read_again);
	free(feed);
}
