/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp -- the threads that answer over UDP.
 *
 * One thread per listen address and worker, each with a socket of its own
 * (SO_REUSEPORT), in a plain loop: recvmmsg a batch, answer each from the
 * table in the slot, sendmmsg the batch.  No lock, no allocation and no
 * system call but those two.  An answer leaves from the address that was
 * asked.  Shell.
 */
#ifndef DNS_UDP_H
#define DNS_UDP_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct slot;
struct socket_address;
struct stats;
struct udp;

enum {
	UDP_BATCH = 64,
	UDP_QUERY_MAX = 4096, /* longer ones are cut, hence FORMERR */
	UDP_DRAIN_MS = 1000,  /* at most, when stopping under load */
};

/* Binds workers sockets to each address.  NULL with err set. */
struct udp *udp_open(const struct socket_address *addresses, size_t count,
		     unsigned workers, struct error *err);

/* How many threads it will run: the blocks of stats it needs. */
size_t udp_thread_count(const struct udp *udp);

/*
 * Starts answering.  slot and stats are borrowed and outlive it; the i-th
 * thread counts in block i.  False with err set; then only udp_free().
 */
bool udp_start(struct udp *udp, const struct slot *slot, struct stats *stats,
	       struct error *err);

/* Answers what is queued, ends the threads, closes.  Accepts NULL. */
void udp_free(struct udp *udp);

#endif
