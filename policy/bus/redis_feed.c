/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_feed.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "policy/bus/later.h"
#include "policy/bus/redis.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_fetch.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

enum {
	READ_AGAIN_MS = 500, /* after a full read that failed, between gaps */
};

/* What is read and told of: one row a topic. */
static const struct redis_family families[] = {
	{ BUS_PLAN, "plan", NULL, "notify:plan", BUS_VALUE_MAX },
	{ BUS_REPORTS, "vantage:", "vantages", "notify:reports",
	  BUS_VALUE_MAX },
	{ BUS_NODES, "node:", "nodes", "notify:nodes", BUS_NODE_MAX },
	{ BUS_SERVED, "served:", "edges", "notify:served", BUS_SERVED_MAX },
};

enum { PLAN, FAMILIES = sizeof(families) / sizeof(families[0]) };

/* Read by who asks for one, and neither listed nor told of. */
static const struct redis_family bundles = { BUS_BUNDLES, "bundle:", NULL, NULL,
					     BUS_BUNDLE_MAX };

struct redis_feed {
	struct later_item start;
	bool starting; /* start is on its way */
	struct redis_session *session;
	struct bus_follower follower;
	bool following;
	struct event *read_again;
	struct redis_fetcher *fetcher;
	uint64_t told[FAMILIES]; /* number of the last notice; 0: none yet */
	unsigned subscribing;    /* confirmations due */
	size_t reading;          /* replies the full read waits for */
	int64_t read_ms;         /* when it began */
	bool reading_failed;
	bool missed; /* a notice, while reading: reads once more */
	bool synced; /* since the session came up */
};

/* One listing of ids being read. */
struct listing {
	struct redis_feed *feed;
	const struct redis_family *family;
};

/* The last reply of a full read is in. */
static void finish_reading(struct redis_feed *feed)
{
	const struct bus_follower *f = &feed->follower;
	bool soon = feed->reading_failed || feed->missed;
	struct timeval next =
		redis_jitter(soon ? READ_AGAIN_MS : REDIS_FULL_READ_MS);

	evtimer_add(feed->read_again, &next);
	if (feed->reading_failed || feed->synced)
		return;
	feed->synced = true;
	if (f->on_synced != NULL)
		f->on_synced(f->arg);
}

static void end_part(void *arg, bool ok)
{
	struct redis_feed *feed = arg;

	if (!ok)
		feed->reading_failed = true;
	if (--feed->reading == 0)
		finish_reading(feed);
}

static void fetch_key(struct redis_feed *feed,
		      const struct redis_family *family, const char *id,
		      bool full)
{
	switch (redis_fetch(feed->fetcher, family, id, full)) {
	case REDIS_FETCH_NONE:
		break;
	case REDIS_FETCH_DUE:
		feed->reading++;
		break;
	case REDIS_FETCH_FAILED:
		feed->reading_failed = true;
		break;
	}
}

static void tell_value(void *arg, const struct redis_family *family,
		       const char *id, const char *octets, size_t len)
{
	const struct redis_feed *feed = arg;

	feed->follower.on_value(feed->follower.arg, family->topic, id, octets,
				len);
}

static void take_id(struct redis_feed *feed, const struct redis_family *family,
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
	const struct redis_family *family = listing->family;

	free(listing);
	if (reply == NULL)
		return;
	if (reply->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i < reply->elements; i++)
			take_id(feed, family, reply->element[i]);
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == BUS_KEYS_MAX)
		log_event(LOG_LEVEL_ERROR, "bus", "too-many", "set=%s only=%d",
			  family->set, BUS_KEYS_MAX);
	end_part(feed, redis_is_answer(reply));
}

/* SRANDMEMBER with a count is SMEMBERS with a limit. */
static void list_ids(struct redis_feed *feed, const struct redis_family *family)
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
	    redis_link_send(s->reading, &c, on_listed, listing)) {
		feed->reading++;
		return;
	}
	free(listing);
	feed->reading_failed = true;
}

static bool follows(const struct redis_feed *feed,
		    const struct redis_family *family)
{
	return feed->following && (feed->follower.topics & family->topic) != 0;
}

