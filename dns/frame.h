/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame -- a UDP datagram as it is on an Ethernet wire: its headers read, and
 * turned round for the answer.
 *
 * Taken are IPv4 without options and in one piece and IPv6 without extension
 * headers, untagged or behind one or two VLAN tags.  What a host must not take
 * or answer is refused: wrong lengths or sums, sources that are nobody's
 * (RFC 1122, 3.2.1.3; RFC 4291, 2.5 and 2.7), port 0.
 *
 * A UDP checksum that the sender left to its hardware, as one on the same
 * machine does, holds the sum of the pseudo-header alone: that is as good.
 *
 * The answer goes to the station that the query came from, by the same VLAN,
 * with what a socket would set: DF clear, a hop limit of 64, traffic class 0.
 *
 * Pure.  Source: IEEE 802.1Q, 9; RFC 791, 3.1; RFC 768; RFC 8200, 3 and 8.1;
 * RFC 1071.
 */
#ifndef DNS_FRAME_H
#define DNS_FRAME_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_HEADERS_MAX = 14 + 2 * 4 + 40 + 8, /* octets before the payload */
	FRAME_V4_HEADERS = 20 + 8, /* of these, what the MTU counts */
	FRAME_V6_HEADERS = 40 + 8,
};

struct frame {
	size_t network;     /* where the IP header begins */
	size_t payload;     /* where the UDP payload begins */
	size_t payload_len; /* octets; 0 is possible */
	struct net_addr source;
	uint16_t source_port;
};

/* Reads len octets of frame.  False, out undefined: not to be answered. */
bool frame_parse(const uint8_t *octets, size_t len, struct frame *out);

/* Whom the frame of these octets, which frame was read from, asks. */
void frame_asked(const struct frame *frame, const uint8_t *octets,
		 struct net_addr *address, uint16_t *port);

/* How many octets of payload an answer to it may have on a link with mtu. */
size_t frame_room(const struct frame *frame, size_t mtu);

/*
 * Before answer_len octets of payload, which stand at out + query->payload,
 * writes the headers of the answer to query, whose octets are at asked; out and
 * asked do not overlap.  id tells fragments of IPv4 apart, if a router makes
 * some: it should be random.  Returns the length of the whole frame.
 */
size_t frame_answer(const struct frame *query, const uint8_t *asked,
		    uint8_t *out, size_t answer_len, uint16_t id);

#endif
