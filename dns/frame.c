/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/frame.h"

#include "dns/wire.h"

#include <string.h>

#include <arpa/inet.h>

enum {
	MAC_OCTETS = 6,
	STATIONS = 2 * MAC_OCTETS, /* destination, then source */
	TAG = 4,
	TAGS_MAX = 2,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	UDP_HEADER = 8,
	PROTOCOL_UDP = 17,
	HOP_LIMIT = 64,
	MORE_OR_OFFSET = 0x3fff, /* of IPv4's flags: all but reserved, DF */
};

/* Where fields stand in their headers. */
enum {
	V4_LENGTH = 2,
	V4_ID = 4,
	V4_FLAGS = 6,
	V4_TTL = 8,
	V4_PROTOCOL = 9,
	V4_SUM = 10,
	V4_SOURCE = 12,
	V4_DESTINATION = 16,
	V6_LENGTH = 4,
	V6_NEXT = 6,
	V6_HOPS = 7,
	V6_SOURCE = 8,
	V6_DESTINATION = 24,
	UDP_DESTINATION = 2,
	UDP_LENGTH = 4,
	UDP_SUM = 6,
};

static inline uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void set_u16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/*
 * Sums of 16-bit words in the machine's own order, which RFC 1071, 2 (B)
 * allows, many at a time, the carry added at the other end: 2 (A) and (C).
 */
static inline uint64_t add_8(uint64_t sum, const uint8_t *octets)
{
	uint64_t words;

	memcpy(&words, octets, sizeof(words));
	sum += words;
	return sum + (sum < words);
}

static inline uint64_t add_4(uint64_t sum, const uint8_t *octets)
{
	uint32_t words;

	memcpy(&words, octets, sizeof(words));
	sum += words;
	return sum + (sum < words);
}

static inline uint64_t add_2(uint64_t sum, const uint8_t *octets)
{
	uint16_t word;

	memcpy(&word, octets, sizeof(word));
	sum += word;
	return sum + (sum < word);
}

/* An odd octet counts as if zero followed. */
static uint64_t add_all(uint64_t sum, const uint8_t *octets, size_t len)
{
	for (; len >= 32; octets += 32, len -= 32) {
		sum = add_8(sum, octets);
		sum = add_8(sum, octets + 8);
		sum = add_8(sum, octets + 16);
		sum = add_8(sum, octets + 24);
	}
	for (; len >= 8; octets += 8, len -= 8)
		sum = add_8(sum, octets);
	if ((len & 4) != 0) {
		sum = add_4(sum, octets);
		octets += 4;
	}
	if ((len & 2) != 0) {
		sum = add_2(sum, octets);
		octets += 2;
	}
	if ((len & 1) != 0)
		sum += htons((uint16_t)(*octets << 8));
	return sum;
}

/* To 16 bits, still in the machine's order. */
static inline uint16_t fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

static inline uint64_t header_sum(const uint8_t *v4)
{
	return add_8(add_8(add_4(0, v4), v4 + 4), v4 + 12);
}

/* RFC 768; RFC 8200, 8.1: both addresses, the protocol, the length. */
static inline uint64_t pseudo_sum(const uint8_t *ip, bool v6, size_t udp_len)
{
	uint64_t sum = htonl(PROTOCOL_UDP << 16 | (uint32_t)udp_len);

	if (!v6)
		return add_8(sum, ip + V4_SOURCE);
	sum = add_8(add_8(sum, ip + V6_SOURCE), ip + V6_SOURCE + 8);
	return add_8(add_8(sum, ip + V6_DESTINATION), ip + V6_DESTINATION + 8);
}

/* Left to the sender's hardware: what is there is the pseudo-header's sum. */
static bool udp_sum_is_right(const uint8_t *ip, bool v6, const uint8_t *udp,
			     size_t udp_len)
{
	uint64_t pseudo = pseudo_sum(ip, v6, udp_len);
	uint16_t there;

	memcpy(&there, udp + UDP_SUM, 2);
	if (there == 0)
		return !v6; /* RFC 8200, 8.1: IPv6 has to have one */
	return there == fold(pseudo) ||
	       fold(add_all(pseudo, udp, udp_len)) == UINT16_MAX;
}

