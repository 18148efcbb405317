/* SPDX-License-Identifier: Apache-2.0 */
#include "health/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

/* As policy/language/probing read it once; a failure is want of memory. */
static ldns_rr *parse_rdata(uint16_t type, const char *text)
{
	ldns_rr *rr = NULL;
	char *line;

	if (asprintf(&line, ". 0 IN TYPE%u %s", type, text) < 0)
		return NULL;
	if (ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) != LDNS_STATUS_OK)
		rr = NULL;
	free(line);
	if (rr != NULL)
		ldns_rr2canonical(rr);
	return rr;
}

static bool write_query(struct question *q)
{
	ldns_rdf *name = ldns_rdf_clone(q->name);
	ldns_pkt *pkt =
		name == NULL ? NULL
			     : ldns_pkt_query_new(name, (ldns_rr_type)q->type,
						  LDNS_RR_CLASS_IN, LDNS_RD);
	uint8_t *octets = NULL;
	bool ok;

	if (pkt == NULL) {
		ldns_rdf_deep_free(name);
		return false;
	}
	ldns_pkt_set_id(pkt, q->id);
	ok = ldns_pkt2wire(&octets, pkt, &q->len) == LDNS_STATUS_OK &&
	     q->len <= sizeof(q->octets);
	if (ok)
		memcpy(q->octets, octets, q->len);
	LDNS_FREE(octets);
	ldns_pkt_free(pkt);
	return ok;
}

bool question_init(struct question *q, const struct policy_check *check,
		   const char *name, uint16_t id)
{
	*q = (struct question){
		.id = id,
		.type = check->query_type,
		.rcode = check->rcode,
		.name = ldns_dname_new_frm_str(name),
	};
	if (q->name == NULL)
		return false;
	if (check->rdata != NULL) {
		q->rdata = parse_rdata(q->type, check->rdata);
		if (q->rdata == NULL)
			return false;
	}
	return write_query(q);
}

void question_fini(struct question *q)
{
	ldns_rdf_deep_free(q->name);
	ldns_rr_free(q->rdata);
}

/* Does it repeat what was asked?  RFC 5452, 9.1 */
static bool is_asked(const struct question *q, const ldns_pkt *pkt)
{
	const ldns_rr_list *list = ldns_pkt_question(pkt);
	const ldns_rr *rr;

	/* One who could not read the question cannot repeat it. */
	if (ldns_pkt_qdcount(pkt) == 0)
		return ldns_pkt_get_rcode(pkt) == LDNS_RCODE_FORMERR;
	if (ldns_pkt_qdcount(pkt) != 1)
		return false;
	rr = ldns_rr_list_rr(list, 0);
	return ldns_rr_get_type(rr) == (ldns_rr_type)q->type &&
	       ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	       ldns_dname_compare(ldns_rr_owner(rr), q->name) == 0;
}

static bool same_rdata(const ldns_rr *a, const ldns_rr *b)
{
	if (ldns_rr_get_type(a) != ldns_rr_get_type(b) ||
	    ldns_rr_rd_count(a) != ldns_rr_rd_count(b))
		return false;
	for (size_t i = 0; i < ldns_rr_rd_count(a); i++)
		if (ldns_rdf_compare(ldns_rr_rdf(a, i), ldns_rr_rdf(b, i)) != 0)
			return false;
	return true;
}

/* Of whatever owner: an alias leads elsewhere. */
static bool has_rdata(const struct question *q, const ldns_pkt *pkt)
{
	const ldns_rr_list *list = ldns_pkt_answer(pkt);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);

		ldns_rr2canonical(rr);
		if (same_rdata(rr, q->rdata))
			return true;
	}
	return false;
}

static struct reply judge(const struct question *q, const ldns_pkt *pkt)
{
	struct reply reply = { .rcode = (uint16_t)ldns_pkt_get_rcode(pkt) };

	if (!is_asked(q, pkt))
		return reply;
	if (reply.rcode != q->rcode)
		reply.outcome = OUTCOME_RCODE;
	else if (q->rdata != NULL && !has_rdata(q, pkt))
		reply.outcome = OUTCOME_RDATA;
	else
		reply.outcome = OUTCOME_OK;
	return reply;
}

struct reply question_read(const struct question *q, const void *octets,
			   size_t len)
{
	ldns_pkt *pkt;
	struct reply reply = reply_open(q->id, octets, len, &pkt);

	if (pkt != NULL)
		reply = judge(q, pkt);
	ldns_pkt_free(pkt);
	return reply;
}
