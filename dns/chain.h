/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain -- from a name to the one it is an alias of, by CNAME or DNAME, again
 * and again within one answer: RFC 1034, 4.3.2, steps 3a and 3c; RFC 6672, 3.2.
 *
 * Bounded, and a ring ends where it would begin again: at one name a client
 * gets one CNAME, at a wildcard too; a DNAME can be passed again, but not with
 * the same name.  Pure.
 */
#ifndef DNS_CHAIN_H
#define DNS_CHAIN_H

#include "dns/name.h"
#include "dns/position.h"

#include <stdbool.h>
#include <stdint.h>

struct answer;
struct zone_node;

enum { CHAIN_MAX = 16 }; /* aliases followed in one answer */

struct chain_link {
	const struct zone_node *node; /* that it is at */
	uint16_t target_at;           /* where its data is in the message */
	uint64_t asked; /* hash of the name that a DNAME was followed for */
};

/* The name that is being resolved, and how it was come to. */
struct chain {
	const struct name *name; /* the question's, or target */
	struct position position;
	unsigned links;
	struct name target;
	struct chain_link seen[CHAIN_MAX];
};

/*
 * Both write the alias at a->match.node into the answer and make its target
 * the name to go on with.  False: the answer ends here, because it is full,
 * the chain is too long or a ring, the CNAME made of a DNAME is what was asked
 * for, no endpoint may be named, or the target is too long (YXDOMAIN).
 */
bool chain_follow_cname(struct chain *chain, struct answer *a);
bool chain_follow_dname(struct chain *chain, struct answer *a);

#endif
