/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply -- an answer message while it is being written.
 *
 * Header and question are the query's own octets, so the ID and the case of
 * the name come back as they were sent.  RRsets go in whole or not at all; the
 * room that OPT will need is kept free from the start, so that truncation
 * never costs it.  Pure; borrows everything.
 */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

#include "dns/edns.h"
#include "dns/query.h"
#include "dns/wire.h"
#include "dns/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RCODEs, RFC 6895, 2.3; above 15 only with EDNS. */
enum rcode {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	RCODE_YXDOMAIN = 6,
	RCODE_BADVERS = 16,
	RCODE_BADCOOKIE = 23,
};

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

struct reply {
	struct wire w;
	const struct query *query;
	size_t limit;       /* of the whole message, OPT included */
	uint16_t counts[3]; /* by enum section; OPT not yet counted */
	bool aa, tc;
	enum rcode rcode;
	uint16_t apex_at;   /* where names of the RRsets that come next find
			     * their zone's apex in the message */
	uint8_t scope_bits; /* for the client subnet, if it was sent */
	struct edns edns;   /* what the OPT carries, if there is one */
	struct ede ede;
};

/*
 * Begins the answer, r being all zero, to a query that was not QUERY_DROP.
 * limit is how much the client takes, at least DNS_PLAIN_MAX; out has as many
 * octets.
 */
void reply_begin(struct reply *r, const uint8_t *octets,
		 const struct query *query, uint8_t *out, size_t limit);

/*
 * Keeps room for what OPT will carry, which r->edns says; at once after
 * reply_begin(), for a query that had one.
 */
void reply_keep_room(struct reply *r);

/*
 * Adds an RRset with the owner name that is at owner_at in the message.
 * False, and nothing is added, when it does not fit.
 */
bool reply_put(struct reply *r, enum section section, const struct rrset *rrset,
	       uint16_t owner_at);

/* Sets the TTL of every record written from offset on. */
void reply_set_ttl(struct reply *r, size_t offset, uint32_t ttl_s);

/* Writes OPT if the query had one, counts and flags; the message's length. */
size_t reply_end(struct reply *r);

#endif
