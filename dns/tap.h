/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap -- copies of queries and answers for who collects dnstap.
 *
 * Each thread that answers has a queue of its own; a thread of the tap packs
 * nothing and only writes, to a unix socket or a file.  A queue that is full
 * loses what comes: nobody ever waits for the collector, which may come and go.
 * In a build without --enable-dnstap, tap_start() fails and nothing else is
 * ever called with a tap.
 *
 * Shell: threads and descriptors, by libfstrm.  Source: dnstap.info; Frame
 * Streams, github.com/farsightsec/fstrm.
 */
#ifndef DNS_TAP_H
#define DNS_TAP_H

#include "dns/stats.h"
#include "policy/base/net.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct table;
struct tap;
struct tap_queue;

struct tap_config {
	const char *to;       /* "unix:PATH" or "file:PATH" */
	const char *identity; /* who answers */
	size_t queues;        /* threads that will call tap_queue() */
};

/* The collector need not be there.  NULL with err set. */
struct tap *tap_start(const struct tap_config *config, struct error *err);

/* Writes out what is queued, as far as that can be.  No thread uses its queue
 * any more.  Accepts NULL. */
void tap_stop(struct tap *tap);

/* For the calling thread, once.  NULL when tap is: nothing is copied then. */
struct tap_queue *tap_queue(struct tap *tap);

/* Messages lost, because a queue was full or memory was.  0 for NULL. */
uint64_t tap_lost(const struct tap *tap);

struct tap_end {
	struct net_addr addr;
	uint16_t port;
};

/* One query and what was answered; all borrowed for the call. */
struct tap_exchange {
	enum stats_transport transport;
	struct tap_end client, server;
	int64_t wall_asked_ns;
	const uint8_t *query, *answer;
	size_t query_len, answer_len; /* no answer: silence */
	const struct table *table;    /* it came from */
	int zone;                     /* policy->zones index, or -1 */
};

/* Queues a copy of both; by the thread whose queue it is. */
void tap_put(struct tap_queue *queue, const struct tap_exchange *exchange);

#endif
