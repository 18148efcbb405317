/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_outbox.h"

#include "policy/base/log.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_feed.h"
#include "policy/bus/redis_script.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

enum {
	AUDIT_AGAIN_MS = 1000, /* after the server refused an entry */
	PUTS_MAX = 1024,       /* keys on their way */
};

struct value {
	size_t len;
	int64_t ttl_ms;
	char octets[];
};

/* A key whose value is on its way. */
struct put {
	struct put *next;
	struct redis_outbox *out;
	redis_done *done;
	enum bus_topic topic;
	char key[BUS_KEY_MAX + 1];
	struct value *waiting; /* NULL: nothing newer */
};

struct entry {
	struct entry *next;
	size_t len;
	char octets[];
};

struct redis_outbox {
	struct redis_session *session;
	struct redis_feed *feed;
	struct put *puts;
	size_t put_count;
	/* The first is on its way when sending. */
	struct entry *audit, **audit_end;
	size_t audit_count;
	bool sending;
	struct event *audit_again;
};

/* Where the values of a topic are: one row each; set NULL: not told of. */
static const struct place {
	enum bus_topic topic;
	const char *value, *set, *notices, *channel;
} places[] = {
	{ BUS_REPORTS, "vantage:", "vantages", "notices:reports",
	  "notify:reports" },
	{ BUS_NODES, "node:", "nodes", "notices:nodes", "notify:nodes" },
	{ BUS_SERVED, "served:", "edges", "notices:served", "notify:served" },
	{ BUS_BUNDLES, "bundle:", NULL, NULL, NULL },
};

/* policy/bus/bus lets no other topic through. */
static const struct place *place_of(enum bus_topic topic)
{
	const struct place *p = places;

	while (p->topic != topic)
		p++;
	return p;
}

static bool send_set(struct put *put, struct bus_octets value, int64_t ttl_ms)
{
	struct redis_session *s = put->out->session;
	struct redis_command c = { 0 };
	char key[REDIS_KEY_SIZE];

	redis_command_text(&c, "SET");
	redis_command_text(&c, redis_key(s, place_of(put->topic)->value,
					 put->key, key));
	redis_command_add(&c, value.at, value.len);
	redis_command_text(&c, "PX");
	redis_command_number(&c, (uint64_t)ttl_ms);
	return redis_link_send(s->commands, &c, put->done, put);
}

static bool send_put(struct put *put, struct bus_octets value, int64_t ttl_ms)
{
	struct redis_session *s = put->out->session;
	const struct place *p = place_of(put->topic);
	char names[5][REDIS_KEY_SIZE];
	struct redis_command c = { 0 };

	if (p->set == NULL)
		return send_set(put, value, ttl_ms);

	redis_command_text(&c, "EVAL");
	redis_command_text(&c, redis_script_put);
	redis_command_number(&c, 3);
	redis_command_text(&c, redis_key(s, p->value, put->key, names[0]));
	redis_command_text(&c, redis_key(s, p->set, "", names[1]));
	redis_command_text(&c, redis_key(s, p->notices, "", names[2]));
	redis_command_add(&c, value.at, value.len);
	redis_command_number(&c, (uint64_t)ttl_ms);
	redis_command_text(&c, put->key);
	redis_command_text(&c, redis_key(s, p->channel, "", names[3]));
	redis_command_text(&c, redis_key(s, "notices:plan", "", names[4]));
	return redis_link_send(s->commands, &c, put->done, put);
}

static void free_put(struct put *put)
{
	struct put **at = &put->out->puts;

	while (*at != put)
		at = &(*at)->next;
	*at = put->next;
	put->out->put_count--;
	free(put->waiting);
	free(put);
}

static void note_refusal(struct redis_outbox *out, const redisReply *reply)
{
	const struct redis_error *error = NULL;

	if (reply->type == REDIS_REPLY_ERROR)
		error = redis_error_of(reply->str);
	out->session->bus->refuses =
		error != NULL && error->only_writes ? error->words : NULL;
}

static void on_put(void *arg, const redisReply *reply)
{
	struct put *put = arg;
	struct value *value = put->waiting;
	bool sent = false;

	put->waiting = NULL;
	if (reply != NULL)
		note_refusal(put->out, reply);
	if (reply != NULL && reply->type == REDIS_REPLY_INTEGER &&
	    reply->integer > 0)
		redis_feed_plan_at(put->out->feed, (uint64_t)reply->integer);
	if (reply != NULL && value != NULL)
		sent = send_put(put,
				(struct bus_octets){ value->octets,
						     value->len },
				value->ttl_ms);
	if (value != NULL && !sent)
		put->out->session->bus->counters.dropped++;
	free(value);
	if (!sent)
		free_put(put);
}

static void wait_put(struct put *put, struct bus_octets value, int64_t ttl_ms)
{
	struct bus_counters *counters = &put->out->session->bus->counters;
	struct value *copy = malloc(sizeof(*copy) + value.len);

	if (put->waiting != NULL || copy == NULL)
		counters->dropped++;
	if (copy == NULL)
		return;
	copy->len = value.len;
	copy->ttl_ms = ttl_ms;
	if (value.len > 0)
		memcpy(copy->octets, value.at, value.len);
	free(put->waiting);
	put->waiting = copy;
}

