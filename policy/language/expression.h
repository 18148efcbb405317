/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expression -- health that is made of several checks: all of them, any, at
 * least so many, one inside the other.
 *
 * Every such word is a gate that is up when enough of what is inside it is up,
 * so the whole never goes down because a part comes up.  Hence what follows
 * from parts that are not known is found by two looks: the whole is up when it
 * is with the unknown ones down, down when it is with the unknown ones up, and
 * not known else; that is Kleene's logic of three values, with one operator.
 *
 * An expression is evaluated where the parts are seen: by each vantage, of its
 * own breakers.  What votes is the whole, which says what a client near that
 * vantage would find.  To vote on each part, and put the verdicts together,
 * would lose that: where each of two gateways is cut off from other vantages,
 * both would be down by votes, and no client without one that works.
 *
 * Pure.  Source: S. C. Kleene, "Introduction to Metamathematics" (1952), 64.
 */
#ifndef POLICY_LANGUAGE_EXPRESSION_H
#define POLICY_LANGUAGE_EXPRESSION_H

#include "policy/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy;
struct policy_service;

enum {
	EXPRESSION_PARTS_MAX = 8, /* checks; all of 2^8 cases are looked at */
	/* Of an endpoint: checks times addresses.  A report has 64 places for
	 * them and, beside several of one check, for that. */
	EXPRESSION_PROBES_MAX = 56,
	EXPRESSION_DEPTH_MAX = 3, /* gates inside each other */
	EXPRESSION_GATES_MAX = 64,
	EXPRESSION_TEXT_SIZE = 800,
};

struct expression_gate {
	int part;       /* a check: index into checks; else POLICY_NONE */
	uint32_t need;  /* of the gates inside, so many must be up; 1.. */
	uint32_t inner; /* gates directly inside */
};

struct policy_expression {
	struct place at;
	/* Each before those inside it.  Checks in shadow are in none: 0 gates
	 * when all are. */
	struct expression_gate *gates;
	size_t gate_count;
	int *checks; /* indexes into policy->checks, each once, as written */
	size_t check_count;
	uint64_t counted; /* those not in shadow, a bit each */
};

/* Is it up when the checks of up (a bit each) are, and no others?  With no
 * gates: true. */
bool expression_holds(const struct policy_expression *x, uint64_t up);

/*
 * What a service's health is made of: "all of gateway, (any of app, db)", as it
 * counts, without what is in shadow; of one check that probes more than first
 * addresses "web (every address)"; else "".  Into buf, which is returned; cut
 * when full.
 */
const char *expression_text(const struct policy *policy,
			    const struct policy_service *service, char *buf,
			    size_t size);

/* What votes on a service's endpoints go by. */
struct policy_terms {
	uint32_t quorum;     /* the largest of its checks */
	int64_t interval_ms; /* so, too */
	int64_t rest_ms;     /* so long may an open breaker rest: so, too */
	bool counted;        /* else it is unmonitored */
};

/* Of the checks that count; of one check alone they are its own. */
struct policy_terms policy_terms(const struct policy *policy,
				 const struct policy_service *service);

#endif
