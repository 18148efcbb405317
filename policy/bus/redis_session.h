/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_session -- what the parts of the Redis bus share: the two links, the
 * names of keys, the turn after this one.  For policy/bus/redis* only.
 *
 * Both links live and die together: the bus is up while both are, so that
 * there is one state to reason about and one moment to read everything again.
 * Shell.
 */
#ifndef POLICY_BUS_REDIS_SESSION_H
#define POLICY_BUS_REDIS_SESSION_H

#include "policy/bus/bus_impl.h"
#include "policy/bus/redis_link.h"
#include "policy/bus/redis_url.h"

struct later;

enum {
	/* "windrose:{ENV}:vantage:KEY" */
	REDIS_KEY_SIZE = 12 + 33 + 16 + BUS_KEY_MAX,
};

struct redis_session {
	struct bus *bus;
	struct event_base *loop;
	struct redis_url url;
	struct redis_link *commands, *subscription;
	struct later *later;
	bool up;
	bool closing; /* bus_free() has begun: nobody is called back */
};

/* "windrose:{ENV}:" name id, into buf of REDIS_KEY_SIZE, which is returned. */
const char *redis_key(const struct redis_session *s, const char *name,
		      const char *id, char *buf);

/* A reply that is an error, or none. */
bool redis_failed(const struct redisReply *reply);

/* ms plus or minus a quarter, so that many nodes do not move as one. */
struct timeval redis_jitter(int64_t ms);

#endif
