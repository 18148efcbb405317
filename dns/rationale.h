/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rationale -- why a client gets what it gets, asked of the responder itself:
 * TXT of _explain.NAME in class CHAOS, in the words of `windrose explain`.
 *
 *	dig +subnet=203.0.113.0/24 CH TXT _explain.www.example.net @responder
 *
 * Class CHAOS, as id.server has it: it tells of this server and this moment,
 * not of the name, so no resolver asks or keeps it, no zone has to hold it and
 * no signature to deny it.  A label in front, which no zone can take in there.
 *
 * Told to the networks that the operator lists; to all others it is REFUSED as
 * any name of this class.  Over TCP alone: an address that a datagram says is
 * from can be anybody's, and what is told is long.  Over UDP these clients get
 * TC, which is no larger than the query.
 *
 * Each line is one record: what is answered, then each endpoint, then who is
 * asked for.  Lines are told apart by how they begin, since the records of an
 * RRset have no order.  Pure; for no query but such ones.
 */
#ifndef DNS_RATIONALE_H
#define DNS_RATIONALE_H

#include <stdbool.h>

struct answer;

/* Is that the question, and may who asks be told? */
bool rationale_is_asked(const struct answer *a);

void rationale_put(struct answer *a);

#endif
