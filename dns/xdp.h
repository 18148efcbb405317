/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp -- the threads that answer over UDP past the kernel's network stack.
 *
 * A program in the kernel (dns/xdp_filter) takes queries off an interface and
 * puts them into memory of ours, one AF_XDP socket and one thread for each of
 * the queues that the interface receives by; answers go out the same way.
 * What it does not take, and everything when it is gone, is for the sockets
 * that always are beside it.
 *
 * Opening needs privileges, all else none: an interface that another program
 * holds, such as the responder that is taken over from, is waited for without
 * them.  In a build without --enable-xdp, xdp_open() fails and nothing else is
 * ever called but with NULL.  Shell.
 *
 * Source: M. Karlsson, B. Topel, The Path to DPDK Speeds for AF XDP, LPC 2018.
 */
#ifndef DNS_XDP_H
#define DNS_XDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct listeners;
struct proxy_sources;
struct rrl;
struct slot;
struct stats;
struct xdp;

/* All borrowed; proxies and rrl outlive it. */
struct xdp_config {
	const char *const *interfaces;
	size_t interface_count;
	const struct listeners *listeners; /* the UDP ones say what is ours */
	const struct proxy_sources *proxies;
	struct rrl *rrl; /* NULL: no limit */
	bool waits;      /* for interfaces that are held by another */
};

/* NULL with err set. */
struct xdp *xdp_open(const struct xdp_config *config, struct error *err);

/* How many threads it will run: the blocks of stats it needs.  0 for NULL. */
size_t xdp_thread_count(const struct xdp *xdp);

/*
 * Starts answering.  slot and stats are borrowed and outlive it; the i-th
 * thread counts in block first + i.  False with err set; then only
 * xdp_free().  Nothing for NULL.
 */
bool xdp_start(struct xdp *xdp, const struct slot *slot, struct stats *stats,
	       size_t first, struct error *err);

/* Frames that came for it and found no room.  0 for NULL. */
uint64_t xdp_lost(const struct xdp *xdp);

/* Takes nothing more, answers what is queued, ends the threads.  Accepts
 * NULL. */
void xdp_free(struct xdp *xdp);

#endif
