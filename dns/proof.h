/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof -- the NSEC records that an answer needs so that a validating resolver
 * believes what it does not contain: RFC 4035, 3.1.3.
 *
 * Gathered while the answer is made, each once, and written when its answer
 * section is whole.  Every function does nothing when the zone is not signed
 * or the client did not set DO.  Pure.
 */
#ifndef DNS_PROOF_H
#define DNS_PROOF_H

#include "dns/pool.h"
#include "dns/resolve.h"

#include <stdint.h>

enum { PROOFS_MAX = 20 }; /* one a link of a chain and three at its end */

struct proof {
	const struct nsec *nsec;
	const struct rrset *rrset; /* nsec's, or one of its without */
	uint16_t suffix_at;        /* of a name in the message... */
	uint8_t prefix_len;        /* ...before which so many octets of the
				    * owner are written */
	uint32_t ttl_s;
};

struct proofs {
	unsigned count;
	struct proof list[PROOFS_MAX]; /* filled up to count */
};

/* Does the answer carry signatures and proofs? */
bool proof_wanted(const struct answer *a);

/* No such name, and no wildcard at a->match.node, the encloser: 3.1.3.2. */
void prove_no_name(struct answer *a, struct position position,
		   const struct name *name);

/* No such name, so the wildcard answers: 3.1.3.3 and 3.1.3.4. */
void prove_expanded(struct answer *a, struct position position,
		    const struct name *name);

/* The type asked for is not at a->match.node: 3.1.3.1. */
void prove_no_type(struct answer *a, struct position position);

/*
 * The same where the service there can have kind, but not for this client and
 * now: the proof lives no longer than ttl_s.
 */
void prove_no_kind(struct answer *a, struct position position,
		   enum pool_kind kind, uint32_t ttl_s);

/* There is no DS at cut, whose name is at cut_at in the message: 3.1.4. */
void prove_unsigned(struct answer *a, uint16_t cut_at,
		    const struct zone_node *cut);

/* Writes what was gathered into the authority section, whole or TC. */
void proofs_put(struct answer *a);

#endif
