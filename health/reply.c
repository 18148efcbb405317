/* SPDX-License-Identifier: Apache-2.0 */
#include "health/reply.h"

#include <ldns/ldns.h>

struct reply reply_open(uint16_t id, const void *octets, size_t len,
			ldns_pkt **pkt)
{
	struct reply reply = { .outcome = OUTCOME_UNKNOWN };
	const uint8_t *head = octets;

	*pkt = NULL;
	if (len < LDNS_HEADER_SIZE || LDNS_ID_WIRE(head) != id ||
	    !LDNS_QR_WIRE(head) || LDNS_OPCODE_WIRE(head) != LDNS_PACKET_QUERY)
		return reply;
	if (LDNS_TC_WIRE(head))
		reply.truncated = true;
	else if (ldns_wire2pkt(pkt, head, len) != LDNS_STATUS_OK)
		reply.outcome = OUTCOME_PROTOCOL;
	else
		reply.outcome = OUTCOME_OK;
	return reply;
}
