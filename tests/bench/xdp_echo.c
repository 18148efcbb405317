/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_xdp_echo -- the floor over AF_XDP: what a frame in and one out costs
 * with no DNS between.
 *
 *   bench_xdp_echo [--generic] [--answer-octets N] IFACE
 *
 * Every frame goes back with its addresses and ports turned around and QR set;
 * with --answer-octets as long as a server's answer would be.  IPv4 and IPv6;
 * checksums are not computed but stay right: sums do not mind the order, QR is
 * added, and a frame of another length has UDP checksum 0.  Ends by SIGTERM.
 */
#include "policy/base/error.h"
#include "policy/base/option.h"
#include "tests/bench/xsk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 64,
	MAC_OCTETS = 6,
	ETHERNET_OCTETS = 14,
	IPV4_OCTETS = 20,
	IPV6_OCTETS = 40,
	UDP_OCTETS = 8,
	FLAGS_AT = 2, /* of a DNS header */
	FLAG_QR = 0x80,
};

static void swap(uint8_t *a, uint8_t *b, size_t octets)
{
	uint8_t kept[16];

	memcpy(kept, a, octets);
	memcpy(a, b, octets);
	memcpy(b, kept, octets);
}

static void put_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get_u16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* RFC 1624: the sum of what was at an even place changed by so much. */
static void add_to_sum(uint8_t *sum, unsigned by)
{
	unsigned inverse = (get_u16(sum) ^ 0xffff) + by;

	put_u16(sum, ((inverse & 0xffff) + (inverse >> 16)) ^ 0xffff);
}

/* To another length, of IPv4 alone, where no checksum is allowed. */
static void resize(struct xsk_frame *f, unsigned answer_octets)
{
	uint8_t *ip = f->octets + ETHERNET_OCTETS, *udp = ip + IPV4_OCTETS;
	unsigned octets = UDP_OCTETS + answer_octets;
	unsigned sum = (get_u16(ip + 10) ^ 0xffff) +
		       (get_u16(ip + 2) ^ 0xffff) + IPV4_OCTETS + octets;

	sum = (sum & 0xffff) + (sum >> 16);
	put_u16(ip + 10, ((sum & 0xffff) + (sum >> 16)) ^ 0xffff);
	put_u16(ip + 2, IPV4_OCTETS + octets);
	put_u16(udp + 4, octets);
	put_u16(udp + 6, 0);
	f->len = ETHERNET_OCTETS + IPV4_OCTETS + octets;
}

/* False for what is no query over UDP. */
static bool turn(struct xsk_frame *f, unsigned answer_octets)
{
	uint8_t *ip = f->octets + ETHERNET_OCTETS, *udp;
	unsigned type = get_u16(f->octets + 12);

	if (f->len < ETHERNET_OCTETS + IPV6_OCTETS + UDP_OCTETS + 4)
		return false;
	if (type == 0x0800 && ip[0] == 0x45 && ip[9] == 17) {
		udp = ip + IPV4_OCTETS;
		swap(ip + 12, ip + 16, 4);
	} else if (type == 0x86dd && ip[6] == 17) {
		udp = ip + IPV6_OCTETS;
		swap(ip + 8, ip + 24, 16);
	} else {
		return false;
	}
	swap(f->octets, f->octets + MAC_OCTETS, MAC_OCTETS);
	swap(udp, udp + 2, 2);
	udp[UDP_OCTETS + FLAGS_AT] |= FLAG_QR;
	if (get_u16(udp + 6) != 0)
		add_to_sum(udp + 6, FLAG_QR << 8);
	if (answer_octets > 0 && type == 0x0800)
		resize(f, answer_octets);
	return true;
}

static void serve(struct xsk *x, unsigned answer_octets)
{
	struct xsk_frame in[BATCH], out[BATCH];

	for (;;) {
		size_t got = xsk_receive(x, in, BATCH, -1), count = 0;

		for (size_t i = 0; i < got; i++) {
			out[count] = in[i];
			if (turn(&out[count], answer_octets))
				count++;
			else
				xsk_drop(x, &in[i]);
		}
		if (count > 0)
			xsk_send(x, out, count);
	}
}

int main(int argc, char **argv)
{
	unsigned answer_octets = 0;
	bool generic = false;
	const struct option_row rows[] = {
		{ "generic", OPTION_FLAG, &generic, NULL, "not in the driver",
		  0, 0 },
		{ "answer-octets", OPTION_NUMBER, &answer_octets, "N",
		  "in an answer over IPv4 (default as many as were asked)", 12,
		  1232 },
	};
	const char **ifaces = calloc((size_t)argc, sizeof(*ifaces));
	struct error err = { .text = "no IFACE" };
	struct xsk *x = NULL;

	if (option_parse(rows, 2, argc, argv, ifaces, &err) == 1) {
		x = xsk_open(ifaces[0], generic);
	} else {
		fprintf(stderr, "bench_xdp_echo: %s\n", err.text);
		option_print(rows, 2, stderr);
	}
	free(ifaces);
	if (x != NULL)
		serve(x, answer_octets);
	return 1;
}
