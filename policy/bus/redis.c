/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis.h"

#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/later.h"
#include "policy/bus/redis_connect.h"
#include "policy/bus/redis_feed.h"
#include "policy/bus/redis_outbox.h"
#include "policy/bus/redis_request.h"
#include "policy/bus/redis_script.h"
#include "policy/bus/redis_session.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

struct redis_bus {
	struct bus base;
	struct redis_session session;
	struct redis_feed *feed;
	struct redis_outbox *outbox;
	struct redis_requests *requests;
	struct redis_connect *connect;
};

/* Somebody waits for the answer to a lease or a commit. */
struct ask {
	struct later_item item;
	struct redis_bus *bus;
	bus_lease_done *lease;   /* or */
	bus_commit_done *commit; /* one of them */
	void *arg;
	enum bus_commit refusal; /* what a refused commit is told */
};

static struct redis_bus *redis_of(struct bus *bus)
{
	return (struct redis_bus *)bus;
}

static void on_up(void *arg)
{
	struct redis_bus *bus = arg;
	struct redis_session *s = &bus->session;

	bus->base.counters.links++;
	if (!s->flapping)
		log_event(LOG_LEVEL_INFO, "bus", "redis-up", "env=%s",
			  s->url.env);
	redis_outbox_up(bus->outbox);
	redis_requests_up(bus->requests);
	redis_feed_up(bus->feed);
}

static void on_down(void *arg)
{
	struct redis_bus *bus = arg;

	if (!bus->session.flapping)
		log_event(LOG_LEVEL_WARN, "bus", "redis-down", "env=%s",
			  bus->session.url.env);
	redis_feed_down(bus->feed);
}

static void on_message(void *arg, const char *channel, const char *octets,
		       size_t len)
{
	struct redis_bus *bus = arg;
	char prefix[REDIS_KEY_SIZE];
	size_t head = strlen(redis_key(&bus->session, "", "", prefix));

	if (strncmp(channel, prefix, head) != 0)
		return;
	channel += head;
	if (strncmp(channel, "notify:", 7) == 0)
		redis_feed_notice(bus->feed, channel, octets, len);
	else if (strcmp(channel, "request") == 0)
		redis_feed_request(bus->feed, octets, len);
	else if (strncmp(channel, "reply:", 6) == 0)
		redis_requests_answer(bus->requests, channel + 6, octets, len);
}

static void redis_follow(struct bus *b, const struct bus_follower *follower)
{
	redis_feed_follow(redis_of(b)->feed, follower);
}

static void redis_fetch_bundle(struct bus *b, const char *digest)
{
	redis_feed_read_bundle(redis_of(b)->feed, digest);
}

static void redis_put(struct bus *b, enum bus_topic topic, const char *key,
		      struct bus_octets value, int64_t ttl_ms)
{
	redis_outbox_put(redis_of(b)->outbox, topic, key, value, ttl_ms);
}

static void end_ask(struct ask *ask, uint64_t epoch, enum bus_commit result)
{
	if (!ask->bus->session.closing) {
		if (ask->lease != NULL)
			ask->lease(ask->arg, epoch);
		else if (ask->commit != NULL)
			ask->commit(ask->arg, result);
	}
	free(ask);
}

static void refuse_ask(struct later_item *item)
{
	struct ask *ask = (struct ask *)item;

	end_ask(ask, 0, ask->refusal);
}

static void drop_ask(struct later_item *item)
{
	free(item);
}

/* What redis_script_commit says. */
static enum bus_commit read_result(long long said)
{
	if (said == 2)
		return BUS_BEHIND;
	return said == 1 ? BUS_COMMITTED : BUS_STALE;
}

static void on_ask(void *arg, const redisReply *reply)
{
	const struct ask *ask = arg;
	enum bus_commit result = BUS_DOWN;

	if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
		end_ask(arg, 0, result);
		return;
	}
	if (ask->commit != NULL)
		result = read_result(reply->integer);
	/* Its notice was lost, or is on the way. */
	if (result == BUS_BEHIND)
		redis_feed_read_plan(ask->bus->feed);
	end_ask(arg, (uint64_t)reply->integer, result);
}

