/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quorum -- what the vantages agree on about one endpoint.
 *
 * A single vantage can lose its own uplink and see everything down, so no one
 * vantage may take an endpoint out of service alone when there are more.  A
 * vantage without a fresh result abstains: silence is a fact about the
 * vantage, not about the endpoint.  Down takes at least `quorum` voters for
 * it and more than half of the voters.  With fewer voters than the quorum
 * the last verdict is held, and marked held.  Where a policy has fewer
 * vantages than the quorum asks for, all of them must agree.  Pure.
 */
#ifndef POLICY_DECIDE_QUORUM_H
#define POLICY_DECIDE_QUORUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict { VERDICT_UNKNOWN, VERDICT_UP, VERDICT_DOWN };

enum vote { VOTE_ABSTAIN, VOTE_UP, VOTE_DOWN };

struct quorum_limits {
	uint32_t quorum;   /* >= 1 */
	uint32_t vantages; /* that the policy has */
};

struct quorum_result {
	enum verdict verdict;
	bool held;               /* too few voters: this is the last verdict */
	uint8_t up, down;        /* voters for each */
	uint64_t up_by, down_by; /* these, a bit per vantage */
	bool split; /* up, though as many as the quorum say down: see
		     * policy/decide/locality */
};

/* votes[i] is vantage i's; previous is the result before this one. */
struct quorum_result quorum_of(const enum vote *votes, size_t count,
			       const struct quorum_limits *limits,
			       const struct quorum_result *previous);

/* "unknown", "up", "down". */
const char *verdict_name(enum verdict verdict);

#endif
