/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console -- what can be asked of a running responder on its control socket.
 *
 *   {"op":"status"}                     how it is; see dns/status
 *   {"op":"command","command":{...}}    break-glass, for this node alone
 *   {"op":"reload"}                     as SIGHUP
 *
 * Each answer is {"ok":true, ...} or {"ok":false,"error":"..."}.  Shell.
 */
#ifndef DNS_CONSOLE_H
#define DNS_CONSOLE_H

struct console;
struct error;
struct event_base;
struct feed;
struct json_t;

/* All borrowed, and outlive it. */
struct console_config {
	const char *path;
	struct feed *feed;
	struct json_t *(*status)(void *arg); /* a new reference or NULL */
	void (*reload)(void *arg);
	void *arg;
};

/* NULL with err set. */
struct console *console_start(struct event_base *loop,
			      const struct console_config *config,
			      struct error *err);

/* Accepts NULL. */
void console_stop(struct console *console);

#endif
