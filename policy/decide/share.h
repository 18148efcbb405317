/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share -- which endpoint of a row one client gets.
 *
 * Inside a tier, weighted rendezvous hashing orders the endpoints for each
 * client: score = -ln(u) / weight with u = (draw >> 11 | 1) / 2^53, least
 * first, so a changed weight moves only clients that must move; equal scores
 * go by the lower index in the row.  The turn goes through the ranked
 * endpoints of tier 0, then of tier 1, ...  The first endpoint whose
 * acceptance draw lets the client in takes it; if it is shadowed by a canary
 * and the canary's draw lets the client in, the canary takes it instead.  If
 * nobody accepts, the first ranked of the last tier does: by weight, as for
 * all other clients, and a changed weight moves these no further either.
 *
 * More than one answer: the next that accept, in turn.  Endpoints that decline
 * the client never fill an answer up: what is being drained must lose clients
 * also where every address is given out.
 *
 * Where all weights of a tier are equal no logarithm is needed: -ln falls as u
 * rises, so the greatest draw >> 11 | 1 is first.
 *
 *   rank draw    hash_draw(client, key("rank/SERVICE/ENDPOINT"))
 *   accept draw  hash_draw(client, key("accept/SERVICE/ENDPOINT")) >> 32,
 *                accepted when below the threshold, or the threshold is full
 *
 * A canary draws under the canary's name, not the endpoint's, so one client is
 * in or out of it in every region: key("accept/SERVICE/canary:NAME").
 *
 * Source: D. Thaler, C. Ravishankar, Using name-based mappings to increase hit
 * rates, 1998; weighted by J. Schindelhauer, G. Schomaker, 2005.
 * Pure; allocates nothing; runs on the query path.
 */
#ifndef POLICY_DECIDE_SHARE_H
#define POLICY_DECIDE_SHARE_H

#include "policy/decide/chain.h"

#include <stdint.h>

/* Of one endpoint, computed once. */
struct share_key {
	uint64_t rank, accept;
};

/* One per endpoint of the service, into keys[endpoint_count]. */
void share_keys(const struct policy *policy, size_t service,
		struct share_key *keys);

/*
 * Fills picks with at least one and up to answers endpoint indices, best first,
 * for the client with this hash (hash_client); returns how many, 0 only for an
 * empty row.
 */
unsigned share_pick(const struct row *row, const struct share_key *keys,
		    uint64_t client, unsigned answers,
		    uint8_t picks[POLICY_ENDPOINTS_MAX]);

/* What an answer is made of. */
struct share_want {
	unsigned answers; /* endpoints, at most */
	uint64_t having;  /* those that have what is asked for: a bit each */
};

/*
 * The same, of the endpoints that have what is asked for, the others passed
 * over in turn: of the tiers that share_pick() goes through for this client
 * and no further, so an address family that a near region lacks never leads
 * to a far one.  So a pick of share_pick() that has it is a pick here, too.
 * Returns how many; 0: nobody there has it.
 */
unsigned share_pick_having(const struct row *row, const struct share_key *keys,
			   uint64_t client, const struct share_want *want,
			   uint8_t picks[POLICY_ENDPOINTS_MAX]);

/*
 * Is the row one tier of equal weights, in which all take every client and none
 * has a canary?  Most draws are.
 */
bool share_is_even(const struct row *row);

/* The one pick of share_pick_having() in such a row, or ROW_NONE. */
uint8_t share_pick_even(const struct row *row, const struct share_key *keys,
			uint64_t client, uint64_t having);

/* The endpoints that some client of this row can get, no more: a bit each. */
uint64_t share_possible(const struct row *row, unsigned answers);

#endif
