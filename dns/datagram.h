/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datagram -- what happens to one query between coming in and going out, by
 * whatever way datagrams come and go.
 *
 * Each thread has an answerer of its own and takes datagrams by the batch.
 * What a batch is answered with is read once; while it is held, nothing may
 * block.
 *
 *	datagram_begin()
 *	  datagram_answer() for each
 *	datagram_end()
 *	... send
 *
 * Budget: without proxies, a rate limit and a tap, a hundred instructions, half
 * of which count, beside those of answer_query().  Shell: it reads clocks.
 */
#ifndef DNS_DATAGRAM_H
#define DNS_DATAGRAM_H

#include "dns/answer.h"
#include "dns/proxy_header.h"
#include "dns/tap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct rrl;
struct slot;
struct stats_block;
struct table;

/* All pointers are borrowed. */
struct datagram_answerer {
	/* Set by the owner, before the first batch. */
	const struct slot *slot;
	const struct proxy_sources *proxies;
	struct stats_block *stats;      /* the thread's own */
	enum stats_transport transport; /* as which they are counted */
	struct rrl *rrl;                /* all threads'; NULL: no limit */
	struct tap_queue *tap;          /* the thread's own; NULL: no copies */
	/* Of the batch. */
	const struct table *table;
	int64_t wall_ns;
	uint32_t uptime_s; /* monotonic; only kept when there is a limit */
	/* Of the datagram; the identity and the time are the batch's. */
	struct answer_input input;
	struct answer_outcome outcome;
	uint16_t client_port;
	uint64_t random;
};

/*
 * All octets are borrowed; those of query and answer do not overlap.  The
 * caller keeps one for each place where datagrams come in, and sets but what
 * changes.
 */
struct datagram {
	const uint8_t *query; /* as it came, behind a PROXY header perhaps */
	size_t len;
	uint8_t *answer; /* room for cap octets */
	size_t cap;
	struct net_addr peer; /* who sent it; IPv4-mapped IPv6 made IPv4 */
	/* Only read when datagram_wants_ends(): */
	uint16_t port;         /* of who sent it */
	struct tap_end server; /* whom he asked */
};

/* All is empty but random, and counted as UDP.  False with err set. */
bool datagram_answerer_init(struct datagram_answerer *a, struct error *err);

/* For a thread that slot_register() knows, and that is offline. */
void datagram_begin(struct datagram_answerer *a);
void datagram_end(struct datagram_answerer *a);

/* Who copies exchanges, or reads PROXY headers, has to know both ends. */
static inline bool datagram_wants_ends(const struct datagram_answerer *a)
{
	return a->tap != NULL || a->proxies->count > 0;
}

/* Answers, counts, tells the tap.  The answer's length; 0: none is sent. */
size_t datagram_answer(struct datagram_answerer *a, const struct datagram *d);

#endif
