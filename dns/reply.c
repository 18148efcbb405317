/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/reply.h"

size_t reply_end(struct reply *r)
{
	uint8_t *header = r->w.octets;

	if (r->query->edns) {
		r->w.cap = r->limit;
		edns_write(&r->edns, r->query, (unsigned)r->rcode, &r->w);
		r->counts[SECTION_ADDITIONAL]++;
	}
	octets_put_u16(header + 2,
		       reply_flags(r->query->flags, r->rcode,
				   (r->aa ? REPLY_AA : 0u) |
					   (r->tc ? REPLY_TC : 0u)));
	octets_put_u16(header + 4, r->query->question_len > 0);
	octets_put_u16(header + 6, r->counts[SECTION_ANSWER]);
	octets_put_u16(header + 8, r->counts[SECTION_AUTHORITY]);
	octets_put_u16(header + 10, r->counts[SECTION_ADDITIONAL]);
	return r->w.len;
}
