/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy -- one question at a time to HAProxy's runtime socket.
 *
 * Each question is a connection of its own: HAProxy answers all of its lines
 * and closes, and after a reload it is the new process that answers.  The
 * whole answer must be there within PROXY_TIMEOUT_MS.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_PROXY_H
#define STEERING_EDGE_PROXY_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct event_base;
struct proxy;

enum {
	PROXY_ANSWER_MAX = 4 << 20,
	PROXY_TIMEOUT_MS = 2000,
	PROXY_LINE_MAX = 4096, /* of a question; HAProxy's buffer has 16 KiB */
};

/* NULL when memory runs out or path is too long for a unix socket. */
struct proxy *proxy_new(struct event_base *loop, const char *path,
			struct error *err);

/* Accepts NULL.  An open question is not answered. */
void proxy_free(struct proxy *proxy);

/*
 * Sends text, whose lines are joined to one command line.  done is called
 * once, never from inside this call: with the whole answer, or with NULL and
 * why when it did not come.  False when a question is still open.
 */
typedef void proxy_done(void *arg, const char *answer, size_t len,
			const char *why);
bool proxy_ask(struct proxy *proxy, const char *text, proxy_done *done,
	       void *arg);

#endif
