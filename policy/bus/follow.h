/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow -- the plan in force, and why the last one offered was not taken.
 *
 * A plan is taken when a trusted key signed it, it parses, it is newer by
 * (epoch, sequence) than the one held, and it leaves no service empty.  What
 * comes from disk is judged as what comes from the bus.  Pure.
 */
#ifndef POLICY_BUS_FOLLOW_H
#define POLICY_BUS_FOLLOW_H

#include "policy/base/error.h"
#include "policy/bus/plan_release.h"

#include <stddef.h>
#include <stdint.h>

struct plan;
struct policy;
struct verifier;

/* Zeroed memory follows nothing yet. */
struct follow {
	struct plan *plan;    /* owned; the newest taken; NULL: none */
	struct error refusal; /* text "" when the last offer was good */
	uint64_t refused;     /* offers, since the start */
	/* What the newest plan that a trusted key signed says of policies, be
	 * it taken or not: one that would leave a service of this policy empty
	 * is how the policy that is at fault is taken back.  And its place. */
	struct plan_release release;
	uint64_t release_epoch, release_sequence;
};

enum follow_result {
	FOLLOW_TAKEN,
	FOLLOW_SAME,          /* the one that is held */
	FOLLOW_REFUSED,       /* refusal says why */
	FOLLOW_REFUSED_AGAIN, /* for the same reason as the last: no news */
};

void follow_fini(struct follow *follow);

/* trusted NULL: nobody is. */
enum follow_result follow_take(struct follow *follow,
			       const struct verifier *trusted,
			       const struct policy *policy, const void *octets,
			       size_t len);

#endif