/* Nobody's, or a group's: RFC 1122, 3.2.1.3. */
static bool is_host_v4(const uint8_t octets[4])
{
	return octets[0] != 0 && octets[0] != 127 && octets[0] < 224;
}

/* Not ::, ::1, IPv4 in any form of the first /32's, nor multicast. */
static bool is_host_v6(const uint8_t octets[16])
{
	static const uint8_t zeros[10];

	return octets[0] != 0xff && memcmp(octets, zeros, sizeof(zeros)) != 0;
}

/* The type of what follows the stations and at most two tags. */
static uint16_t pass_tags(struct reader *r)
{
	uint16_t type = reader_u16(r);

	for (size_t i = 0;
	     i < TAGS_MAX && (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ);
	     i++) {
		reader_u16(r);
		type = reader_u16(r);
	}
	return type;
}

/* The octets that UDP has, or 0; an Ethernet frame may be padded. */
static size_t parse_v4(const uint8_t *ip, size_t left, struct net_addr *source)
{
	size_t len = get_u16(ip + V4_LENGTH);

	if (ip[0] != 0x45 || ip[V4_PROTOCOL] != PROTOCOL_UDP || len > left ||
	    len < IPV4_HEADER ||
	    (get_u16(ip + V4_FLAGS) & MORE_OR_OFFSET) != 0 ||
	    !is_host_v4(ip + V4_SOURCE) || !is_host_v4(ip + V4_DESTINATION) ||
	    memcmp(ip + V4_SOURCE, ip + V4_DESTINATION, 4) == 0 ||
	    fold(header_sum(ip)) != UINT16_MAX)
		return 0;
	*source = (struct net_addr){ .family = NET_V4 };
	memcpy(source->octets, ip + V4_SOURCE, 4);
	return len - IPV4_HEADER;
}

static size_t parse_v6(const uint8_t *ip, size_t left, struct net_addr *source)
{
	size_t len = get_u16(ip + V6_LENGTH);

	if (ip[0] >> 4 != 6 || ip[V6_NEXT] != PROTOCOL_UDP ||
	    len > left - IPV6_HEADER || !is_host_v6(ip + V6_SOURCE) ||
	    !is_host_v6(ip + V6_DESTINATION) ||
	    memcmp(ip + V6_SOURCE, ip + V6_DESTINATION, 16) == 0)
		return 0;
	source->family = NET_V6;
	memcpy(source->octets, ip + V6_SOURCE, 16);
	return len;
}

/* room octets follow the IP header. */
static bool parse_udp(const uint8_t *ip, bool v6, size_t room,
		      struct frame *out)
{
	const uint8_t *udp = ip + (v6 ? IPV6_HEADER : IPV4_HEADER);
	size_t len;

	if (room < UDP_HEADER)
		return false;
	len = get_u16(udp + UDP_LENGTH);
	out->source_port = get_u16(udp);
	out->payload_len = len - UDP_HEADER;
	return len >= UDP_HEADER && len <= room && out->source_port != 0 &&
	       get_u16(udp + UDP_DESTINATION) != 0 &&
	       udp_sum_is_right(ip, v6, udp, len);
}

bool frame_parse(const uint8_t *octets, size_t len, struct frame *out)
{
	struct reader r = reader_over(octets, len);
	const uint8_t *ip;
	uint16_t type;
	size_t left, room;
	bool v6;

	reader_take(&r, STATIONS);
	type = pass_tags(&r);
	v6 = type == ETHERTYPE_IPV6;
	out->network = r.at;
	left = reader_left(&r);
	ip = reader_take(&r, v6 ? IPV6_HEADER : IPV4_HEADER);
	if (ip == NULL || (!v6 && type != ETHERTYPE_IPV4))
		return false;
	room = v6 ? parse_v6(ip, left, &out->source)
		  : parse_v4(ip, left, &out->source);
	out->payload = r.at + UDP_HEADER;
	return parse_udp(ip, v6, room, out);
}

