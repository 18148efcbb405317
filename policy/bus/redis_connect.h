/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_connect -- finds the server, or the servers, of a bus, and keeps the
 * session's links to them.
 *
 *   WAITING --time--> FINDING --a place--> JOINING --all links up--> UP
 *      ^                 |                    |                       |
 *      +-----------------+--------------------+-----------------------+
 *           nobody tells     a link is down      a link is down, or
 *                                                the master is another
 *
 * Where to go: to the url's hosts in turn; or where a node of a cluster sends
 * us (MOVED), REDIS_MOVES_MAX times in a row without a wait; or to the master
 * that the sentinels name, which must say itself that it is one (ROLE).
 *
 * With read=replica, reading and the subscription, which must agree with each
 * other, are with one of the replicas that the master tells of, drawn at
 * random; what is written, and the lease, is with the master.  A replica that
 * cannot be reached, or does not hear its master, is left: the master is read
 * from, for REDIS_SHUN_MS, and twice as long each time up to
 * REDIS_SHUN_LAST_MS while none can be reached.
 *
 * All links live and die together: the session is up while all are, so that
 * there is one state to reason about and one moment to read everything again.
 * Which server has older values than another is nobody's concern here: those
 * who follow a plan take only what goes forward.  Shell.
 */
#ifndef POLICY_BUS_REDIS_CONNECT_H
#define POLICY_BUS_REDIS_CONNECT_H

#include <stddef.h>

struct error;
struct redis_connect;
struct redis_session;

enum {
	REDIS_MOVES_MAX = 5,
	REDIS_SHUN_MS = 30000,
	REDIS_SHUN_LAST_MS = 960000,
};

struct redis_connect_user {
	void (*on_up)(void *arg);
	void (*on_down)(void *arg); /* it was up */
	/* What the subscription brings. */
	void (*on_message)(void *arg, const char *channel, const char *octets,
			   size_t len);
	void *arg;
};

/*
 * Fills in the session's links.  session is borrowed; its url is set.  NULL
 * with err set: no memory, or the url's files cannot be used.
 */
struct redis_connect *redis_connect_new(struct redis_session *session,
					const struct redis_connect_user *user,
					struct error *err);

/* Begins, and goes on for ever. */
void redis_connect_start(struct redis_connect *connect);

/* Frees the links: each call under way is told NULL.  Accepts NULL. */
void redis_connect_free(struct redis_connect *connect);

#endif
