/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/bus.h"

#include "policy/base/clock.h"
#include "policy/base/log.h"
#include "policy/bus/bus_impl.h"

#include <assert.h>
#include <string.h>

bool bus_key_ok(const char *key, size_t len)
{
	if (len == 0 || len > BUS_KEY_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (key[i] <= ' ' || key[i] > '~')
			return false;
	return true;
}

void bus_refuse(struct bus *bus, const char *what, const char *key, size_t len)
{
	char quoted[BUS_KEY_MAX + 8];

	bus->counters.refused++;
	if (!news_of(&bus->refused, key, what, clock_now_ms()))
		return;
	log_event(LOG_LEVEL_ERROR, "bus", "refused",
		  "what=%s key=%s octets=%zu", what,
		  log_quote(key, quoted, sizeof(quoted)), len);
}

static bool fits(struct bus *bus, const char *what, const char *key, size_t len,
		 size_t max)
{
	if (bus_key_ok(key, strlen(key)) && len <= max)
		return true;
	bus_refuse(bus, what, key, len);
	return false;
}

/* What may be put: one row a topic. */
static const struct kind {
	enum bus_topic topic;
	const char *what;
	size_t max; /* octets */
} kinds[] = {
	{ BUS_REPORTS, "report", BUS_VALUE_MAX },
	{ BUS_NODES, "node", BUS_NODE_MAX },
	{ BUS_SERVED, "served", BUS_SERVED_MAX },
	{ BUS_BUNDLES, "bundle", BUS_BUNDLE_MAX },
};

static const struct kind *kind_of(enum bus_topic topic)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].topic == topic)
			return &kinds[i];
	return NULL;
}

void bus_follow(struct bus *bus, const struct bus_follower *follower)
{
	bus->ops->follow(bus, follower);
}

void bus_fetch(struct bus *bus, const char *digest)
{
	if (fits(bus, "bundle", digest, 0, 0))
		bus->ops->fetch(bus, digest);
}

void bus_put(struct bus *bus, enum bus_topic topic, const char *key,
	     const void *octets, size_t len, int64_t ttl_ms)
{
	const struct kind *kind = kind_of(topic);

	assert(kind != NULL && ttl_ms > 0);
	if (fits(bus, kind->what, key, len, kind->max))
		bus->ops->put(bus, topic, key,
			      (struct bus_octets){ octets, len }, ttl_ms);
}

void bus_lease(struct bus *bus, const char *holder, int64_t ttl_ms,
	       uint64_t at_least, bus_lease_done *done, void *arg)
{
	assert(ttl_ms > 0);
	/* Refused like an epoch out of range, so that done is called. */
	if (!fits(bus, "lease", holder, 0, 0))
		at_least = UINT64_MAX;
	bus->ops->lease(bus, holder, ttl_ms, at_least, done, arg);
}

void bus_release(struct bus *bus, const char *holder)
{
	if (fits(bus, "lease", holder, 0, 0))
		bus->ops->release(bus, holder);
}

void bus_commit_plan(struct bus *bus, struct bus_place at,
		     struct bus_place base, const void *octets, size_t len,
		     bus_commit_done *done, void *arg)
{
	struct bus_offer offer = { at, base, { octets, len } };

	/* Not kept from the store: it finds such numbers stale. */
	if (len > BUS_VALUE_MAX) {
		bus_refuse(bus, "plan", "plan", len);
		offer.plan.len = 0;
	}
	if (offer.plan.len == 0)
		offer.at.epoch = 0;
	bus->ops->commit_plan(bus, &offer, done, arg);
}

void bus_request(struct bus *bus, const char *id, const void *octets,
		 size_t len, int64_t timeout_ms, bus_reply *reply, void *arg)
{
	/* One that is refused times out: its sender is told all the same. */
	if (!fits(bus, "request", id, len, BUS_REQUEST_MAX))
		timeout_ms = 0;
	bus->ops->request(bus, id, (struct bus_octets){ octets, len },
			  timeout_ms, reply, arg);
}

void bus_answer(struct bus *bus, const char *id, const void *octets, size_t len)
{
	if (fits(bus, "answer", id, len, BUS_ANSWER_MAX))
		bus->ops->answer(bus, id, (struct bus_octets){ octets, len });
}

void bus_append_audit(struct bus *bus, const void *octets, size_t len)
{
	if (fits(bus, "audit", "audit", len, BUS_REQUEST_MAX))
		bus->ops->append_audit(bus, (struct bus_octets){ octets, len });
}

bool bus_is_up(const struct bus *bus)
{
	return bus->ops->is_up(bus);
}

const char *bus_refuses(const struct bus *bus)
{
	return bus->refuses;
}

struct bus_counters bus_counters(const struct bus *bus)
{
	return bus->counters;
}

void bus_free(struct bus *bus)
{
	if (bus != NULL)
		bus->ops->free(bus);
}
