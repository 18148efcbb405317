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
 *	  datagram_answer() those that came
 *	datagram_end()
 *	... send
 *
 * They are taken by the group, a step of all before the next step of any:
 * what an answer is made of lies in some fifteen cache lines all over the
 * table, and while one comes, those of the others in the group come, too.
 *
 * Budget: without proxies, a rate limit and a tap, 150 instructions, a third
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

/* So many at once: enough to wait for memory together, and few enough to stay
 * in the first cache meanwhile. */
enum { DATAGRAM_GROUP = 8 };

/* A datagram of a group; the identity and the time are the batch's. */
struct datagram_turn {
	struct answer_input input;
	struct answer_asked asked;
	uint16_t client_port;
	bool silent; /* a proxy that does not say who asks */
};

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
	/* Of the group. */
	uint64_t random;
	struct datagram_turn turns[DATAGRAM_GROUP];
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
	/* Set by datagram_answer(): */
	size_t answer_len; /* 0: none is sent */
	uint64_t random;   /* fresh bits, for what else is drawn for it */
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

/* Answers, counts, tells the tap. */
void datagram_answer(struct datagram_answerer *a, struct datagram *const *list,
		     size_t count);

#endif