static void read_everything(struct redis_feed *feed)
{
	if (feed->reading > 0)
		return;
	feed->reading_failed = false;
	feed->missed = false;
	feed->read_ms = clock_now_ms();
	feed->reading = 1;
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct redis_family *family = &families[i];

		if (!follows(feed, family))
			continue;
		if (family->set == NULL)
			fetch_key(feed, family, "", true);
		else
			list_ids(feed, family);
	}
	end_part(feed, true);
}

/*
 * A notice was missed, and nobody says of what: reads all, at once, unless
 * that was done a moment ago, so that whoever makes numbers up cannot keep us
 * reading.
 */
static void read_soon(struct redis_feed *feed)
{
	static const struct timeval wait = { 0, READ_AGAIN_MS * 1000 };

	if (feed->reading > 0)
		feed->missed = true;
	else if (clock_now_ms() - feed->read_ms >= READ_AGAIN_MS)
		read_everything(feed);
	else
		evtimer_add(feed->read_again, &wait);
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
	for (size_t i = 0; i < FAMILIES; i++)
		if (follows(feed, &families[i]))
			subscribe(feed, families[i].channel);
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
	memset(feed->told, 0, sizeof(feed->told));
	if (feed->following && f->on_link != NULL)
		f->on_link(f->arg, false);
}

/* "NUMBER" or "NUMBER ID": the number, or 0 for what is none; *id, "" or the
 * rest. */
static uint64_t read_notice(const char *notice, size_t len, const char **id)
{
	uint64_t number = 0;
	size_t at = 0;

	while (at < len && notice[at] >= '0' && notice[at] <= '9' &&
	       number <= BUS_NUMBER_MAX)
		number = number * 10 + (uint64_t)(notice[at++] - '0');
	if (number > BUS_NUMBER_MAX)
		return 0;
	*id = notice + at;
	if (at == len)
		return number;
	++*id;
	return notice[at] == ' ' && bus_key_ok(*id, len - at - 1) ? number : 0;
}

/* There is one plan: whatever was missed, it is the newest that counts. */
void redis_feed_plan_at(struct redis_feed *feed, uint64_t number)
{
	if (number == 0 || number == feed->told[PLAN] ||
	    !follows(feed, &families[PLAN]))
		return;
	feed->told[PLAN] = number;
	fetch_key(feed, &families[PLAN], "", false);
}

void redis_feed_read_plan(struct redis_feed *feed)
{
	if (follows(feed, &families[PLAN]))
		fetch_key(feed, &families[PLAN], "", false);
}

void redis_feed_read_bundle(struct redis_feed *feed, const char *digest)
{
	if (feed->following && feed->session->up)
		fetch_key(feed, &bundles, digest, false);
}

static void take_notice(struct redis_feed *feed, size_t family, uint64_t number,
			const char *id)
{
	uint64_t before = feed->told[family];

	feed->told[family] = number;
	fetch_key(feed, &families[family], id, false);
	if (before == 0 || number == before + 1)
		return;
	feed->session->bus->counters.missed++;
	read_soon(feed);
}

void redis_feed_notice(struct redis_feed *feed, const char *channel,
		       const char *notice, size_t len)
{
	const char *id = "";
	uint64_t number = read_notice(notice, len, &id);

	if (number == 0)
		return;
	for (size_t i = 0; i < FAMILIES; i++) {
		if (!follows(feed, &families[i]) ||
		    strcmp(families[i].channel, channel) != 0)
			continue;
		if (i == PLAN)
			redis_feed_plan_at(feed, number);
		else if (*id != '\0')
			take_notice(feed, i, number, id);
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
	const struct redis_fetch_owner owner = {
		.on_value = tell_value,
		.on_part = end_part,
		.arg = feed,
	};

	if (feed == NULL)
		return NULL;
	feed->session = session;
	feed->read_again = evtimer_new(session->loop, on_read_again, feed);
	feed->fetcher = redis_fetcher_new(session, &owner);
	if (feed->read_again != NULL && feed->fetcher != NULL)
		return feed;
	redis_feed_free(feed);
	return NULL;
}

/* After the links: they have given every fetch back. */
void redis_feed_free(struct redis_feed *feed)
{
	if (feed == NULL)
		return;
	if (feed->read_again != NULL)
		event_free(feed->read_again);
	redis_fetcher_free(feed->fetcher);
	free(feed);
}
