/* SPDX-License-Identifier: Apache-2.0 */
/*
 * succession -- how a running responder ends in favour of another one.
 *
 *	ANSWERING --asked--> GIVING --relieved--> ENDING --last connection-->
 *	     ^                  |                                  on_over()
 *	     +---- it failed ---+
 *
 * While GIVING, nothing is saved and no break-glass command is taken, since
 * the successor would not know of it.  Shell.
 */
#ifndef DNS_SUCCESSION_H
#define DNS_SUCCESSION_H

struct console;
struct control_call;
struct error;
struct event_base;
struct lastgood;
struct succession;
struct transports;

/* All borrowed, and outlive it. */
struct succession_config {
	struct event_base *loop;
	struct transports *transports;
	struct lastgood *lastgood; /* NULL: nothing is kept */
	/* A successor answers: stop all but the connections that are there. */
	void (*on_end)(void *arg);
	/* The last of them has ended. */
	void (*on_over)(void *arg);
	void *arg;
};

/* NULL with err set. */
struct succession *succession_new(const struct succession_config *config,
				  struct error *err);

/* A successor has asked on console's socket: answers the call. */
void succession_ask(struct succession *s, struct console *console,
		    struct control_call *call);

/* Accepts NULL. */
void succession_free(struct succession *s);

#endif
