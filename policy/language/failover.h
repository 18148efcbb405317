/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failover -- how long clients can be kept at an endpoint that failed, as the
 * policy has it, and whether that is within the goal it states
 * (safety.failover_goal).
 *
 * The endpoint fails just after a probe has passed.  The next begins an
 * interval later, and by a tenth more (health/schedule); that one and those
 * that confirm it end with a time-out each; then the breaker opens, and who
 * asked just before keeps the answer for its TTL.  The way of the reports,
 * well below a second when the bus works, is not in it.  Pure.
 */
#ifndef POLICY_LANGUAGE_FAILOVER_H
#define POLICY_LANGUAGE_FAILOVER_H

#include "policy/language/policy.h"

struct draft;

struct failover {
	int64_t notice_ms; /* at most, until probes open the breaker */
	int64_t kept_ms;   /* at most, until answers before have run out */
};

/*
 * Of one of the service's endpoints.  With several checks it is the slowest
 * that counts.  False, and out is untouched, when no failure is noticed: the
 * service is unmonitored.
 */
bool failover_of(const struct policy *policy,
		 const struct policy_service *service, struct failover *out);

/* Warns of services that take longer than the goal, when one is stated. */
void failover_judge(struct draft *d);

#endif
