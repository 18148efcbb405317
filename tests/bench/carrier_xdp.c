/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of IPv4 and UDP, made here, over AF_XDP.  Lane n has source port
 * FIRST_PORT + n.
 */
#include "tests/bench/carrier.h"
#include "tests/bench/xsk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_PORT = 20000,
	MAC_OCTETS = 6,
	ETHERNET_OCTETS = 14,
	IP_AT = ETHERNET_OCTETS,
	IP_OCTETS = 20,
	UDP_AT = IP_AT + IP_OCTETS,
	UDP_OCTETS = 8,
	DATA_AT = UDP_AT + UDP_OCTETS,
	PROTOCOL_UDP = 17,
	TTL_HOPS = 64,
};

struct carrier {
	const struct carrier_config *config;
	struct xsk *xsk;
	uint8_t header[DATA_AT]; /* but for lengths, source port, checksums */
	struct xsk_frame held[CARRIER_BATCH]; /* received, the caller's */
	size_t held_count;
};

static void put_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* RFC 1071, over a number of octets that is made even by a 0. */
static uint32_t sum_of(const uint8_t *at, size_t octets, uint32_t sum)
{
	size_t i = 0;

	for (; i + 1 < octets; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	return i < octets ? sum + ((uint32_t)at[i] << 8) : sum;
}

static unsigned checksum(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum ^ 0xffff;
}

static bool read_macs(const char *text, uint8_t *header)
{
	unsigned m[2 * MAC_OCTETS];
	int read =
		sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x,%2x:%2x:%2x:%2x:%2x:%2x",
		       &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], &m[6], &m[7],
		       &m[8], &m[9], &m[10], &m[11]);

	for (int i = 0; i < MAC_OCTETS && read == 2 * MAC_OCTETS; i++) {
		header[i] = (uint8_t)m[MAC_OCTETS + i]; /* theirs */
		header[MAC_OCTETS + i] = (uint8_t)m[i];
	}
	return read == 2 * MAC_OCTETS;
}

static void make_header(struct carrier *c)
{
	const struct sockaddr_in *server =
		(const struct sockaddr_in *)&c->config->server;
	const struct sockaddr_in *local =
		(const struct sockaddr_in *)&c->config->local;
	uint8_t *ip = c->header + IP_AT;

	put_u16(c->header + 12, 0x0800);
	ip[0] = 0x45;
	ip[6] = 0x40; /* do not fragment */
	ip[8] = TTL_HOPS;
	ip[9] = PROTOCOL_UDP;
	memcpy(ip + 12, &local->sin_addr, 4);
	memcpy(ip + 16, &server->sin_addr, 4);
	memcpy(c->header + UDP_AT + 2, &server->sin_port, 2);
}

static void xdp_free(struct carrier *c)
{
	if (c == NULL)
		return;
	xsk_free(c->xsk);
	free(c);
}

static struct carrier *xdp_open(const struct carrier_config *config)
{
	struct carrier *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->config = config;
	if (config->server.ss_family != AF_INET ||
	    config->local.ss_family != AF_INET ||
	    !read_macs(config->macs, c->header)) {
		fputs("over AF_XDP: IPv4 addresses and MACs as aa:bb:...\n",
		      stderr);
		goto fail;
	}
	make_header(c);
	c->xsk = xsk_open(config->iface, config->generic);
	if (c->xsk != NULL)
		return c;
fail:
	xdp_free(c);
	return NULL;
}

static void fill(const struct carrier *c, const struct datagram *d,
		 struct xsk_frame *f)
{
	uint8_t *ip = f->octets + IP_AT, *udp = f->octets + UDP_AT;
	unsigned udp_octets = (unsigned)(UDP_OCTETS + d->len), sum;

	memcpy(f->octets, c->header, DATA_AT);
	memcpy(f->octets + DATA_AT, d->octets, d->len);
	put_u16(ip + 2, IP_OCTETS + udp_octets);
	put_u16(ip + 10, checksum(sum_of(ip, IP_OCTETS, 0)));
	put_u16(udp, FIRST_PORT + d->lane);
	put_u16(udp + 4, udp_octets);
	/* RFC 768: addresses, protocol and length count, too. */
	sum = checksum(sum_of(udp, udp_octets,
			      sum_of(ip + 12, 8, PROTOCOL_UDP + udp_octets)));
	put_u16(udp + 6, sum == 0 ? 0xffff : sum);
	f->len = (uint32_t)(DATA_AT + d->len);
}

static size_t xdp_send(struct carrier *c, const struct datagram *list,
		       size_t count)
{
	struct xsk_frame frames[CARRIER_BATCH];
	size_t at = 0;

	for (; at < count && xsk_take(c->xsk, &frames[at]); at++)
		fill(c, &list[at], &frames[at]);
	return xsk_send(c->xsk, frames, at);
}

/* Is it an answer to one of our lanes? */
static bool unwrap(const struct carrier *c, const struct xsk_frame *f,
		   struct datagram *out)
{
	const uint8_t *udp = f->octets + UDP_AT;
	unsigned port;

	if (f->len < DATA_AT || f->octets[IP_AT] != 0x45 ||
	    f->octets[IP_AT + 9] != PROTOCOL_UDP)
		return false;
	port = (unsigned)udp[2] << 8 | udp[3];
	*out = (struct datagram){
		.octets = f->octets + DATA_AT,
		.len = ((size_t)udp[4] << 8 | udp[5]) - UDP_OCTETS,
		.lane = port - FIRST_PORT,
	};
	return out->lane < c->config->lanes && DATA_AT + out->len <= f->len;
}

static size_t xdp_receive(struct carrier *c, struct datagram *list)
{
	size_t count = 0;

	for (size_t i = 0; i < c->held_count; i++)
		xsk_drop(c->xsk, &c->held[i]);
	c->held_count = xsk_receive(c->xsk, c->held, CARRIER_BATCH, 0);
	for (size_t i = 0; i < c->held_count; i++)
		count += unwrap(c, &c->held[i], &list[count]);
	return count;
}

const struct carrier_kind carrier_xdp = {
	.open = xdp_open,
	.send = xdp_send,
	.receive = xdp_receive,
	.free = xdp_free,
};
