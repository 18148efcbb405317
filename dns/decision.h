/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision -- one service, worked out for every client class: a row each
 * (policy/decide/chain), equal rows stored once.
 *
 * Immutable once built but for the reference count, so tables share it while
 * nothing about the service changes.  Any thread may read it.  Pure.
 */
#ifndef DNS_DECISION_H
#define DNS_DECISION_H

#include "policy/decide/chain.h"
#include "policy/decide/share.h"

#include <stdatomic.h>

struct division;
struct geo;
struct model;
struct net_addr;

struct decision_row {
	uint32_t at;  /* of its struct row in row_octets */
	bool draw;    /* row_is_draw() */
	bool even;    /* one answer, and share_is_even() */
	uint8_t only; /* not draw, one answer: the endpoint; else ROW_NONE */
};

struct decision {
	atomic_uint refs;
	const struct policy_service *service; /* the model's */
	struct share_key *keys;
	bool stale; /* some verdict is held: too few vantages are heard */
	struct division *division;
	const struct lpm_row *row_of_class; /* division's */
	struct decision_row *rows;          /* distinct ones */
	size_t row_count;
	uint8_t *row_octets; /* rows, each cut after its entries */
};

/* NULL when memory runs out.  The caller has the one reference. */
struct decision *decision_build(const struct model *model,
				const struct view *view, size_t service);

/*
 * Takes over like's division if both divide classes alike, which is cheap to
 * find out; says whether they do.  Only before others may read decision.
 */
bool decision_share(struct decision *decision, const struct decision *like);

struct decision *decision_ref(struct decision *decision);

/* The last one frees it.  Accepts NULL. */
void decision_unref(struct decision *decision);

/* Who answers one client. */
struct pick {
	const struct decision_row *row;
	const struct row *entries; /* nothing beyond its count may be read */
	uint16_t class_id;         /* the client's, of geo */
	unsigned count;            /* of endpoints; 0: no answer, see note */
	uint8_t endpoints[POLICY_ENDPOINTS_MAX]; /* best first */
};

/* Who asks, and for what. */
struct asking {
	const struct net_addr *client;
	uint64_t random; /* draws where `sticky: none` does */
	uint64_t having; /* endpoints that have the kind asked for: bits */
};

/*
 * Fills out for a client.  No endpoint where the row has some: none of those
 * that the client may get has the kind.  On the query path: one class lookup,
 * and a hash per endpoint only where the row is a draw.
 */
void decision_pick(const struct decision *decision, const struct geo *geo,
		   const struct asking *asking, struct pick *out);

/*
 * SCOPE PREFIX-LENGTH of what decision_pick() gave client: the widest network
 * around it with the same row, but where clients of one row get different
 * answers at least as long as the sticky prefix (RFC 7871, 7.2.1).
 */
uint8_t decision_scope(const struct decision *decision, const struct geo *geo,
		       const struct net_addr *client,
		       const struct decision_row *row);

#endif
