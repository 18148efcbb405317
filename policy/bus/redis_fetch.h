/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_fetch -- the keys being read.
 *
 * A key is read at most once at a time; asked for meanwhile it is read once
 * more.  Values are read up to their limit and no further, so whatever somebody
 * stored cannot fill our memory.  At most REDIS_FETCHES_MAX at a time.  Shell.
 */
#ifndef POLICY_BUS_REDIS_FETCH_H
#define POLICY_BUS_REDIS_FETCH_H

#include "policy/bus/redis_session.h"

struct redis_fetcher;

enum { REDIS_FETCHES_MAX = 2 * BUS_KEYS_MAX };

/* A kind of value: where it is kept, where it is told of. */
struct redis_family {
	enum bus_topic topic;
	const char *value;   /* key of a value, before its id */
	const char *set;     /* key of the set of ids; NULL: has none */
	const char *channel; /* where notices of it come */
	size_t max;          /* octets of a value */
};

struct redis_fetch_owner {
	/* octets are borrowed for the call. */
	void (*on_value)(void *arg, const struct redis_family *family,
			 const char *id, const char *octets, size_t len);
	/* What was REDIS_FETCH_DUE has come, or could not be read. */
	void (*on_part)(void *arg, bool ok);
	void *arg;
};

/* session is borrowed.  NULL: out of memory. */
struct redis_fetcher *redis_fetcher_new(struct redis_session *session,
					const struct redis_fetch_owner *owner);

enum redis_fetch {
	REDIS_FETCH_NONE, /* it is read; nobody is told when it has come */
	REDIS_FETCH_DUE,  /* on_part() will be called, unless the link goes */
	REDIS_FETCH_FAILED,
};

/*
 * Has a key read; family and what it holds is static.  full: for a full read,
 * which is told when it has come.
 */
enum redis_fetch redis_fetch(struct redis_fetcher *fetcher,
			     const struct redis_family *family, const char *id,
			     bool full);

/* A key of another type holds nothing of ours; every other error is one. */
bool redis_is_answer(const struct redisReply *reply);

/* Accepts NULL.  After the links: they have given every fetch back. */
void redis_fetcher_free(struct redis_fetcher *fetcher);

#endif
