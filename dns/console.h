/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console -- what can be asked of a running responder on its control socket.
 *
 *   {"op":"status"}                     how it is; see dns/status
 *   {"op":"command","command":{...}}    break-glass, for this node alone
 *   {"op":"standing","service":NAME}    how one service stands, and what the
 *                                       vantages measured
 *   {"op":"reload"}                     as SIGHUP
 *   {"op":"take-over"}                  by a successor; see dns/handover
 *
 * Each answer is {"ok":true, ...} or {"ok":false,"error":"..."}.  Shell.
 */
#ifndef DNS_CONSOLE_H
#define DNS_CONSOLE_H

#include <stdbool.h>

struct console;
struct control_call;
struct error;
struct event_base;
struct feed;
struct json_t;

/* All borrowed, and outlive it. */
struct console_config {
	const char *path;
	int control_fd; /* listens on path already; owned; -1: none does */
	struct feed *feed;
	struct json_t *(*status)(void *arg); /* a new reference or NULL */
	void (*reload)(void *arg);
	/* Answers the call. */
	void (*take_over)(void *arg, struct control_call *call);
	void *arg;
};

/* NULL with err set. */
struct console *console_start(struct event_base *loop,
			      const struct console_config *config,
			      struct error *err);

/* The listening socket; borrowed. */
int console_descriptor(const struct console *console);

/*
 * While a successor starts, no command is taken, since it would not know, and
 * who ends leaves the socket file to the other.  A console that was started
 * with another's socket is held.
 */
void console_hold(struct console *console, bool held);

/* The control socket is the successor's now. */
void console_leave(struct console *console);

/* Accepts NULL. */
void console_stop(struct console *console);

#endif
