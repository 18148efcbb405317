/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp_filter -- the program in the kernel (dns/xdp_filter.bpf.c) that takes
 * queries off an interface: loaded, told what is ours, attached.
 *
 * It hangs on a descriptor of this process alone: however the process ends,
 * the kernel takes the program off the interface, and sockets get all that
 * comes.  Loading needs CAP_BPF and CAP_NET_ADMIN; nothing after that needs
 * any.  Shell.
 *
 * Source: Linux, Documentation/bpf/libbpf; D. Borkmann et al., The eXpress
 * Data Path, CoNEXT 2018.
 */
#ifndef DNS_XDP_FILTER_H
#define DNS_XDP_FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct listeners;
struct nic;
struct xdp_filter;

/*
 * Loads it for what comes in by nic, borrowed for the call, to the UDP sockets
 * among listeners.  NULL with err set.
 */
struct xdp_filter *xdp_filter_open(const struct nic *nic,
				   const struct listeners *listeners,
				   struct error *err);

/* What comes by this queue goes to fd, an AF_XDP socket bound to it.  False
 * with errno set. */
bool xdp_filter_add(struct xdp_filter *filter, unsigned queue, int fd);

/* From here on, frames come.  False with errno set: EBUSY, when the interface
 * has such a program already; EEXIST, when one on top of it has. */
bool xdp_filter_attach(struct xdp_filter *filter);

/* No more frames come.  Nothing, when it was not attached. */
void xdp_filter_detach(struct xdp_filter *filter);

/* Detaches.  Accepts NULL. */
void xdp_filter_free(struct xdp_filter *filter);

#endif
