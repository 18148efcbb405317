/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_link -- one connection to a Redis server.
 *
 *   DOWN --connect--> CONNECTING --> GREETING --PONG--> UP
 *     ^                   |              |               |
 *     +-- on_down, close -+--------------+---------------+
 *
 * What is said while GREETING, and must be true: policy/bus/redis_greeting.
 * Replies come in the order of commands.  A server that leaves a command
 * unanswered, or a connection unfinished, for REDIS_SILENCE_MS without an
 * octet moving is down, its name once found; an idle link is asked (PING) every
 * REDIS_PING_MS, so a stopped server is found out.  hiredis formats and parses,
 * libevent carries.  Shell.
 */
#ifndef POLICY_BUS_REDIS_LINK_H
#define POLICY_BUS_REDIS_LINK_H

#include "policy/bus/redis_command.h"

#include <stdbool.h>
#include <stddef.h>

struct bus;
struct event_base;
struct redisReply;
struct redis_link;
struct redis_target;

enum {
	REDIS_SILENCE_MS = 2000,
	REDIS_PING_MS = 1000,
	REDIS_STEADY_MS = 5000, /* up for so long: it holds */
	/* For a name: what three servers that are dead take, as resolv.conf(5)
	 * has it by itself. */
	REDIS_SEEK_MS = 30000,
};

/*
 * Called once for each command sent: with its reply (borrowed; it may be an
 * error reply), or with NULL when the link went down before.
 */
typedef void redis_done(void *arg, const struct redisReply *reply);

struct redis_owner {
	struct bus *bus; /* whose errors are counted */
	void (*on_up)(void *arg);
	/* Once for each connect that fails or ends; answer with close. */
	void (*on_down)(void *arg);
	/* What a subscription brings; may be NULL. */
	void (*on_message)(void *arg, const char *channel, const char *octets,
			   size_t len);
	/*
	 * The server's ROLE, when the target wants to know it, in the greeting
	 * and then every REDIS_PING_MS; may be NULL: only in the greeting.
	 */
	void (*on_role)(void *arg, const struct redisReply *role);
	/*
	 * An error sends us to another server ("MOVED ..."); on_down follows.
	 * True when it is followed, so that it is no trouble; may be NULL.
	 */
	bool (*on_moved)(void *arg, const char *text);
	void *arg;
};

/* name is for logs; target and name are borrowed.  NULL: out of memory. */
struct redis_link *redis_link_new(struct event_base *loop, const char *name,
				  const struct redis_target *target,
				  const struct redis_owner *owner);
void redis_link_connect(struct redis_link *link);
bool redis_link_is_up(const struct redis_link *link);
bool redis_link_is_down(const struct redis_link *link);

/*
 * Gives an up link up, for what its owner learned elsewhere (words are
 * constant); on_down follows on the next turn.
 */
void redis_link_give_up(struct redis_link *link, const char *words,
			const char *detail);

/*
 * False, and done is not called, when it is not up or memory runs out.  done
 * may be NULL.
 */
bool redis_link_send(struct redis_link *link, const struct redis_command *c,
		     redis_done *done, void *arg);

/* Calls done(NULL) for what has no reply yet.  Not from inside a done. */
void redis_link_close(struct redis_link *link);

/* Closes first.  Accepts NULL. */
void redis_link_free(struct redis_link *link);

#endif
