/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a packet's first octet to what its UDP datagram carries: see
 * policy/review/trace.h.
 *
 * Source: pcap-linktype(7); IEEE 802.1Q; RFC 791; RFC 8200; RFC 768.
 */
#include "policy/review/trace_impl.h"

#include <string.h>

enum {
	ETHERTYPE_V4 = 0x0800,
	ETHERTYPE_V6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	VLANS_MAX = 2,
	PROTOCOL_UDP = 17,
	EXTENSIONS_MAX = 8,
	PORT_DNS = 53,
};

/* clang-format off */
static const struct link_row {
	uint32_t link;
	size_t octets;    /* before the packet */
	int ethertype_at; /* in them; -1: none, the packet itself tells */
} links[] = {
	{   0,  4, -1 }, /* NULL: of the loopback, as BSD has it */
	{   1, 14, 12 }, /* Ethernet */
	{  12,  0, -1 }, /* raw, as some systems call it */
	{ 101,  0, -1 }, /* raw */
	{ 108,  4, -1 }, /* LOOP: of OpenBSD */
	{ 113, 16, 14 }, /* cooked of Linux */
	{ 228,  0, -1 }, /* IPv4 */
	{ 229,  0, -1 }, /* IPv6 */
	{ 276, 20,  0 }, /* cooked of Linux, version 2 */
};
/* clang-format on */

static const struct link_row *find_link(uint32_t link)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].link == link)
			return &links[i];
	return NULL;
}

bool trace_knows_link(uint32_t link)
{
	return find_link(link) != NULL;
}

static bool skip(struct trace_part *part, size_t len)
{
	if (len > part->len)
		return false;
	part->at += len;
	part->len -= len;
	return true;
}

/* Leaves the IP packet; false when there is none. */
static bool leave_link(const struct link_row *link, struct trace_part *part)
{
	const uint8_t *head = part->at;
	unsigned ethertype;

	if (!skip(part, link->octets))
		return false;
	if (link->ethertype_at < 0)
		return true;
	ethertype = trace_u16(head + link->ethertype_at);
	for (int i = 0; i < VLANS_MAX && (ethertype == ETHERTYPE_VLAN ||
					  ethertype == ETHERTYPE_QINQ);
	     i++) {
		if (part->len < 4)
			return false;
		ethertype = trace_u16(part->at + 2);
		skip(part, 4);
	}
	return ethertype == ETHERTYPE_V4 || ethertype == ETHERTYPE_V6;
}

/* Leaves the UDP datagram; false when it is none, or not the first of its
 * fragments. */
static bool leave_v4(struct trace_part *part, struct net_addr *client)
{
	const uint8_t *ip = part->at;
	size_t head, whole;

	if (part->len < 20)
		return false;
	head = (size_t)(ip[0] & 15) * 4;
	whole = trace_u16(ip + 2);
	if (head < 20 || whole < head || ip[9] != PROTOCOL_UDP ||
	    (trace_u16(ip + 6) & 0x1fff) != 0)
		return false;
	*client = (struct net_addr){ .family = NET_V4 };
	memcpy(client->octets, ip + 12, 4);
	if (whole < part->len) /* Ethernet pads what is short */
		part->len = whole;
	return skip(part, head);
}

static bool leave_v6(struct trace_part *part, struct net_addr *client)
{
	const uint8_t *ip = part->at;
	unsigned next;
	size_t whole;

	if (part->len < 40)
		return false;
	next = ip[6];
	whole = 40 + (size_t)trace_u16(ip + 4);
	*client = (struct net_addr){ .family = NET_V6 };
	memcpy(client->octets, ip + 8, 16);
	if (whole < part->len)
		part->len = whole;
	skip(part, 40);
	for (int i = 0; i < EXTENSIONS_MAX && next != PROTOCOL_UDP; i++) {
		const uint8_t *at = part->at;
		size_t len = 8;

		/* hop by hop, routing, options; a fragment if it is the first
		 */
		if (part->len < 8 ||
		    (next != 0 && next != 43 && next != 60 && next != 44))
			return false;
		if (next == 44 && (trace_u16(at + 2) & 0xfff8) != 0)
			return false;
		if (next != 44)
			len += (size_t)at[1] * 8;
		next = at[0];
		if (!skip(part, len))
			return false;
	}
	return next == PROTOCOL_UDP;
}

static bool leave_ip(struct trace_part *part, struct net_addr *client)
{
	unsigned version = part->len == 0 ? 0 : part->at[0] >> 4;

	if (version == 4)
		return leave_v4(part, client);
	return version == 6 && leave_v6(part, client);
}

void trace_put_packet(struct trace *t, uint32_t link, int64_t wall_ms,
		      const struct trace_part *packet)
{
	struct trace_sender sender = { .wall_ms = wall_ms };
	struct trace_part part = *packet;
	size_t len;

	if (!leave_link(find_link(link), &part) ||
	    !leave_ip(&part, &sender.client) || part.len < 8) {
		t->tally->others++;
		return;
	}
	sender.sure = trace_u16(part.at + 2) == PORT_DNS;
	len = trace_u16(part.at + 4);
	if (len >= 8 && len < part.len)
		part.len = len;
	skip(&part, 8);
	trace_put_message(t, &sender, &part);
}
