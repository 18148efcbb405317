/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transports -- all that questions come in by and answers go out by: the
 * listening sockets, the threads that answer over UDP, the one for TCP.
 *
 * The sockets are opened here, or given by a service manager, or taken over
 * from the responder that runs.  Shell.
 */
#ifndef DNS_TRANSPORTS_H
#define DNS_TRANSPORTS_H

#include "dns/handover.h"
#include "dns/listeners.h"
#include "dns/proxy_header.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct rrl;
struct slot;
struct stats;
struct tcp;
struct tcp_limits;
struct tls;
struct udp;
struct xdp;

struct transports_config {
	/* "ADDR:PORT", "[ADDR]:PORT"; UDP and TCP.  None: what is given or
	 * taken over, or LISTENERS_DEFAULT. */
	const char *const *listen;
	size_t listen_count;
	const char *const *dot; /* "ADDR:PORT": DNS over TLS */
	size_t dot_count;
	const char *tls_cert, *tls_key; /* PEM; NULL: both, and no TLS */
	unsigned workers;               /* UDP threads; 0: one per core */
	const char *const *xdp; /* interfaces whose UDP goes past sockets */
	size_t xdp_count;
	const char *const *proxy_from; /* "ADDR/BITS": these send PROXY
					* headers */
	size_t proxy_from_count;
	const struct tcp_limits *tcp; /* NULL: tcp_default_limits */
	struct rrl *rrl;              /* borrowed, outlives them; NULL: answers
				       * over UDP are not limited */
	struct listeners
		*given;        /* by a service manager; NULL: none.  Emptied */
	const char *take_over; /* the control socket of who is to be taken
				* over from, if he is there; NULL: nobody */
};

struct transports {
	struct takeover before; /* what came from the one before */
	struct listeners listeners;
	struct proxy_sources proxies;
	struct tls *tls; /* NULL: none is spoken */
	struct udp *udp;
	struct xdp *xdp; /* NULL: none */
	struct tcp *tcp;
	struct rrl *rrl; /* borrowed */
};

/* Nothing is open. */
void transports_init(struct transports *t);

/* Opens the sockets.  False with err set. */
bool transports_open(struct transports *t,
		     const struct transports_config *config, struct error *err);

/* Packets that were lost on their way past the sockets. */
uint64_t transports_lost(const struct transports *t);

/* How many blocks of stats they count in. */
size_t transports_blocks(const struct transports *t);

/* Answers.  slot and stats are borrowed and outlive it.  False with err set. */
bool transports_start(struct transports *t, const struct slot *slot,
		      struct stats *stats, struct error *err);

/* Reads the certificate again; one that cannot be used is logged, and the old
 * one stays. */
void transports_reload(struct transports *t);

/* Answers what has arrived over UDP, and no more: a successor does. */
void transports_end_udp(struct transports *t);

/* Answers what is queued, stops, closes. */
void transports_fini(struct transports *t);

#endif
