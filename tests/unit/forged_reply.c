/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/forged_reply.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

static void ask_otherwise(const struct forged_reply *plan, ldns_pkt *pkt)
{
	ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);

	if (plan->other_name != NULL) {
		ldns_rdf_deep_free(ldns_rr_owner(rr));
		ldns_rr_set_owner(rr, ldns_dname_new_frm_str(plan->other_name));
	}
	if (plan->other_type != 0)
		ldns_rr_set_type(rr, (ldns_rr_type)plan->other_type);
	if (plan->other_class != 0)
		ldns_rr_set_class(rr, (ldns_rr_class)plan->other_class);
	if (plan->two_questions)
		ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, ldns_rr_clone(rr));
	if (plan->no_question) {
		ldns_rr_free(ldns_rr_list_pop_rr(ldns_pkt_question(pkt)));
		ldns_pkt_set_qdcount(pkt, 0);
	}
}

static void add_answers(const struct forged_reply *plan, ldns_pkt *pkt)
{
	for (size_t i = 0; i < 3 && plan->answers[i] != NULL; i++) {
		ldns_rr *rr;

		if (ldns_rr_new_frm_str(&rr, plan->answers[i], 60, NULL,
					NULL) != LDNS_STATUS_OK)
			abort();
		ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
	}
}

size_t forged_reply_make(const struct forged_reply *plan, const uint8_t *query,
			 size_t len, uint8_t out[FORGED_REPLY_MAX])
{
	ldns_pkt *pkt;
	uint8_t *octets;
	size_t size;

	if (ldns_wire2pkt(&pkt, query, len) != LDNS_STATUS_OK)
		abort();
	ldns_pkt_set_qr(pkt, !plan->no_qr);
	ldns_pkt_set_tc(pkt, plan->truncated);
	ldns_pkt_set_rcode(pkt, (uint8_t)plan->rcode);
	if (plan->notify)
		ldns_pkt_set_opcode(pkt, LDNS_PACKET_NOTIFY);
	if (plan->other_id)
		ldns_pkt_set_id(pkt, ldns_pkt_id(pkt) ^ 1);
	ask_otherwise(plan, pkt);
	add_answers(plan, pkt);
	if (ldns_pkt2wire(&octets, pkt, &size) != LDNS_STATUS_OK ||
	    size > FORGED_REPLY_MAX || size < plan->cut)
		abort();
	size -= plan->cut;
	memcpy(out, octets, size);
	LDNS_FREE(octets);
	ldns_pkt_free(pkt);
	return size;
}
