/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_sentinel -- asks Redis Sentinel where the master is, and goes on
 * asking.
 *
 * The sentinels are asked in turn until one tells; that one is asked again
 * every REDIS_PING_MS, which costs no more than the PING of an idle link and,
 * unlike its channel +switch-master, cannot be missed.  What a sentinel says
 * is a hint: whoever goes there looks whether it is a master.  Redis Sentinel
 * documentation, "Guidelines for Redis clients".  Shell.
 */
#ifndef POLICY_BUS_REDIS_SENTINEL_H
#define POLICY_BUS_REDIS_SENTINEL_H

#include <stdbool.h>

struct redis_place;
struct redis_sentinel;
struct redis_session;
struct redis_tls;

struct redis_sentinel_user {
	/* To each redis_sentinel_ask() one of these two, on a later turn. */
	void (*on_master)(void *arg, const struct redis_place *master);
	void (*on_silence)(void *arg); /* none of them told one */
	/* The master is another than the one told last: ask. */
	void (*on_switch)(void *arg);
	void *arg;
};

/* session and tls (NULL: none) are borrowed.  NULL: out of memory. */
struct redis_sentinel *
redis_sentinel_new(struct redis_session *session, struct redis_tls *tls,
		   const struct redis_sentinel_user *user);

/* another: the last one's answer led nowhere, so the next one is asked. */
void redis_sentinel_ask(struct redis_sentinel *s, bool another);

/* Accepts NULL. */
void redis_sentinel_free(struct redis_sentinel *s);

#endif
