/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve -- from the question's name to the RRsets of the answer: RFC 1034,
 * 4.3.2 over a frozen zone.
 *
 * The part of dns/answer that knows zones; it shares the answer in progress
 * with dns/steered, which knows services.  Pure.
 */
#ifndef DNS_RESOLVE_H
#define DNS_RESOLVE_H

#include "dns/position.h"
#include "dns/reply.h"

#include <stdint.h>

struct answer_input;
struct answer_outcome;
struct model;
struct proofs;
struct table;

/* An answer in progress. */
struct answer {
	const struct table *table;
	const struct answer_input *in;
	const struct query *query;
	struct reply reply;
	const struct zone *zone; /* that the name being resolved is in; NULL:
				  * in none */
	struct zone_match match; /* of that name, if it is in one */
	struct proofs *proofs;   /* of what is not there; the caller's */
	uint16_t qtype; /* what is looked for: not ANY once at a node */
	enum cookie_verdict cookie; /* of the query's */
	struct answer_outcome *outcome;
};

/*
 * A query of class IN for a type that can be asked for.  zone and match are of
 * the question's name already.
 */
void resolve(struct answer *a);

/* REFUSED, and why. */
void answer_refuse(struct answer *a, uint16_t info_code, const char *text);

/*
 * Adds a whole RRset, with its signatures when the client set DO; false, and
 * nothing is added, when that does not fit.
 */
bool answer_fit(struct answer *a, enum section section,
		const struct rrset *rrset, uint16_t owner_at);

/* The same; what does not fit sets TC: RFC 2181, 9; RFC 4035, 3.1.1. */
void answer_put(struct answer *a, enum section section,
		const struct rrset *rrset, uint16_t owner_at);

/* RFC 2308, 2 and 3: NXDOMAIN and NODATA carry the SOA.  Without proof. */
void answer_put_negative(struct answer *a, struct position name,
			 enum rcode rcode);

const struct model *answer_model(const struct answer *a);

#endif
