/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_dialog -- one server asked one question after the other, each waited
 * for, by a program that does nothing else meanwhile.
 *
 * It goes the bus's own way to the server (policy/bus/redis_socket), so that
 * what breaks one breaks the other, with the same words.  Nothing is said by
 * itself: neither AUTH nor PING.  Shell.
 */
#ifndef POLICY_BUS_REDIS_DIALOG_H
#define POLICY_BUS_REDIS_DIALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply;
struct redis_dialog;
struct redis_target;

/*
 * Connects within patience_ms, to the next address of the name where the first
 * cannot be reached.  target is borrowed until it is freed.  NULL: out of
 * memory; else see redis_dialog_trouble().
 */
struct redis_dialog *redis_dialog_open(const struct redis_target *target,
				       int64_t patience_ms);

/*
 * NULL while it may be asked; else why not any more, in an operator's words
 * (constant), and what the system or the library says, borrowed, in *detail.
 */
const char *redis_dialog_trouble(const struct redis_dialog *d,
				 const char **detail);

/*
 * The reply, an error too, the caller's (freeReplyObject()); NULL when there
 * is none, which redis_dialog_trouble() explains.
 */
struct redisReply *redis_dialog_ask(struct redis_dialog *d, int argc,
				    const char **argv);

/*
 * Asks nothing, and waits until the connection ends, or patience does.  What is
 * sent to a server that is about to refuse us can cost us its reason (an alert
 * of TLS), since it closes with octets unread.
 */
void redis_dialog_listen(struct redis_dialog *d);

/* Seconds until the server's certificate ends, and ours; INT64_MAX: none. */
void redis_dialog_papers(const struct redis_dialog *d, int64_t *theirs_s,
			 int64_t *ours_s);

/* Accepts NULL. */
void redis_dialog_free(struct redis_dialog *d);

#endif
