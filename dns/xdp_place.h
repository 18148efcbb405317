/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp_place -- what the program in the kernel is told when it is loaded: which
 * frames it takes.  Shared by dns/xdp_filter.bpf.c and dns/xdp_filter.c, so
 * there are only the kernel's types here.
 */
#ifndef DNS_XDP_PLACE_H
#define DNS_XDP_PLACE_H

#include <linux/types.h>

enum {
	XDP_PLACES_MAX = 64,
	XDP_QUEUES_MAX = 128,
	XDP_STATION_OCTETS = 6,
	/* Of memory for a frame, and what the kernel keeps free before it. */
	XDP_FRAME = 2048,
	XDP_HEADROOM = 256,
	XDP_FRAME_MAX = XDP_FRAME - XDP_HEADROOM, /* longer: the kernel's */
};

/* Which addresses. */
enum xdp_match {
	XDP_MATCH_V4 = 1, /* this one */
	XDP_MATCH_V6 = 2, /* this one */
	XDP_MATCH_ANY_V4 = 4,
	XDP_MATCH_ANY_V6 = 8,
};

struct xdp_place {
	__u32 match;      /* of enum xdp_match; any of several */
	__u32 port;       /* in network order */
	__u32 address[4]; /* in network order; IPv4's is the first */
};

struct xdp_orders {
	__u8 station[XDP_STATION_OCTETS]; /* the interface's own address */
	__u32 count;                      /* of places */
	struct xdp_place places[XDP_PLACES_MAX];
};

#endif
