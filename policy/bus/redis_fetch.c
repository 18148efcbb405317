/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_fetch.h"

#include "policy/base/hash.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_script.h"

#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

enum { BUCKETS = 256 };

/* One key being read. */
struct fetch {
	struct fetch *next;
	struct redis_fetcher *fetcher;
	const struct redis_family *family;
	redis_done *done;
	char id[BUS_KEY_MAX + 1]; /* "" for the plan */
	bool again;               /* changed since it was asked for */
	bool full;                /* the full read waits for it */
};

struct redis_fetcher {
	struct redis_session *session;
	struct redis_fetch_owner owner;
	struct fetch *buckets[BUCKETS]; /* by the hash of the id */
	size_t count;
};

/* Its own key is gone: the id need not be listed any longer. */
static void forget_id(struct redis_session *s,
		      const struct redis_family *family, const char *id)
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
	const struct redis_fetcher *f = fetch->fetcher;
	size_t len = (size_t)reply->len;

	if (reply->type != REDIS_REPLY_STRING)
		return;
	if (len > fetch->family->max)
		bus_refuse(f->session->bus, fetch->family->value, fetch->id,
			   len);
	else if (len > 0)
		f->owner.on_value(f->owner.arg, fetch->family, fetch->id,
				  reply->str, len);
	else if (fetch->family->set != NULL)
		forget_id(f->session, fetch->family, fetch->id);
}

static bool send_fetch(struct fetch *fetch)
{
	struct redis_session *s = fetch->fetcher->session;
	struct redis_command c = { 0 };
	char key[REDIS_KEY_SIZE];

	fetch->again = false;
	redis_command_text(&c, "GETRANGE");
	redis_command_text(&c,
			   redis_key(s, fetch->family->value, fetch->id, key));
	redis_command_number(&c, 0);
	/* One more than fits shows that it does not fit. */
	redis_command_number(&c, fetch->family->max);
	return redis_link_send(s->reading, &c, fetch->done, fetch);
}

static struct fetch **bucket_of(struct redis_fetcher *f, const char *id)
{
	uint64_t hash = hash_octets(HASH_FNV_OFFSET, id, strlen(id));

	return &f->buckets[hash % BUCKETS];
}

static void free_fetch(struct fetch *fetch)
{
	struct fetch **at = bucket_of(fetch->fetcher, fetch->id);

	while (*at != fetch)
		at = &(*at)->next;
	*at = fetch->next;
	fetch->fetcher->count--;
	free(fetch);
}

/* A key of another type holds nothing of ours; every other error is one. */
bool redis_is_answer(const redisReply *reply)
{
	return reply->type != REDIS_REPLY_ERROR ||
	       redis_error_of(reply->str)->garbage;
}

static void on_fetched(void *arg, const redisReply *reply)
{
	struct fetch *fetch = arg;
	struct redis_fetcher *f = fetch->fetcher;
	bool full = fetch->full, ok = reply != NULL && redis_is_answer(reply);

	fetch->full = false;
	if (ok && !f->session->closing)
		take_value(fetch, reply);
	if (!fetch->again || reply == NULL || !send_fetch(fetch))
		free_fetch(fetch);
	if (full && reply != NULL)
		f->owner.on_part(f->owner.arg, ok);
}

static struct fetch *find_fetch(struct redis_fetcher *f,
				const struct redis_family *family,
				const char *id)
{
	for (struct fetch *at = *bucket_of(f, id); at != NULL; at = at->next)
		if (at->family == family && strcmp(at->id, id) == 0)
			return at;
	return NULL;
}

/* NULL: too many, or out of memory. */
static struct fetch *new_fetch(struct redis_fetcher *f,
			       const struct redis_family *family,
			       const char *id)
{
	struct fetch *fetch = NULL, **bucket = bucket_of(f, id);

	if (f->count < REDIS_FETCHES_MAX)
		fetch = calloc(1, sizeof(*fetch));
	if (fetch == NULL)
		return NULL;
	fetch->fetcher = f;
	fetch->family = family;
	fetch->done = on_fetched;
	strcpy(fetch->id, id);
	fetch->next = *bucket;
	*bucket = fetch;
	f->count++;
	return fetch;
}

/*
 * One that is being read already was asked for after the subscription, so that
 * is good enough for a full read.
 */
enum redis_fetch redis_fetch(struct redis_fetcher *fetcher,
			     const struct redis_family *family, const char *id,
			     bool full)
{
	struct fetch *fetch = find_fetch(fetcher, family, id);
	bool due = full && (fetch == NULL || !fetch->full);

	if (fetch != NULL) {
		fetch->again = fetch->again || !full;
	} else {
		fetch = new_fetch(fetcher, family, id);
		if (fetch == NULL)
			return REDIS_FETCH_FAILED;
		if (!send_fetch(fetch)) {
			free_fetch(fetch);
			return REDIS_FETCH_FAILED;
		}
	}
	fetch->full = fetch->full || full;
	return due ? REDIS_FETCH_DUE : REDIS_FETCH_NONE;
}

struct redis_fetcher *redis_fetcher_new(struct redis_session *session,
					const struct redis_fetch_owner *owner)
{
	struct redis_fetcher *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->session = session;
	f->owner = *owner;
	return f;
}

void redis_fetcher_free(struct redis_fetcher *fetcher)
{
	free(fetcher);
}
