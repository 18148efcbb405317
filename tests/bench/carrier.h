/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier -- takes datagrams to the server and its answers back.
 *
 * Two kinds, one interface: connected UDP sockets, and frames over AF_XDP for
 * where a socket is slower than the server (tests/bench/carrier_xdp.c).  A lane
 * is one source port, so that a server's hash over flows has something to hash.
 *
 * Shell; one thread.
 */
#ifndef BENCH_CARRIER_H
#define BENCH_CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

enum { CARRIER_BATCH = 64, CARRIER_LANES_MAX = 256 };

struct carrier;

struct datagram {
	uint8_t *octets; /* borrowed; of a received one until the next call */
	size_t len;
	unsigned lane;
};

struct carrier_config {
	struct sockaddr_storage server;
	unsigned lanes;
	bool segmented;    /* sockets: hand the kernel many queries of one
			    * length as one (UDP_SEGMENT): it has less to do */
	const char *iface; /* xdp: where frames leave */
	bool generic;      /* xdp: not in the driver */
	const char *macs;  /* xdp: "ours,theirs" */
	struct sockaddr_storage local; /* xdp: whose address they have */
};

struct carrier_kind {
	/* NULL, having said why on standard error. */
	struct carrier *(*open)(const struct carrier_config *config);
	/* How many of up to CARRIER_BATCH, all of one lane, it took. */
	size_t (*send)(struct carrier *c, const struct datagram *list,
		       size_t count);
	/* What is there, in a list of CARRIER_BATCH; does not wait. */
	size_t (*receive)(struct carrier *c, struct datagram *list);
	void (*free)(struct carrier *c); /* accepts NULL */
};

extern const struct carrier_kind carrier_sockets;
extern const struct carrier_kind carrier_xdp; /* needs root */

#endif