/* Sends the script, or sees to it that ask is refused on the next turn. */
static void send_ask(struct redis_bus *bus, const struct redis_command *c,
		     const struct ask *ask)
{
	struct redis_session *s = &bus->session;
	struct ask *copy = malloc(sizeof(*copy));

	if (copy == NULL) {
		/* Told inside the call rather than never. */
		if (ask->lease != NULL)
			ask->lease(ask->arg, 0);
		else if (ask->commit != NULL)
			ask->commit(ask->arg, ask->refusal);
		return;
	}
	*copy = *ask;
	copy->bus = bus;
	copy->item.run = refuse_ask;
	copy->item.drop = drop_ask;
	if (c == NULL || !s->up ||
	    !redis_link_send(s->commands, c, on_ask, copy))
		later_call(s->later, &copy->item);
}

static void redis_lease(struct bus *b, const char *holder, int64_t ttl_ms,
			uint64_t at_least, bus_lease_done *done, void *arg)
{
	struct redis_session *s = &redis_of(b)->session;
	struct ask ask = { .lease = done, .arg = arg };
	char lease[REDIS_KEY_SIZE], epoch[REDIS_KEY_SIZE], head[REDIS_KEY_SIZE];
	struct redis_command c = { 0 };

	if (at_least >= BUS_NUMBER_MAX) {
		send_ask(redis_of(b), NULL, &ask);
		return;
	}
	redis_command_text(&c, "EVAL");
	redis_command_text(&c, redis_script_lease);
	redis_command_number(&c, 3);
	redis_command_text(&c, redis_key(s, "lease", "", lease));
	redis_command_text(&c, redis_key(s, "epoch", "", epoch));
	redis_command_text(&c, redis_key(s, "plan-head", "", head));
	redis_command_text(&c, holder);
	redis_command_number(&c, (uint64_t)ttl_ms);
	redis_command_number(&c, at_least);
	send_ask(redis_of(b), &c, &ask);
}

static void redis_release(struct bus *b, const char *holder)
{
	struct redis_session *s = &redis_of(b)->session;
	struct redis_command c = { 0 };
	char lease[REDIS_KEY_SIZE];

	redis_command_text(&c, "EVAL");
	redis_command_text(&c, redis_script_release);
	redis_command_number(&c, 1);
	redis_command_text(&c, redis_key(s, "lease", "", lease));
	redis_command_text(&c, holder);
	redis_link_send(s->commands, &c, NULL, NULL);
}

static bool is_exact(struct bus_place place)
{
	return place.epoch <= BUS_NUMBER_MAX &&
	       place.sequence <= BUS_NUMBER_MAX;
}

static void redis_commit_plan(struct bus *b, const struct bus_offer *offer,
			      bus_commit_done *done, void *arg)
{
	struct redis_session *s = &redis_of(b)->session;
	struct ask ask = { .commit = done, .arg = arg, .refusal = BUS_DOWN };
	static const char *const names[] = { "plan", "plan-head", "lease",
					     "epoch", "notices:plan" };
	enum { NAMES = sizeof(names) / sizeof(names[0]) };
	char keys[NAMES][REDIS_KEY_SIZE], channel[REDIS_KEY_SIZE];
	struct redis_command c = { 0 };

	if (offer->at.epoch == 0 || offer->at.sequence == 0 ||
	    !is_exact(offer->at) || !is_exact(offer->base)) {
		ask.refusal = BUS_STALE;
		send_ask(redis_of(b), NULL, &ask);
		return;
	}
	redis_command_text(&c, "EVAL");
	redis_command_text(&c, redis_script_commit);
	redis_command_number(&c, NAMES);
	for (size_t i = 0; i < NAMES; i++)
		redis_command_text(&c, redis_key(s, names[i], "", keys[i]));
	redis_command_number(&c, offer->at.epoch);
	redis_command_number(&c, offer->at.sequence);
	redis_command_add(&c, offer->plan.at, offer->plan.len);
	redis_command_text(&c, redis_key(s, "notify:plan", "", channel));
	redis_command_number(&c, offer->base.epoch);
	redis_command_number(&c, offer->base.sequence);
	send_ask(redis_of(b), &c, &ask);
}

