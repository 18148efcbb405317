/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/frame.h"

#include "dns/wire.h"

#include <string.h>

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
 * The sum of 16-bit words in the machine's own order, which RFC 1071, 2 (B)
 * allows, four of them at a time; an odd octet counts as if zero followed.
 */
static uint64_t add_words(uint64_t sum, const uint8_t *octets, size_t len)
{
	uint64_t words;
	uint32_t half;
	uint16_t word = 0;

	for (; len >= sizeof(words); octets += 8, len -= 8) {
		memcpy(&words, octets, sizeof(words));
		sum += (words & UINT32_MAX) + (words >> 32);
	}
	if (len >= sizeof(half)) {
		memcpy(&half, octets, sizeof(half));
		sum += half;
		octets += 4, len -= 4;
	}
	for (; len >= 2; octets += 2, len -= 2) {
		memcpy(&word, octets, 2);
		sum += word;
	}
	word = 0;
	memcpy(&word, octets, len);
	return sum + word;
}

/* To 16 bits, still in the machine's order. */
static uint16_t fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

/* RFC 768; RFC 8200, 8.1: both addresses, the protocol, the length. */
static uint64_t pseudo_sum(const uint8_t *ip, bool v6, size_t udp_len)
{
	uint8_t rest[4] = { 0, PROTOCOL_UDP };
	uint64_t sum = v6 ? add_words(0, ip + V6_SOURCE, 32)
			  : add_words(0, ip + V4_SOURCE, 8);

	set_u16(rest + 2, udp_len);
	return add_words(sum, rest, sizeof(rest));
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
	return fold(add_words(pseudo, udp, udp_len)) == UINT16_MAX ||
	       there == fold(pseudo);
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
static size_t parse_v4(const uint8_t *ip, size_t left, struct frame *out)
{
	size_t len = get_u16(ip + V4_LENGTH);

	if (ip[0] != 0x45 || ip[V4_PROTOCOL] != PROTOCOL_UDP || len > left ||
	    len < IPV4_HEADER || !is_host_v4(ip + V4_SOURCE) ||
	    !is_host_v4(ip + V4_DESTINATION) ||
	    (get_u16(ip + V4_FLAGS) & MORE_OR_OFFSET) != 0 ||
	    fold(add_words(0, ip, IPV4_HEADER)) != UINT16_MAX)
		return 0;
	out->source = (struct net_addr){ .family = NET_V4 };
	out->destination = (struct net_addr){ .family = NET_V4 };
	memcpy(out->source.octets, ip + V4_SOURCE, 4);
	memcpy(out->destination.octets, ip + V4_DESTINATION, 4);
	return len - IPV4_HEADER;
}

static size_t parse_v6(const uint8_t *ip, size_t left, struct frame *out)
{
	size_t len = get_u16(ip + V6_LENGTH);

	if (ip[0] >> 4 != 6 || ip[V6_NEXT] != PROTOCOL_UDP ||
	    len > left - IPV6_HEADER || !is_host_v6(ip + V6_SOURCE) ||
	    !is_host_v6(ip + V6_DESTINATION))
		return 0;
	out->source.family = NET_V6;
	out->destination.family = NET_V6;
	memcpy(out->source.octets, ip + V6_SOURCE, 16);
	memcpy(out->destination.octets, ip + V6_DESTINATION, 16);
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
	out->destination_port = get_u16(udp + UDP_DESTINATION);
	out->payload_len = len - UDP_HEADER;
	return len >= UDP_HEADER && len <= room && out->source_port != 0 &&
	       out->destination_port != 0 && udp_sum_is_right(ip, v6, udp, len);
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
	room = v6 ? parse_v6(ip, left, out) : parse_v4(ip, left, out);
	out->payload = r.at + UDP_HEADER;
	return room > 0 && !net_equal(&out->source, &out->destination) &&
	       parse_udp(ip, v6, room, out);
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
	const uint8_t fixed[] = { 0x45, 0 };
	uint16_t sum;

	memset(ip, 0, IPV4_HEADER);
	memcpy(ip, fixed, sizeof(fixed));
	set_u16(ip + V4_LENGTH, len);
	set_u16(ip + V4_ID, id);
	ip[V4_TTL] = HOP_LIMIT;
	ip[V4_PROTOCOL] = PROTOCOL_UDP;
	memcpy(ip + V4_SOURCE, asked + V4_DESTINATION, 4);
	memcpy(ip + V4_DESTINATION, asked + V4_SOURCE, 4);
	sum = (uint16_t)~fold(add_words(0, ip, IPV4_HEADER));
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
	sum = (uint16_t)~fold(add_words(pseudo_sum(ip, v6, len), udp, len));
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
	memcpy(out + STATIONS, asked + STATIONS, query->network - STATIONS);
	if (v6)
		answer_v6(out + query->network, asked + query->network,
			  end - query->network);
	else
		answer_v4(out + query->network, asked + query->network,
			  end - query->network, id);
	answer_udp(out + query->network, v6, out + udp, asked + udp, end - udp);
	return end;
}
