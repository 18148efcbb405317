/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_session -- what the parts of the Redis bus share: the links, the names
 * of keys, the turn after this one.  For policy/bus/redis* only.
 *
 * policy/bus/redis_connect makes the links; they live and die together.
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
	struct redis_link *commands;     /* with the master */
	struct redis_link *reading;      /* commands, or with a replica */
	struct redis_link *subscription; /* where reading is */
	struct later *later;
	bool up;      /* all links are; redis_connect's */
	bool closing; /* bus_free() has begun: nobody is called back */
	/* Up and down again and again, which is told once; redis_connect's. */
	bool flapping;
};

/* "windrose:{ENV}:" name id, into buf of REDIS_KEY_SIZE, which is returned. */
const char *redis_key(const struct redis_session *s, const char *name,
		      const char *id, char *buf);

/* A reply that is an error, or none. */
bool redis_failed(const struct redisReply *reply);

/* ms plus or minus a quarter, so that many nodes do not move as one. */
struct timeval redis_jitter(int64_t ms);

#endif
