/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question -- what a dns check asks, in octets, and what an answer is worth.
 *
 * An answer is one only to the same ID and the same question; whoever sends
 * something else did not see ours, and is not heard.  Pure.  Source: RFC 1035,
 * 4.1; RFC 5452, 9.1.
 */
#ifndef HEALTH_QUESTION_H
#define HEALTH_QUESTION_H

#include "health/reply.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUESTION_OCTETS_MAX = 512 };

struct ldns_struct_rdf;
struct ldns_struct_rr;

struct question {
	uint16_t id, type;
	unsigned rcode;               /* that is expected */
	struct ldns_struct_rdf *name; /* owned */
	struct ldns_struct_rr *rdata; /* expected; owned; NULL: any, or none */
	uint8_t octets[QUESTION_OCTETS_MAX]; /* the query */
	size_t len;
};

/*
 * The check's question, for name where it has none of its own, with recursion
 * desired.  False when memory runs out.
 */
bool question_init(struct question *q, const struct policy_check *check,
		   const char *name, uint16_t id);

/* Any octets. */
struct reply question_read(const struct question *q, const void *octets,
			   size_t len);

/* Accepts what question_init() refused. */
void question_fini(struct question *q);

#endif
