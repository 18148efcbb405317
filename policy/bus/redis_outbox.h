/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_outbox -- writing what needs no answer: reports and nodes, of which
 * only the newest counts, and the audit, of which every entry does.
 *
 * One value of a key is on its way at a time; a newer one waits, and replaces
 * one that waits already.  Audit entries stay until the server has confirmed
 * them, so after a broken link one may be there twice, never not at all.
 * Shell.
 */
#ifndef POLICY_BUS_REDIS_OUTBOX_H
#define POLICY_BUS_REDIS_OUTBOX_H

#include "policy/bus/redis_session.h"

struct redis_feed;
struct redis_outbox;

enum { REDIS_AUDIT_LENGTH = 100000 }; /* about: what the stream is cut to */

/* Both are borrowed; feed is told how far plans are.  NULL: out of memory. */
struct redis_outbox *redis_outbox_new(struct redis_session *session,
				      struct redis_feed *feed);
void redis_outbox_put(struct redis_outbox *out, enum bus_topic topic,
		      const char *key, struct bus_octets value, int64_t ttl_ms);
void redis_outbox_audit(struct redis_outbox *out, struct bus_octets entry);

/* The session came up: what was kept goes out. */
void redis_outbox_up(struct redis_outbox *out);

/* Accepts NULL.  After the links are closed. */
void redis_outbox_free(struct redis_outbox *out);

#endif
