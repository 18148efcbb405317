/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_socket -- a stream of octets to a server: over TCP, TLS or a unix
 * socket.
 *
 * Names are found without holding the loop up.  Shell.
 */
#ifndef POLICY_BUS_REDIS_SOCKET_H
#define POLICY_BUS_REDIS_SOCKET_H

#include "policy/bus/redis_target.h"

#include <stdbool.h>
#include <stdint.h>

struct evbuffer;
struct event_base;
struct redisReader;
struct redis_socket;

struct redis_socket_user {
	void (*on_open)(void *arg);
	void (*on_octets)(void *arg); /* some have come in */
	/*
	 * It is of no use any more: once or more, perhaps from inside
	 * redis_socket_open(); close it on a later turn.  words are constant,
	 * detail is borrowed.
	 */
	void (*on_fail)(void *arg, const char *words, const char *detail);
	void *arg;
};

/*
 * Begins to connect; of several addresses of the name the nth.  target is
 * borrowed until it is closed.  NULL: out of memory.
 */
struct redis_socket *redis_socket_open(struct event_base *loop,
				       const struct redis_target *target,
				       unsigned nth,
				       const struct redis_socket_user *user);

/* Is its name still being looked up?  How long that takes is not the server's
 * doing. */
bool redis_socket_seeks(const struct redis_socket *socket);

/* What has come in, and what is to go out. */
struct evbuffer *redis_socket_in(struct redis_socket *socket);
struct evbuffer *redis_socket_out(struct redis_socket *socket);

/*
 * Moves what has come in into a parser.  False: more than a reply has, or out
 * of memory.
 */
bool redis_socket_read(struct redis_socket *socket, struct redisReader *reader);

/* Seconds until the server's certificate ends, and ours; INT64_MAX: none. */
void redis_socket_papers(const struct redis_socket *socket, int64_t *theirs_s,
			 int64_t *ours_s);

/* Accepts NULL.  No callback follows. */
void redis_socket_close(struct redis_socket *socket);

#endif