/* A request that cannot be made: its sender hears of it on the next turn. */
struct no_reply {
	struct later_item item;
	bus_reply *reply;
	void *arg;
};

static void tell_no_reply(struct later_item *item)
{
	struct no_reply *no = (struct no_reply *)item;

	no->reply(no->arg, NULL, 0);
	free(no);
}

static void redis_request(struct bus *b, const char *id,
			  struct bus_octets request, int64_t timeout_ms,
			  bus_reply *reply, void *arg)
{
	struct redis_bus *bus = redis_of(b);
	struct no_reply *no;

	if (timeout_ms > 0 && redis_request_open(bus->requests, id, request,
						 timeout_ms, reply, arg))
		return;
	no = malloc(sizeof(*no));
	if (no == NULL) {
		reply(arg, NULL, 0);
		return;
	}
	*no = (struct no_reply){
		.item = { .run = tell_no_reply, .drop = drop_ask },
		.reply = reply,
		.arg = arg,
	};
	later_call(bus->session.later, &no->item);
}

static void redis_answer(struct bus *b, const char *id,
			 struct bus_octets answer)
{
	struct redis_session *s = &redis_of(b)->session;
	struct redis_command c = { 0 };
	char channel[REDIS_KEY_SIZE];

	redis_command_text(&c, "PUBLISH");
	redis_command_text(&c, redis_key(s, "reply:", id, channel));
	redis_command_add(&c, answer.at, answer.len);
	if (!redis_link_send(s->commands, &c, NULL, NULL))
		b->counters.dropped++;
}

static void redis_append_audit(struct bus *b, struct bus_octets entry)
{
	redis_outbox_audit(redis_of(b)->outbox, entry);
}

static bool redis_is_up(const struct bus *b)
{
	return ((const struct redis_bus *)b)->session.up;
}

static void redis_free(struct bus *b)
{
	struct redis_bus *bus = redis_of(b);
	struct redis_session *s = &bus->session;

	s->closing = true;
	s->up = false;
	/* Before what its items are part of. */
	later_free(s->later);
	redis_connect_free(bus->connect);
	redis_feed_free(bus->feed);
	redis_outbox_free(bus->outbox);
	redis_requests_free(bus->requests);
	explicit_bzero(&s->url, sizeof(s->url)); /* passwords */
	free(bus);
}

static const struct bus_ops redis_ops = {
	.follow = redis_follow,
	.fetch = redis_fetch_bundle,
	.put = redis_put,
	.lease = redis_lease,
	.release = redis_release,
	.commit_plan = redis_commit_plan,
	.request = redis_request,
	.answer = redis_answer,
	.append_audit = redis_append_audit,
	.is_up = redis_is_up,
	.free = redis_free,
};

static bool make_parts(struct redis_bus *bus, struct error *err)
{
	struct redis_session *s = &bus->session;
	const struct redis_connect_user user = {
		.on_up = on_up,
		.on_down = on_down,
		.on_message = on_message,
		.arg = bus,
	};

	s->later = later_new(s->loop);
	bus->feed = redis_feed_new(s);
	bus->outbox = redis_outbox_new(s, bus->feed);
	bus->requests = redis_requests_new(s);
	if (s->later == NULL || bus->feed == NULL || bus->outbox == NULL ||
	    bus->requests == NULL) {
		error_set(err, "redis: out of memory");
		return false;
	}
	bus->connect = redis_connect_new(s, &user, err);
	return bus->connect != NULL;
}

struct bus *redis_bus_new(struct event_base *loop,
			  const struct redis_config *config, struct error *err)
{
	struct redis_bus *bus = calloc(1, sizeof(*bus));

	if (bus == NULL) {
		error_set(err, "redis: out of memory");
		return NULL;
	}
	bus->base.ops = &redis_ops;
	bus->session.bus = &bus->base;
	bus->session.loop = loop;
	if (!redis_url_parse(config->url, &bus->session.url, err) ||
	    !make_parts(bus, err)) {
		redis_free(&bus->base);
		return NULL;
	}
	redis_connect_start(bus->connect);
	return &bus->base;
}
