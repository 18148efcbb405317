/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp_batch -- the frames that have come to one AF_XDP socket, answered: what
 * dns/udp does with messages, for one thread.  Shell.
 */
#ifndef DNS_XDP_BATCH_H
#define DNS_XDP_BATCH_H

#include "dns/datagram.h"
#include "dns/frame.h"
#include "dns/xdp_socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* A frame that came, and the one that answers it. */
struct xdp_exchange {
	struct xdp_view in;
	struct frame frame;
	uint8_t *out;
	struct datagram datagram;
};

struct xdp_batch {
	struct xdp_socket *socket; /* borrowed */
	size_t mtu;                /* of the interface */
	struct datagram_answerer answerer;
	struct xdp_exchange exchanges[DATAGRAM_GROUP];
	struct datagram *datagrams[DATAGRAM_GROUP]; /* theirs */
};

/* Before the first batch the owner fills in the answerer.  b stays where it is.
 * False with err set. */
bool xdp_batch_init(struct xdp_batch *b, struct xdp_socket *socket, size_t mtu,
		    struct error *err);

/*
 * Answers the first count frames that have come to the socket.  As over
 * sockets, nothing is held while the kernel sends.
 */
void xdp_batch_answer(struct xdp_batch *b, size_t count);

#endif
