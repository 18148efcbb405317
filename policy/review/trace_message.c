/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DNS message of a trace: what it asks, and for whom.
 *
 * What a responder would not answer (a malformed subnet, RFC 7871, 6) is bad:
 * it sends nobody anywhere.
 */
#include "policy/review/trace_impl.h"

#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

enum { HEADER_OCTETS = 12, OPTION_ECS = 8, ECS_OCTETS = 4 };

/* Octets of the option's data; false when RFC 7871, 6 does not allow it. */
static bool read_subnet(const struct trace_part *data, struct net_addr *client)
{
	unsigned family, bits, octets;
	struct net_addr addr = { .family = NET_NONE };
	struct net_addr masked;

	if (data->len < ECS_OCTETS || data->at[3] != 0)
		return false;
	family = trace_u16(data->at);
	bits = data->at[2];
	octets = (bits + 7) / 8;
	if (family == 0)
		return bits == 0 && data->len == ECS_OCTETS;
	if (family > 2 || bits > (family == 1 ? 32U : 128U) ||
	    data->len != ECS_OCTETS + octets)
		return false;
	if (bits == 0) /* RFC 7871, 7.1.2: the client wants no subnet told */
		return true;
	addr.family = family == 1 ? NET_V4 : NET_V6;
	memcpy(addr.octets, data->at + ECS_OCTETS, octets);
	masked = net_mask(&addr, bits);
	if (!net_equal(&masked, &addr))
		return false;
	*client = addr;
	return true;
}

/* The options of EDNS; false when they make no sense. */
static bool read_options(const ldns_pkt *packet, struct net_addr *client)
{
	const ldns_rdf *rdf = ldns_pkt_edns_data(packet);
	struct trace_part rest = { .len = 0 };
	bool has_subnet = false;

	if (rdf != NULL)
		rest = (struct trace_part){ ldns_rdf_data(rdf),
					    ldns_rdf_size(rdf) };
	while (rest.len >= 4) {
		unsigned code = trace_u16(rest.at);
		const struct trace_part data = { rest.at + 4,
						 trace_u16(rest.at + 2) };

		if (data.len > rest.len - 4)
			return false;
		rest.at += 4 + data.len;
		rest.len -= 4 + data.len;
		if (code != OPTION_ECS)
			continue;
		if (has_subnet || !read_subnet(&data, client))
			return false;
		has_subnet = true;
	}
	return rest.len == 0;
}

static void put_question(struct trace *t, const struct trace_sender *sender,
			 const ldns_pkt *packet)
{
	ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
	struct trace_query q = {
		.wall_ms = sender->wall_ms,
		.client = sender->client,
		.type = (uint16_t)ldns_rr_get_type(question),
		.count = 1,
	};
	char *name;
	size_t len;

	if (!read_options(packet, &q.client)) {
		trace_bad(t, "a client subnet that is not of RFC 7871");
		return;
	}
	ldns_dname2canonical(ldns_rr_owner(question));
	name = ldns_rdf2str(ldns_rr_owner(question));
	len = name == NULL ? 0 : strlen(name);
	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	q.name = name;
	if (name != NULL)
		trace_put(t, &q);
	else
		t->out_of_room = true;
	free(name);
}

/* Is it a query, as the header has it: QR 0, OPCODE 0, one question? */
static bool is_query(const struct trace_part *message)
{
	return message->len >= HEADER_OCTETS && (message->at[2] >> 3) == 0 &&
	       trace_u16(message->at + 4) == 1;
}

void trace_put_message(struct trace *t, const struct trace_sender *sender,
		       const struct trace_part *message)
{
	ldns_pkt *packet = NULL;

	if (!is_query(message)) {
		if (sender->sure && message->len < HEADER_OCTETS)
			trace_bad(t, "shorter than a DNS header");
		else
			t->tally->others++;
		return;
	}
	if (ldns_wire2pkt(&packet, message->at, message->len) ==
		    LDNS_STATUS_OK &&
	    ldns_rr_list_rr_count(ldns_pkt_question(packet)) == 1)
		put_question(t, sender, packet);
	else if (sender->sure)
		trace_bad(t, "a DNS message that cannot be read");
	else
		t->tally->others++;
	ldns_pkt_free(packet);
}
