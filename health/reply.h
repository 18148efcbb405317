/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply -- what came back on a DNS query, before anyone looks at what it says.
 *
 * Pure.  Source: RFC 1035, 4.1; RFC 5452, 9.1.
 */
#ifndef HEALTH_REPLY_H
#define HEALTH_REPLY_H

#include "health/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ldns_struct_pkt;

struct reply {
	/*
	 * OK, RCODE, RDATA, PROTOCOL (what follows the question is broken), or
	 * UNKNOWN: not an answer to this question.
	 */
	enum outcome outcome;
	uint16_t rcode;
	bool truncated; /* ask by TCP; no more was read of it */
};

/*
 * Any octets: is it an answer to a query of this ID, and whole?  Then *pkt is
 * the caller's, to be freed by ldns_pkt_free(), and the reply OK so far; else
 * *pkt is NULL and the reply is that.
 */
struct reply reply_open(uint16_t id, const void *octets, size_t len,
			struct ldns_struct_pkt **pkt);

#endif
