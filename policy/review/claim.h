/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim -- that a service never sends clients of one realm out of some
 * regions, and never leaves them without an answer that it could give.
 *
 * Every scenario is tried, in panic (policy/decide/panic) and not, by the
 * decision's own first half (chain_choose), but for those that cannot differ
 * from one that is:
 *
 *  - places inside a realm, latencies, ties, hours, ramps and weights above 0
 *    only put in order and share out what is left (policy/decide/chain);
 *  - an endpoint that cannot be reached from one place (locality) is to the
 *    clients there as one that is down;
 *  - a region that residency takes away is not there for these clients,
 *    whether it fails or is drained;
 *  - all percents of a canary between 0 and 100 (policy/review/scenario);
 *  - pins, but where nothing is claimed but that some endpoints are not given:
 *    to its clients a pin leaves a part of what residency leaves them, and only
 *    where something of that part is well and not drained (policy/decide/
 *    chain), so it sends nobody out and leaves nobody without;
 *  - failures of what nobody monitors.
 *
 * What the first half leaves may still come to nobody, behind what takes
 * everyone.  So a scenario that looks wrong is put to the whole decision, for
 * every class, at every hour that makes a difference (policy/review/timetable),
 * before it is called so.  Pure.
 */
#ifndef POLICY_REVIEW_CLAIM_H
#define POLICY_REVIEW_CLAIM_H

#include "policy/review/realm.h"
#include "policy/review/scenario.h"

struct claim {
	const struct policy *policy; /* borrowed */
	struct view *view; /* of policy; the service's state in it is changed */
	int service;
	/* Of one realm, at least one; borrowed.  They differ in nothing that
	 * is tried, but that only members of a set can be pinned. */
	const struct client_class *const *classes;
	size_t class_count;
	uint64_t allowed; /* regions */
	/* Endpoints, a bit each; unless 0 nothing is claimed but that none of
	 * these is given. */
	uint64_t barred;
	unsigned most; /* regions that fail together, at most */
};

/*
 * A way in which it does not hold, and what comes of it.  Nothing in its
 * scenario can be taken back: without any one thing it would hold.
 */
struct claim_way {
	struct scenario scenario; /* canaries is &moved, or NULL */
	struct scenario_canaries moved;
	unsigned size, kinds; /* scenario_size(), scenario_kinds() */
	int outside; /* an endpoint that may be given, or POLICY_NONE: none is
		      * given though one could be */
	size_t at;   /* index of a class that it happens to */
};

enum { CLAIM_WAYS_MAX = 16 };

struct claim_result {
	bool held;
	bool complete;      /* every canary step and opening was tried */
	bool never_served;  /* residency leaves these clients no endpoint */
	uint64_t covered;   /* scenarios, for one class of clients */
	uint64_t evaluated; /* of these */
	/*
	 * When it does not hold: of each kind of scenario (scenario_kinds) the
	 * least, the least of all first.  A kind that has all of another's
	 * and is no smaller is not here.
	 */
	struct claim_way ways[CLAIM_WAYS_MAX];
	size_t way_count;
};

/* Makes ways point to their own members again, after *result was moved. */
void claim_settle(struct claim_result *result);

void claim_try(const struct claim *claim, struct claim_result *out);

#endif
