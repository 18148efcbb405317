/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validator -- judges signed answers as a validating resolver does: RFC 4035,
 * 5, for zones whose keys it is told.
 *
 * It shares no line with the responder: messages, signatures and names are
 * ldns's, and what must be proven is worked out here from the question and the
 * records alone.  It is stricter than resolvers are: nothing that is unsigned
 * may stand where something signed is due, and two NSEC records of one owner
 * are one RRset.
 */
#ifndef TESTS_UNIT_VALIDATOR_H
#define TESTS_UNIT_VALIDATOR_H

#include <ldns/ldns.h>

enum { VALIDATOR_ZONES = 16 };

struct validator {
	ldns_rdf *apexes[VALIDATOR_ZONES]; /* of all zones; owned */
	size_t zones;
	ldns_rr_list *keys; /* their DNSKEY records; owned */
};

/*
 * One more zone, and its DNSKEY records as an answer has them.  Aborts when
 * there are none.
 */
void validator_add(struct validator *v, ldns_pkt *answer);

void validator_fini(struct validator *v);

/*
 * NULL when answer, to a query with DO, is secure; else what is wrong with it,
 * in words.  Of a truncated one only what it has is judged.
 */
const char *validator_judge(const struct validator *v, ldns_pkt *answer);

#endif
