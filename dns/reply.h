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
#include "dns/rrset.h"
#include "dns/wire.h"

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

enum {
	REPLY_QR = 0x8000,
	REPLY_AA = 0x0400,
	REPLY_TC = 0x0200,
	REPLY_KEPT = 0x7900, /* of the query's: opcode and RD; CD is for
			      * resolvers */
};

/* The header's second word; with is of REPLY_AA and REPLY_TC. */
static inline uint16_t reply_flags(unsigned query_flags, enum rcode rcode,
				   unsigned with)
{
	return (uint16_t)(REPLY_QR | (query_flags & REPLY_KEPT) | with |
			  ((unsigned)rcode & 0xf));
}

struct reply {
	struct wire w;
	const struct query *query;
	size_t limit;       /* of the whole message, OPT included */
	uint16_t counts[3]; /* by enum section; OPT not yet counted */
	bool aa, tc;
	enum rcode rcode;
	uint16_t apex_at; /* where names of the RRsets that come next find
			   * their zone's apex in the message */
	struct edns edns; /* what the OPT carries, if there is one */
};

/*
 * Begins the answer to a query that was not QUERY_DROP: the question goes in,
 * the header's place is left.  out is empty and has as many octets as the
 * client takes, at least DNS_PLAIN_MAX.
 */
static inline void reply_begin(struct reply *r, const uint8_t *octets,
			       const struct query *query,
			       const struct wire *out)
{
	r->w = *out;
	r->query = query;
	r->limit = out->cap;
	memset(r->counts, 0, sizeof(r->counts));
	r->aa = r->tc = false;
	r->rcode = RCODE_NOERROR;
	r->apex_at = 0;
	r->edns.has_others = false;
	r->edns.scope_bits = 0;
	r->edns.ede.text = NULL;
	octets_copy(out->octets, octets, 2); /* ID */
	octets_copy(out->octets + DNS_HEADER_OCTETS, octets + DNS_HEADER_OCTETS,
		    query->question_len);
	r->w.len = DNS_HEADER_OCTETS + (size_t)query->question_len;
}

/*
 * Keeps room for what OPT will carry, which r->edns says; at once after
 * reply_begin(), for a query that had one.
 */
static inline void reply_keep_room(struct reply *r)
{
	r->w.cap = r->limit - edns_octets(&r->edns, r->query);
}

/*
 * Adds an RRset with the owner name that is at owner_at in the message.
 * False, and nothing is added, when it does not fit.
 */
static inline bool reply_put(struct reply *r, enum section section,
			     const struct rrset *rrset, uint16_t owner_at)
{
	size_t start = r->w.len;
	uint8_t *at = wire_claim(&r->w, rrset->len);

	if (at == NULL) {
		wire_rewind(&r->w, start);
		return false;
	}
	octets_copy(at, rrset->wire, rrset->len);
	r->counts[section] = (uint16_t)(r->counts[section] + rrset->count);
	rrset_place(at, rrset, owner_at, r->apex_at);
	return true;
}

/* Sets the TTL of every record written from offset on. */
static inline void reply_set_ttl(struct reply *r, size_t offset, uint32_t ttl_s)
{
	rr_set_ttl(r->w.octets + offset, r->w.len - offset, ttl_s);
}

/* Writes OPT if the query had one, counts and flags; the message's length. */
size_t reply_end(struct reply *r);

#endif
