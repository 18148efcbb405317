/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ballot -- what the vantages see of one endpoint, of those that know enough
 * of it, and lately enough, to vote.
 *
 * A vantage has no vote on an endpoint when it abstains or when what it knows
 * is older than max(3 check intervals, 5 s).  Ages are those of this reader's
 * monotonic clock since the report came, plus the age that the report itself
 * had for the probe by its own clock, so no two clocks are compared.  While a
 * breaker is open it rests between probes (up to max_open_for and 20 %): that
 * rest is not silence, nor is it when the trial after it has begun and its
 * first probe has not ended.  Else each trial of a dead endpoint would take its
 * vote away for a moment, and one vantage that errs could let clients in.
 * Pure.
 */
#ifndef POLICY_DECIDE_BALLOT_H
#define POLICY_DECIDE_BALLOT_H

#include "policy/bus/report.h"
#include "policy/decide/quorum.h"
#include "policy/language/expression.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hearing_entry;

enum { BALLOT_SILENCE_MIN_MS = 5000 };

/* One vantage, as it was heard. */
struct ballot_source {
	const struct hearing_entry *entries; /* by census number; NULL: it says
					      * nothing, or abstains */
	int64_t silence_ms;                  /* since its report came */
};

struct ballot {
	struct quorum_votes votes;
	uint64_t reach;   /* a bit per vantage that measures its latency */
	uint64_t trickle; /* of those in votes.down: on trial with users */
	bool failing;     /* a probe fails of an endpoint that is still up */
	/* By vantage, of those in votes.down: how long it has said so. */
	uint32_t down_ms[POLICY_VANTAGES_MAX];
	/* Of those in votes.up, who said down before: a bit each, and how long
	 * ago they ceased to, and for how long they had. */
	uint64_t recovered;
	uint32_t up_ms[POLICY_VANTAGES_MAX];
	uint32_t outage_ms[POLICY_VANTAGES_MAX];
};

/*
 * What the count sources, one a vantage, say of the endpoint that has this
 * census number.  Not all of out is filled: see down_ms and recovered.
 */
void ballot_take(const struct ballot_source *sources, size_t count,
		 const struct policy_terms *terms, size_t number,
		 struct ballot *out);

/*
 * Is a state still worth something, of which the last probe ended age_ms
 * before it was told (less than 0: after that), silence_ms ago?
 */
bool ballot_is_fresh(const struct policy_terms *terms, enum report_state state,
		     int64_t age_ms, int64_t silence_ms);

#endif
