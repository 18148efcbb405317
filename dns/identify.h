/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identify -- who this responder is, from the command line and the file of
 * cookie secrets, published in the slot.
 *
 * The file is read again on reload and every IDENTIFY_MS; what cannot be used
 * is logged once and changes nothing.  Without a file a secret is drawn at the
 * start: cookies then are good at this node until it stops.  Shell; all calls
 * on the loop's thread.
 */
#ifndef DNS_IDENTIFY_H
#define DNS_IDENTIFY_H

struct error;
struct event_base;
struct identify;
struct identity;
struct slot;

enum { IDENTIFY_MS = 5000 };

/* Needed during identify_start() only. */
struct identify_config {
	const struct identity *identity; /* but for secrets; NULL: all zero */
	const char *cookie_secrets;      /* file; NULL: one is drawn */
};

/* slot is borrowed and outlives it, and has no reader yet.  NULL with err set.
 */
struct identify *identify_start(struct event_base *loop, struct slot *slot,
				const struct identify_config *config,
				struct error *err);

/* Looks at the file now. */
void identify_reload(struct identify *identify);

/* Accepts NULL.  What is published stays in the slot. */
void identify_stop(struct identify *identify);

#endif
