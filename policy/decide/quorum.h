/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quorum -- what the vantages agree on about one endpoint.
 *
 * A single vantage can lose its own uplink and see everything down, so no one
 * vantage may take an endpoint out of service alone when there are more.  A
 * vantage without a fresh result abstains: silence is a fact about the
 * vantage, not about the endpoint.  Down takes at least `quorum` votes for it
 * and more than half of those cast.  With fewer votes than the quorum the last
 * verdict is held, and marked held.  Where a policy has fewer votes than the
 * quorum asks for, all of them must agree.
 *
 * Who votes, policy/decide/electorate says.  A network votes by the same rule
 * as all: down by more than half of its vantages that do not abstain, else up.
 * While a vantage with a veto sees an endpoint up it is up, whatever the
 * others say or do not say; seeing it down, or abstaining, it is one voter
 * like others.  (A veto that took endpoints out would be one vantage alone.)
 * Pure.
 */
#ifndef POLICY_DECIDE_QUORUM_H
#define POLICY_DECIDE_QUORUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct electorate;

enum verdict { VERDICT_UNKNOWN, VERDICT_UP, VERDICT_DOWN };

/* What vantages see, a bit each; one that is in neither abstains.  Those that
 * have no vote may be in them. */
struct quorum_votes {
	uint64_t up, down;
};

struct quorum_result {
	enum verdict verdict;
	bool held;        /* too few votes: this is the last verdict */
	bool vetoed;      /* down, but for a veto */
	bool split;       /* up, though as many votes as the quorum say down:
			   * see policy/decide/locality */
	uint8_t up, down; /* votes for each */
	uint64_t up_by, down_by; /* voters who say so, a bit each */
};

/* previous is the result before this one. */
struct quorum_result quorum_of(const struct electorate *electorate,
			       struct quorum_votes votes, uint32_t quorum,
			       const struct quorum_result *previous);

/*
 * For how long the verdict is down, when it is and is not held: the longest
 * time for which those who say down now have made a quorum.  down_ms is, by
 * vantage, for how long each has said so; only those in votes.down are read.
 * It is a fact of the reports alone, so that readers agree on it.
 */
uint32_t quorum_down_ms(const struct electorate *electorate,
			struct quorum_votes votes, uint32_t quorum,
			const uint32_t *down_ms);

/* "unknown", "up", "down". */
const char *verdict_name(enum verdict verdict);

#endif