static struct put *find_put(struct redis_outbox *out, enum bus_topic topic,
			    const char *key)
{
	for (struct put *p = out->puts; p != NULL; p = p->next)
		if (p->topic == topic && strcmp(p->key, key) == 0)
			return p;
	return NULL;
}

void redis_outbox_put(struct redis_outbox *out, enum bus_topic topic,
		      const char *key, struct bus_octets value, int64_t ttl_ms)
{
	struct put *put = find_put(out, topic, key);

	if (put != NULL) {
		wait_put(put, value, ttl_ms);
		return;
	}
	if (out->session->up && out->put_count < PUTS_MAX)
		put = calloc(1, sizeof(*put));
	if (put == NULL) {
		out->session->bus->counters.dropped++;
		return;
	}
	put->out = out;
	put->done = on_put;
	put->topic = topic;
	strcpy(put->key, key);
	put->next = out->puts;
	out->puts = put;
	out->put_count++;
	if (!send_put(put, value, ttl_ms)) {
		out->session->bus->counters.dropped++;
		free_put(put);
	}
}

static void drop_first_entry(struct redis_outbox *out)
{
	struct entry *entry = out->audit;

	out->audit = entry->next;
	if (out->audit == NULL)
		out->audit_end = &out->audit;
	out->audit_count--;
	free(entry);
}

/* One at a time, in order; done sends the next. */
static void send_entry(struct redis_outbox *out, redis_done *done)
{
	struct redis_session *s = out->session;
	struct redis_command c = { 0 };
	char key[REDIS_KEY_SIZE];

	if (out->sending || out->audit == NULL)
		return;
	redis_command_text(&c, "XADD");
	redis_command_text(&c, redis_key(s, "audit", "", key));
	redis_command_text(&c, "MAXLEN");
	redis_command_text(&c, "~");
	redis_command_number(&c, REDIS_AUDIT_LENGTH);
	redis_command_text(&c, "*");
	redis_command_text(&c, "entry");
	redis_command_add(&c, out->audit->octets, out->audit->len);
	out->sending = redis_link_send(s->commands, &c, done, out);
}

static void on_entry(void *arg, const redisReply *reply)
{
	static const struct timeval again = { AUDIT_AGAIN_MS / 1000, 0 };
	struct redis_outbox *out = arg;

	out->sending = false;
	if (reply == NULL)
		return;
	if (redis_failed(reply)) {
		evtimer_add(out->audit_again, &again);
		return;
	}
	drop_first_entry(out);
	send_entry(out, on_entry);
}

static void on_audit_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	send_entry(arg, on_entry);
}

/* The oldest makes room, but not the one that is on its way. */
static void make_room(struct redis_outbox *out)
{
	struct bus_counters *counters = &out->session->bus->counters;
	struct entry *second;

	if (out->audit_count < BUS_AUDIT_KEPT)
		return;
	if (counters->unaudited++ % BUS_AUDIT_KEPT == 0)
		log_event(LOG_LEVEL_ERROR, "bus", "audit-lost",
			  "waiting=%d; the oldest entries are not in Redis",
			  BUS_AUDIT_KEPT);
	if (!out->sending) {
		drop_first_entry(out);
		return;
	}
	second = out->audit->next;
	out->audit->next = second->next;
	if (second->next == NULL)
		out->audit_end = &out->audit->next;
	out->audit_count--;
	free(second);
}

void redis_outbox_audit(struct redis_outbox *out, struct bus_octets octets)
{
	struct entry *entry = malloc(sizeof(*entry) + octets.len);

	if (entry == NULL) {
		out->session->bus->counters.unaudited++;
		return;
	}
	make_room(out);
	entry->next = NULL;
	entry->len = octets.len;
	if (octets.len > 0)
		memcpy(entry->octets, octets.at, octets.len);
	*out->audit_end = entry;
	out->audit_end = &entry->next;
	out->audit_count++;
	if (!evtimer_pending(out->audit_again, NULL))
		send_entry(out, on_entry);
}

void redis_outbox_up(struct redis_outbox *out)
{
	evtimer_del(out->audit_again);
	send_entry(out, on_entry);
}

struct redis_outbox *redis_outbox_new(struct redis_session *session,
				      struct redis_feed *feed)
{
	struct redis_outbox *out = calloc(1, sizeof(*out));

	if (out == NULL)
		return NULL;
	out->session = session;
	out->feed = feed;
	out->audit_end = &out->audit;
	out->audit_again = evtimer_new(session->loop, on_audit_again, out);
	if (out->audit_again == NULL) {
		free(out);
		return NULL;
	}
	return out;
}

void redis_outbox_free(struct redis_outbox *out)
{
	if (out == NULL)
		return;
	while (out->audit != NULL)
		drop_first_entry(out);
	event_free(out->audit_again);
	free(out);
}
