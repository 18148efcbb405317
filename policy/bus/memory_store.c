/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/memory_store.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

/* A report, a node, what an edge saw, or the plan (which never expires). */
struct stored {
	struct stored *next;
	struct memory_store *store;
	enum bus_topic topic;
	char key[BUS_KEY_MAX + 1];
	struct blob *blob;
	struct event *expiry;
};

struct audit_entry {
	struct audit_entry *next;
	struct blob *blob;
};

struct memory_store {
	struct event_base *loop;
	struct stored *values;
	struct audit_entry *audit, **audit_end;
	size_t audit_count;
	char holder[BUS_KEY_MAX + 1]; /* "": nobody holds the lease */
	struct event *lease_expiry;
	uint64_t epoch;        /* the newest given */
	struct bus_place head; /* of the plan; zeros: none */
};

struct blob *blob_new(struct bus_octets octets)
{
	struct blob *blob = malloc(sizeof(*blob) + octets.len + 1);

	if (blob == NULL)
		return NULL;
	blob->refs = 1;
	blob->len = octets.len;
	if (octets.len > 0)
		memcpy(blob->octets, octets.at, octets.len);
	blob->octets[octets.len] = '\0';
	return blob;
}

struct blob *blob_hold(struct blob *blob)
{
	blob->refs++;
	return blob;
}

void blob_drop(struct blob *blob)
{
	if (blob != NULL && --blob->refs == 0)
		free(blob);
}

static void free_stored(struct stored *v)
{
	if (v->expiry != NULL)
		event_free(v->expiry);
	blob_drop(v->blob);
	free(v);
}

static void expire_stored(evutil_socket_t fd, short what, void *arg)
{
	struct stored *v = arg, **at = &v->store->values;

	(void)fd, (void)what;
	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	free_stored(v);
}

static struct timeval after_ms(int64_t ms)
{
	return (struct timeval){
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};
}

static struct stored *look_up(const struct memory_store *store,
			      enum bus_topic topic, const char *key)
{
	struct stored *v = store->values;

	while (v != NULL && (v->topic != topic || strcmp(v->key, key) != 0))
		v = v->next;
	return v;
}

struct blob *memory_store_find(const struct memory_store *store,
			       enum bus_topic topic, const char *key)
{
	const struct stored *v = look_up(store, topic, key);

	return v == NULL ? NULL : v->blob;
}

/* The place of a value in the store, made when it has none. */
static struct stored *find_stored(struct memory_store *store,
				  enum bus_topic topic, const char *key)
{
	struct stored *v = look_up(store, topic, key);

	if (v != NULL)
		return v;
	v = calloc(1, sizeof(*v));
	if (v == NULL)
		return NULL;
	v->expiry = evtimer_new(store->loop, expire_stored, v);
	if (v->expiry == NULL) {
		free(v);
		return NULL;
	}
	v->store = store;
	v->topic = topic;
	strcpy(v->key, key);
	v->next = store->values;
	store->values = v;
	return v;
}

struct blob *memory_store_put(struct memory_store *store, enum bus_topic topic,
			      const char *key, struct bus_octets value,
			      int64_t ttl_ms)
{
	struct timeval ttl = after_ms(ttl_ms);
	struct blob *blob = blob_new(value);
	struct stored *v = blob == NULL ? NULL : find_stored(store, topic, key);

	if (v == NULL) {
		blob_drop(blob);
		return NULL;
	}
	blob_drop(v->blob);
	v->blob = blob;
	if (ttl_ms > 0)
		evtimer_add(v->expiry, &ttl);
	return blob;
}

void memory_store_each(const struct memory_store *store,
		       void (*each)(void *arg, enum bus_topic topic,
				    const char *key, struct blob *blob),
		       void *arg)
{
	for (struct stored *v = store->values; v != NULL; v = v->next)
		each(arg, v->topic, v->key, v->blob);
}

