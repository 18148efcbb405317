/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsk -- an AF_XDP socket on queue 0 of one interface, and the XDP program that
 * sends all of that queue's frames to it.
 *
 * Copy mode, as veth has nothing else.  The program is attached by a link that
 * this process holds, so the kernel detaches it however the process ends.  By
 * hand, not by libxdp: a benchmark's floor has nothing in it that could be
 * left out.
 *
 * A frame is the caller's from xsk_receive() or xsk_take() until it is given to
 * xsk_send() or xsk_drop().  Shell; one thread; needs root.
 *
 * Source: Linux, Documentation/networking/af_xdp.rst.
 */
#ifndef BENCH_XSK_H
#define BENCH_XSK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { XSK_FRAME_OCTETS = 2048 };

struct xsk;

struct xsk_frame {
	uint8_t *octets;
	uint32_t len;
};

/* generic: the program runs on the kernel's packets, not in the driver.  NULL,
 * having said why on standard error. */
struct xsk *xsk_open(const char *iface, bool generic);

/* Accepts NULL. */
void xsk_free(struct xsk *x);

/* Up to max that are there; waits up to wait_ms (-1: for ever) for the first.
 */
size_t xsk_receive(struct xsk *x, struct xsk_frame *list, size_t max,
		   int wait_ms);

/* A free one to fill; false when all are under way. */
bool xsk_take(struct xsk *x, struct xsk_frame *out);

void xsk_drop(struct xsk *x, const struct xsk_frame *frame);

/* Sends count of them; what does not fit into the ring is dropped.  How many
 * are on their way. */
size_t xsk_send(struct xsk *x, const struct xsk_frame *list, size_t count);

#endif
