/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp -- the thread that answers over TCP.
 *
 * Listens on every address, takes connections in, keeps them within limits
 * and ends those that are idle or do not read; what happens on one connection
 * is dns/connection's.  Nobody's stall holds up another.  Shell: own event
 * loop on an own thread.
 *
 * Source: RFC 7766 (6.2.3 idle, 6.2.2 limits), RFC 9210.
 */
#ifndef DNS_TCP_H
#define DNS_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct slot;
struct socket_address;
struct stats_block;
struct tcp;

struct tcp_limits {
	int64_t idle_ms;      /* without a whole query: closed */
	int64_t unread_ms;    /* answers wait for a client so long: closed */
	size_t total;         /* connections; one more closes the idlest */
	size_t per_client;    /* of one IPv4 address or IPv6 /64 */
	size_t unread_octets; /* of answers: no more queries are read */
};

extern const struct tcp_limits tcp_default_limits;

enum { TCP_DRAIN_MS = 500 }; /* at most, when stopping */

/* Binds.  NULL with err set. */
struct tcp *tcp_open(const struct socket_address *addresses, size_t count,
		     const struct tcp_limits *limits, struct error *err);

/* slot and stats are borrowed and outlive it.  False with err set; then only
 * tcp_free(). */
bool tcp_start(struct tcp *tcp, const struct slot *slot,
	       struct stats_block *stats, struct error *err);

/* Answers what has arrived, ends the thread, closes.  Accepts NULL. */
void tcp_free(struct tcp *tcp);

#endif