void frame_asked(const struct frame *frame, const uint8_t *octets,
		 struct net_addr *address, uint16_t *port)
{
	const uint8_t *ip = octets + frame->network;

	*address = (struct net_addr){ .family = frame->source.family };
	if (frame->source.family == NET_V6)
		memcpy(address->octets, ip + V6_DESTINATION, 16);
	else
		memcpy(address->octets, ip + V4_DESTINATION, 4);
	*port = get_u16(octets + frame->payload - UDP_HEADER + UDP_DESTINATION);
}

size_t frame_room(const struct frame *frame, size_t mtu)
{
	size_t headers = frame->source.family == NET_V6 ? FRAME_V6_HEADERS
							: FRAME_V4_HEADERS;

	return mtu > headers ? mtu - headers : 0;
}

static void answer_v4(uint8_t *ip, const uint8_t *asked, size_t len,
		      uint16_t id)
{
	uint16_t sum;

	memset(ip, 0, V4_SOURCE);
	ip[0] = 0x45;
	set_u16(ip + V4_LENGTH, len);
	set_u16(ip + V4_ID, id);
	ip[V4_TTL] = HOP_LIMIT;
	ip[V4_PROTOCOL] = PROTOCOL_UDP;
	memcpy(ip + V4_SOURCE, asked + V4_DESTINATION, 4);
	memcpy(ip + V4_DESTINATION, asked + V4_SOURCE, 4);
	sum = (uint16_t)~fold(header_sum(ip));
	memcpy(ip + V4_SUM, &sum, 2);
}

static void answer_v6(uint8_t *ip, const uint8_t *asked, size_t len)
{
	memset(ip, 0, V6_SOURCE);
	ip[0] = 0x60;
	set_u16(ip + V6_LENGTH, len - IPV6_HEADER);
	ip[V6_NEXT] = PROTOCOL_UDP;
	ip[V6_HOPS] = HOP_LIMIT;
	memcpy(ip + V6_SOURCE, asked + V6_DESTINATION, 16);
	memcpy(ip + V6_DESTINATION, asked + V6_SOURCE, 16);
}

/* A sum of 0 is sent as its other form: RFC 768. */
static void answer_udp(const uint8_t *ip, bool v6, uint8_t *udp,
		       const uint8_t *asked, size_t len)
{
	uint16_t sum;

	memcpy(udp, asked + UDP_DESTINATION, 2);
	memcpy(udp + UDP_DESTINATION, asked, 2);
	set_u16(udp + UDP_LENGTH, len);
	set_u16(udp + UDP_SUM, 0);
	sum = (uint16_t)~fold(add_all(pseudo_sum(ip, v6, len), udp, len));
	if (sum == 0)
		sum = UINT16_MAX;
	memcpy(udp + UDP_SUM, &sum, 2);
}

size_t frame_answer(const struct frame *query, const uint8_t *asked,
		    uint8_t *out, size_t answer_len, uint16_t id)
{
	bool v6 = query->source.family == NET_V6;
	size_t udp = query->payload - UDP_HEADER;
	size_t end = query->payload + answer_len;

	memcpy(out, asked + MAC_OCTETS, MAC_OCTETS);
	memcpy(out + MAC_OCTETS, asked, MAC_OCTETS);
	/* Tags and the type, word by word: they are few. */
	for (size_t at = STATIONS; at < query->network; at += 2)
		memcpy(out + at, asked + at, 2);
	if (v6)
		answer_v6(out + query->network, asked + query->network,
			  end - query->network);
	else
		answer_v4(out + query->network, asked + query->network,
			  end - query->network, id);
	answer_udp(out + query->network, v6, out + udp, asked + udp, end - udp);
	return end;
}
