/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp -- the thread that answers over TCP, and over TLS.
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
struct listeners;
struct proxy_sources;
struct slot;
struct stats_block;
struct tcp;
struct tls;

struct tcp_limits {
	int64_t idle_ms;      /* without a whole query: closed */
	int64_t opening_ms;   /* until TLS and a PROXY header are through */
	int64_t unread_ms;    /* answers wait for a client so long: closed */
	size_t total;         /* connections; one more closes the idlest */
	size_t per_client;    /* of one IPv4 address or IPv6 /64 */
	size_t unread_octets; /* of answers: no more queries are read */
};

extern const struct tcp_limits tcp_default_limits;

enum {
	TCP_DRAIN_MS = 500,        /* at most, when stopping */
	TCP_FINISH_MS = 10 * 1000, /* at most, when finishing */
	TCP_FINISH_IDLE_MS = 1000, /* without a query, when finishing */
};

/* All borrowed, and outlive it. */
struct tcp_config {
	const struct listeners *listeners; /* UDP ones are left out */
	const struct tcp_limits *limits;
	const struct proxy_sources *proxies; /* these send PROXY headers */
	struct tls *tls; /* NULL: no listener is for DNS over TLS */
};

/* NULL with err set. */
struct tcp *tcp_open(const struct tcp_config *config, struct error *err);

/* slot and stats are borrowed and outlive it.  False with err set; then only
 * tcp_free(). */
bool tcp_start(struct tcp *tcp, const struct slot *slot,
	       struct stats_block *stats, struct error *err);

/*
 * A successor accepts connections now: from here on none is taken in, and
 * those that are there end when they have been idle for TCP_FINISH_IDLE_MS.
 * Returns at once; tcp_is_over() says when the last has ended.  The sockets
 * may then be closed.
 */
void tcp_finish(struct tcp *tcp);
bool tcp_is_over(const struct tcp *tcp);

/* Answers what has arrived, ends the thread.  Accepts NULL. */
void tcp_free(struct tcp *tcp);

#endif
