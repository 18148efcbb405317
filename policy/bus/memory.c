/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/memory.h"

#include "policy/bus/bus_impl.h"
#include "policy/bus/later.h"
#include "policy/bus/memory_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

struct memory_hub {
	struct event_base *loop;
	struct memory_bus *buses;
	struct memory_store *store;
};

/* A request that waits for its answer. */
struct open_request {
	struct open_request *next;
	struct memory_bus *bus;
	char id[BUS_KEY_MAX + 1];
	bus_reply *reply;
	void *arg;
	struct event *timeout;
};

struct memory_bus {
	struct bus base;
	struct memory_bus *next;
	struct memory_hub *hub;
	struct later *later;
	struct bus_follower follower;
	struct open_request *requests;
	size_t request_count;
};

/* Any callback on its way to a bus. */
struct delivery {
	struct later_item item;
	void (*tell)(const struct delivery *d);
	struct memory_bus *bus;
	enum bus_topic topic;
	char key[BUS_KEY_MAX + 1];
	struct blob *blob; /* NULL: none */
	bus_lease_done *lease_done;
	uint64_t epoch;
	bus_commit_done *commit_done;
	enum bus_commit result;
	bus_reply *reply;
	void *arg;
};

static struct memory_bus *memory_of(struct bus *bus)
{
	return (struct memory_bus *)bus;
}

static void drop_delivery(struct later_item *item)
{
	struct delivery *d = (struct delivery *)item;

	blob_drop(d->blob);
	free(d);
}

static void run_delivery(struct later_item *item)
{
	struct delivery *d = (struct delivery *)item;

	d->tell(d);
	drop_delivery(item);
}

/*
 * Sends d on its way.  Out of memory it is told now: inside the call is worse
 * than later, but better than never.
 */
static void deliver(struct memory_bus *bus, struct delivery d)
{
	struct delivery *copy = malloc(sizeof(*copy));

	d.bus = bus;
	if (copy == NULL) {
		bus->base.counters.errors++;
		d.tell(&d);
		return;
	}
	if (d.blob != NULL)
		d.blob->refs++;
	*copy = d;
	copy->item.run = run_delivery;
	copy->item.drop = drop_delivery;
	later_call(bus->later, &copy->item);
}

static void tell_value(const struct delivery *d)
{
	const struct bus_follower *f = &d->bus->follower;

	f->on_value(f->arg, d->topic, d->key, d->blob->octets, d->blob->len);
}

static void tell_synced(const struct delivery *d)
{
	const struct bus_follower *f = &d->bus->follower;

	if (f->on_synced != NULL)
		f->on_synced(f->arg);
}

static void tell_up(const struct delivery *d)
{
	const struct bus_follower *f = &d->bus->follower;

	if (f->on_link != NULL)
		f->on_link(f->arg, true);
}

static void tell_lease(const struct delivery *d)
{
	d->lease_done(d->arg, d->epoch);
}

static void tell_commit(const struct delivery *d)
{
	d->commit_done(d->arg, d->result);
}

static void tell_reply(const struct delivery *d)
{
	if (d->blob == NULL)
		d->reply(d->arg, NULL, 0);
	else
		d->reply(d->arg, d->blob->octets, d->blob->len);
}

static void deliver_value(struct memory_bus *bus, enum bus_topic topic,
			  const char *key, struct blob *blob)
{
	struct delivery d = { .tell = tell_value,
			      .topic = topic,
			      .blob = blob };

	if ((bus->follower.topics & topic) == 0)
		return;
	strcpy(d.key, key);
	deliver(bus, d);
}

static void notify(struct memory_hub *hub, enum bus_topic topic,
		   const char *key, struct blob *blob)
{
	for (struct memory_bus *bus = hub->buses; bus != NULL; bus = bus->next)
		deliver_value(bus, topic, key, blob);
}

static void deliver_stored(void *arg, enum bus_topic topic, const char *key,
			   struct blob *blob)
{
	deliver_value(arg, topic, key, blob);
}

static void memory_follow(struct bus *b, const struct bus_follower *follower)
{
	struct memory_bus *bus = memory_of(b);

	bus->follower = *follower;
	deliver(bus, (struct delivery){ .tell = tell_up });
	memory_store_each(bus->hub->store, deliver_stored, bus);
	deliver(bus, (struct delivery){ .tell = tell_synced });
}

/* To who asked, whatever it follows. */
static void memory_fetch(struct bus *b, const char *digest)
{
	struct memory_bus *bus = memory_of(b);
	struct delivery d = {
		.tell = tell_value,
		.topic = BUS_BUNDLES,
		.blob = memory_store_find(bus->hub->store, BUS_BUNDLES, digest),
	};

	strcpy(d.key, digest);
	if (d.blob != NULL && bus->follower.on_value != NULL)
		deliver(bus, d);
}

static void memory_put(struct bus *b, enum bus_topic topic, const char *key,
		       struct bus_octets value, int64_t ttl_ms)
{
	struct memory_hub *hub = memory_of(b)->hub;
	struct blob *blob =
		memory_store_put(hub->store, topic, key, value, ttl_ms);

	if (blob == NULL)
		b->counters.dropped++;
	else
		notify(hub, topic, key, blob);
}

static void memory_lease(struct bus *b, const char *holder, int64_t ttl_ms,
			 uint64_t at_least, bus_lease_done *done, void *arg)
{
	struct memory_bus *bus = memory_of(b);
	uint64_t epoch =
		memory_store_lease(bus->hub->store, holder, ttl_ms, at_least);

	deliver(bus, (struct delivery){ .tell = tell_lease,
					.lease_done = done,
					.arg = arg,
					.epoch = epoch });
}

