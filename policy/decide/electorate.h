/* SPDX-License-Identifier: Apache-2.0 */
/*
 * electorate -- whose word counts on whether an endpoint is down.
 *
 * Each vantage has one vote, but those in one network (ASN), where the policy
 * states it, have one together: what cuts the network off from an endpoint
 * cuts off all of them, and is not seen by more because more look.  A vantage
 * may have none (`vote: no`), or a veto.  Pure.
 */
#ifndef POLICY_DECIDE_ELECTORATE_H
#define POLICY_DECIDE_ELECTORATE_H

#include "policy/language/policy.h"

#include <stddef.h>
#include <stdint.h>

/* Sets are a bit per vantage. */
struct electorate {
	uint64_t voters; /* have a vote, be it a share in one */
	uint64_t vetoes; /* of these: what they see up is not down */
	uint64_t alone;  /* of these: have one for themselves */
	/* The other voters, by network. */
	uint64_t networks[POLICY_VANTAGES_MAX / 2];
	size_t network_count;
	uint32_t votes; /* there are: policy_vote_count() */
};

struct electorate electorate_of(const struct policy *policy);

#endif
