/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp_socket -- one AF_XDP socket: the memory that frames are in, and the four
 * rings by which this process and the kernel hand each other places in it.
 *
 *	      ours ------ empty -----> kernel's     (the fill ring)
 *	      ours <----- received --- kernel's
 *	      ours ------ to send ---> kernel's
 *	      ours <----- sent ------- kernel's     (the completion ring)
 *
 * Frames to receive into and frames to send are apart, so that neither way can
 * starve the other.  One thread at a time.  Opening needs CAP_NET_RAW, and
 * memory that may be locked; binding needs nothing.  libxdp does both at once,
 * which a process that gives up its privileges in between cannot use.  Shell.
 *
 * Source: Linux, Documentation/networking/af_xdp.rst; linux/if_xdp.h.
 */
#ifndef DNS_XDP_SOCKET_H
#define DNS_XDP_SOCKET_H

#include "dns/xdp_place.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/if_xdp.h>

struct error;

enum {
	XDP_RECEIVING = 4096, /* frames, each in the fill or the receive ring:
			       * a burst of so many is not lost */
	XDP_SENDING = 512,    /* frames that are written or on their way */
	XDP_FRAMES = XDP_RECEIVING + XDP_SENDING,
};

/* One of the rings.  Its counters run freely, modulo 2^32. */
struct xdp_ring {
	uint32_t *producer, *consumer; /* shared with the kernel */
	const uint32_t *flags;
	void *entries; /* struct xdp_desc or uint64_t */
	uint32_t mask; /* their number - 1 */
	uint32_t at;   /* how far our side is; told to the other later */
	void *map;
	size_t map_octets;
};

struct xdp_socket {
	int fd;
	uint8_t *frames; /* XDP_FRAMES of XDP_FRAME octets */
	struct xdp_ring fill, received, sending, sent;
	uint64_t idle[XDP_SENDING]; /* where frames to send are free */
	size_t idle_count;
};

/* A frame in the memory. */
struct xdp_view {
	uint8_t *octets;
	size_t len;
};

/* Nothing is open. */
void xdp_socket_init(struct xdp_socket *s);

/* False with err set; xdp_socket_close() is due in any case. */
bool xdp_socket_open(struct xdp_socket *s, struct error *err);

/* From now on the kernel may fill it.  False with errno set: EBUSY when the
 * queue has a socket. */
bool xdp_socket_bind(struct xdp_socket *s, unsigned nic_index, unsigned queue);

/* How many frames have come, at most max. */
size_t xdp_socket_count(const struct xdp_socket *s, size_t max);

/* The i-th of these: valid until they are released. */
struct xdp_view xdp_socket_view(const struct xdp_socket *s, size_t i);

/* The first count of these are the kernel's again, to receive into. */
void xdp_socket_release(struct xdp_socket *s, size_t count);

/* Room for XDP_FRAME octets to send, to be put or given back; NULL when all is
 * on its way. */
uint8_t *xdp_socket_room(struct xdp_socket *s);

/* What stands in that room, len octets, is to be sent. */
void xdp_socket_put(struct xdp_socket *s, const uint8_t *room, size_t len);

/* Nothing stands in it. */
void xdp_socket_give_back(struct xdp_socket *s, const uint8_t *room);

/* Sends what was put. */
void xdp_socket_send(struct xdp_socket *s);

/* Frames that the kernel had for it and lost, since it was bound. */
uint64_t xdp_socket_lost(const struct xdp_socket *s);

void xdp_socket_close(struct xdp_socket *s);

#endif
