/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover -- a running responder gives its sockets to its successor, so that
 * an upgrade loses no query.
 *
 *	running                     successor
 *	                            loads everything
 *	      {"op":"take-over"} <- asks on the control socket
 *	descriptors, {"ok":true} ->
 *	answers                     answers, too: the queues are one
 *	              "relieved" <- on the line that came with the descriptors
 *	stops reading, ends
 *
 * The line ends without that word when the successor fails: then nothing has
 * changed.  Given are one end of the line, the control socket, and all that is
 * listened on, whose kinds are in the answer, in this order.  Shell.
 */
#ifndef DNS_HANDOVER_H
#define DNS_HANDOVER_H

#include "dns/listeners.h"

#include <stdbool.h>

struct control_call;
struct error;
struct event_base;
struct handover;

enum { HANDOVER_ASK_MS = 10 * 1000 };

/* The side that gives. */
struct handover_offer {
	const struct listeners *listeners; /* borrowed for the call */
	int control_fd;                    /* borrowed for the call */
	/* Called once: relieved, or the successor has failed.  The handover is
	 * to be freed there. */
	void (*done)(void *arg, bool relieved);
	void *arg;
};

/*
 * Answers call in any case.  NULL with err set, and the asker told, when it is
 * not possible.
 */
struct handover *handover_give(struct event_base *loop,
			       struct control_call *call,
			       const struct handover_offer *offer,
			       struct error *err);

/* Accepts NULL. */
void handover_free(struct handover *handover);

/* The side that takes. */
struct takeover {
	struct listeners listeners;
	int control_fd; /* -1: nobody was there */
	int line;       /* -1: nobody was there */
};

/* Nothing is taken yet. */
void takeover_init(struct takeover *takeover);

/*
 * Asks whoever listens on the control socket at path; nobody there is no
 * error.  False with err set; takeover_fini() is due in any case.
 */
bool takeover_ask(struct takeover *takeover, const char *path,
		  struct error *err);

/* Tells the one before that it may end.  Once; nothing without one. */
void takeover_relieve(struct takeover *takeover);

/* Closes what is still in it; the one before, if not relieved, goes on. */
void takeover_fini(struct takeover *takeover);

#endif