static void expire_lease(evutil_socket_t fd, short what, void *arg)
{
	struct memory_store *store = arg;

	(void)fd, (void)what;
	store->holder[0] = '\0';
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t memory_store_lease(struct memory_store *store, const char *holder,
			    int64_t ttl_ms, uint64_t at_least)
{
	struct timeval ttl = after_ms(ttl_ms);
	uint64_t newest =
		max_u64(max_u64(store->epoch, at_least), store->head.epoch);

	if (store->holder[0] != '\0' && strcmp(store->holder, holder) != 0)
		return 0;
	if (newest >= BUS_NUMBER_MAX)
		return 0;
	if (store->holder[0] == '\0' || store->epoch < newest)
		store->epoch = newest + 1;
	strcpy(store->holder, holder);
	evtimer_add(store->lease_expiry, &ttl);
	return store->epoch;
}

void memory_store_release(struct memory_store *store, const char *holder)
{
	if (strcmp(store->holder, holder) != 0)
		return;
	store->holder[0] = '\0';
	evtimer_del(store->lease_expiry);
}

static bool is_before(struct bus_place a, struct bus_place b)
{
	return a.epoch < b.epoch ||
	       (a.epoch == b.epoch && a.sequence < b.sequence);
}

static enum bus_commit judge(const struct memory_store *store,
			     struct bus_place at, struct bus_place base)
{
	if (store->holder[0] == '\0' || at.epoch == 0 ||
	    at.epoch != store->epoch || at.epoch < store->head.epoch ||
	    at.sequence == 0 || at.sequence > BUS_NUMBER_MAX)
		return BUS_STALE;
	if (is_before(base, store->head))
		return BUS_BEHIND;
	return at.sequence > store->head.sequence ? BUS_COMMITTED : BUS_STALE;
}

enum bus_commit memory_store_commit(struct memory_store *store,
				    const struct bus_offer *offer,
				    struct blob **blob)
{
	enum bus_commit result = judge(store, offer->at, offer->base);

	/* What it is behind was put there. */
	if (result == BUS_BEHIND)
		*blob = find_stored(store, BUS_PLAN, "")->blob;
	if (result != BUS_COMMITTED)
		return result;
	*blob = memory_store_put(store, BUS_PLAN, "", offer->plan, 0);
	if (*blob == NULL)
		return BUS_DOWN;
	store->head = offer->at;
	return BUS_COMMITTED;
}

static void drop_oldest_audit(struct memory_store *store)
{
	struct audit_entry *e = store->audit;

	store->audit = e->next;
	if (store->audit == NULL)
		store->audit_end = &store->audit;
	store->audit_count--;
	blob_drop(e->blob);
	free(e);
}

bool memory_store_audit(struct memory_store *store, struct bus_octets entry)
{
	struct audit_entry *e = calloc(1, sizeof(*e));
	struct blob *blob = blob_new(entry);

	if (e == NULL || blob == NULL) {
		free(e);
		blob_drop(blob);
		return false;
	}
	e->blob = blob;
	*store->audit_end = e;
	store->audit_end = &e->next;
	if (++store->audit_count > BUS_AUDIT_KEPT)
		drop_oldest_audit(store);
	return true;
}

void memory_store_each_audit(const struct memory_store *store,
			     void (*each)(void *arg, const char *octets,
					  size_t len),
			     void *arg)
{
	for (const struct audit_entry *e = store->audit; e != NULL; e = e->next)
		each(arg, e->blob->octets, e->blob->len);
}

struct memory_store *memory_store_new(struct event_base *loop)
{
	struct memory_store *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	store->loop = loop;
	store->audit_end = &store->audit;
	store->lease_expiry = evtimer_new(loop, expire_lease, store);
	if (store->lease_expiry == NULL) {
		free(store);
		return NULL;
	}
	return store;
}

void memory_store_free(struct memory_store *store)
{
	if (store == NULL)
		return;
	while (store->values != NULL) {
		struct stored *v = store->values;

		store->values = v->next;
		free_stored(v);
	}
	while (store->audit != NULL)
		drop_oldest_audit(store);
	event_free(store->lease_expiry);
	free(store);
}
