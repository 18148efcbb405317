/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp -- the threads that answer over UDP.
 *
 * Each thread reads one socket, of its own where there are enough of them, in
 * a plain loop: recvmmsg a batch, answer each from the table in the slot,
 * sendmmsg the batch.  No lock, no allocation and no system call but those
 * two.  An answer leaves from the address that was asked.  A thread that shall
 * end is woken by UDP_WAKE_SIGNAL, whose handler udp_start() sets.  Shell.
 */
#ifndef DNS_UDP_H
#define DNS_UDP_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct rrl;
struct listeners;
struct proxy_sources;
struct slot;
struct stats;
struct udp;

/* By default ignored, and nothing here sends urgent data. */
#define UDP_WAKE_SIGNAL SIGURG

enum {
	UDP_BATCH = 64,
	UDP_QUERY_MAX = 4096, /* longer ones are cut, hence FORMERR */
	UDP_DRAIN_MS = 1000,  /* at most, when stopping under load */
};

/*
 * For the UDP sockets among all, which are borrowed and outlive it: so many
 * threads for each address, and one for each socket at least.  From proxies,
 * borrowed as well, datagrams have a PROXY header.  NULL with err set.
 */
struct udp *udp_open(const struct listeners *all, unsigned threads,
		     const struct proxy_sources *proxies, struct error *err);

/* How many threads it will run: the blocks of stats it needs. */
size_t udp_thread_count(const struct udp *udp);

/*
 * Starts answering.  slot, stats and rrl (NULL: no limit) are borrowed and
 * outlive it; the i-th thread counts in block i.  False with err set; then only
 * udp_free().
 */
bool udp_start(struct udp *udp, const struct slot *slot, struct stats *stats,
	       struct rrl *rrl, struct error *err);

/* Answers what is queued, ends the threads.  Accepts NULL.  Other processes
 * that hold the sockets notice nothing. */
void udp_free(struct udp *udp);

#endif