static void memory_release(struct bus *b, const char *holder)
{
	memory_store_release(memory_of(b)->hub->store, holder);
}

static void memory_commit_plan(struct bus *b, const struct bus_offer *offer,
			       bus_commit_done *done, void *arg)
{
	struct memory_bus *bus = memory_of(b);
	struct blob *blob = NULL;
	enum bus_commit result =
		memory_store_commit(bus->hub->store, offer, &blob);

	if (result == BUS_COMMITTED)
		notify(bus->hub, BUS_PLAN, "", blob);
	else if (result == BUS_BEHIND)
		deliver_value(bus, BUS_PLAN, "", blob);
	deliver(bus, (struct delivery){ .tell = tell_commit,
					.commit_done = done,
					.arg = arg,
					.result = result });
}

static void free_request(struct open_request *r)
{
	if (r->timeout != NULL)
		event_free(r->timeout);
	free(r);
}

/* Takes r out of its bus and sends its answer, or NULL, on the way. */
static void end_request(struct open_request *r, struct blob *answer)
{
	struct open_request **at = &r->bus->requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->bus->request_count--;
	deliver(r->bus, (struct delivery){ .tell = tell_reply,
					   .reply = r->reply,
					   .arg = r->arg,
					   .blob = answer });
	free_request(r);
}

static void time_out_request(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	end_request(arg, NULL);
}

static struct timeval after_ms(int64_t ms)
{
	return (struct timeval){
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};
}

static struct open_request *open_request(struct memory_bus *bus, const char *id,
					 int64_t timeout_ms)
{
	struct timeval timeout = after_ms(timeout_ms);
	struct open_request *r = NULL;

	if (bus->request_count < BUS_REQUESTS_MAX)
		r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->timeout = evtimer_new(bus->hub->loop, time_out_request, r);
	if (r->timeout == NULL || evtimer_add(r->timeout, &timeout) != 0) {
		free_request(r);
		return NULL;
	}
	strcpy(r->id, id);
	r->bus = bus;
	r->next = bus->requests;
	bus->requests = r;
	bus->request_count++;
	return r;
}

static void memory_request(struct bus *b, const char *id,
			   struct bus_octets request, int64_t timeout_ms,
			   bus_reply *reply, void *arg)
{
	struct memory_bus *bus = memory_of(b);
	struct blob *blob = timeout_ms > 0 ? blob_new(request) : NULL;
	struct open_request *r = NULL;

	if (blob != NULL)
		r = open_request(bus, id, timeout_ms);
	if (r == NULL) {
		deliver(bus, (struct delivery){ .tell = tell_reply,
						.reply = reply,
						.arg = arg });
	} else {
		r->reply = reply;
		r->arg = arg;
		notify(bus->hub, BUS_REQUESTS, id, blob);
	}
	blob_drop(blob);
}

static void memory_answer(struct bus *b, const char *id,
			  struct bus_octets answer)
{
	struct memory_hub *hub = memory_of(b)->hub;
	struct blob *blob = blob_new(answer);

	if (blob == NULL)
		return;
	for (struct memory_bus *bus = hub->buses; bus != NULL;
	     bus = bus->next) {
		struct open_request *next;

		for (struct open_request *r = bus->requests; r != NULL;
		     r = next) {
			next = r->next;
			if (strcmp(r->id, id) == 0)
				end_request(r, blob);
		}
	}
	blob_drop(blob);
}

static void memory_append_audit(struct bus *b, struct bus_octets entry)
{
	if (!memory_store_audit(memory_of(b)->hub->store, entry))
		b->counters.unaudited++;
}

static bool memory_is_up(const struct bus *b)
{
	(void)b;
	return true;
}

static void memory_free(struct bus *b)
{
	struct memory_bus *bus = memory_of(b), **at = &bus->hub->buses;

	while (*at != bus)
		at = &(*at)->next;
	*at = bus->next;
	while (bus->requests != NULL) {
		struct open_request *r = bus->requests;

		bus->requests = r->next;
		free_request(r);
	}
	later_free(bus->later);
	free(bus);
}

static const struct bus_ops memory_ops = {
	.follow = memory_follow,
	.fetch = memory_fetch,
	.put = memory_put,
	.lease = memory_lease,
	.release = memory_release,
	.commit_plan = memory_commit_plan,
	.request = memory_request,
	.answer = memory_answer,
	.append_audit = memory_append_audit,
	.is_up = memory_is_up,
	.free = memory_free,
};

struct bus *memory_bus_new(struct memory_hub *hub)
{
	struct memory_bus *bus = calloc(1, sizeof(*bus));

	if (bus == NULL)
		return NULL;
	bus->later = later_new(hub->loop);
	if (bus->later == NULL) {
		free(bus);
		return NULL;
	}
	bus->base.ops = &memory_ops;
	bus->base.counters.links = 1;
	bus->hub = hub;
	bus->next = hub->buses;
	hub->buses = bus;
	return &bus->base;
}

struct memory_hub *memory_hub_new(struct event_base *loop)
{
	struct memory_hub *hub = calloc(1, sizeof(*hub));

	if (hub == NULL)
		return NULL;
	hub->loop = loop;
	hub->store = memory_store_new(loop);
	if (hub->store == NULL) {
		free(hub);
		return NULL;
	}
	return hub;
}

void memory_hub_free(struct memory_hub *hub)
{
	if (hub == NULL)
		return;
	assert(hub->buses == NULL);
	memory_store_free(hub->store);
	free(hub);
}

void memory_hub_each_audit(const struct memory_hub *hub,
			   void (*each)(void *arg, const char *octets,
					size_t len),
			   void *arg)
{
	memory_store_each_audit(hub->store, each, arg);
}
