/* SPDX-License-Identifier: Apache-2.0 */
/*
 * goals -- what a policy wants to be so when something fails, beside who may be
 * sent where: that the rest carries it (safety.region_loss), and that clients
 * are soon off it (safety.failover_goal).  Pure.
 */
#ifndef POLICY_REVIEW_GOALS_H
#define POLICY_REVIEW_GOALS_H

#include "policy/language/failover.h"
#include "policy/review/loss.h"

/* How soon the clients of a service with a check and somewhere to go are. */
struct goals_failover {
	size_t service;
	struct failover time;
};

struct goals {
	const struct policy *policy; /* borrowed */
	struct losses losses;
	struct goals_failover *failovers; /* owned */
	size_t failover_count;
	size_t never; /* services with somewhere to go and no check */
};

/* False when memory runs out; *out is then empty.  The caller ends it. */
bool goals_find(const struct policy *policy, const struct geo *geo,
		struct goals *out);
void goals_fini(struct goals *goals);

/* Does the policy want it otherwise? */
bool goals_allow_loss(const struct goals *goals, const struct loss *loss);
bool goals_allow_failover(const struct goals *goals,
			  const struct goals_failover *failover);

/* How many of both it does not allow. */
size_t goals_missed(const struct goals *goals);

#endif
