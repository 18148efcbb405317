/* SPDX-License-Identifier: Apache-2.0 */
/*
 * census -- all endpoints of a policy, numbered in its order, and by name.
 *
 * Who writes of endpoints goes through them in some order: plans in the
 * policy's, reports in that of names.  So the number after the last one found
 * is tried first; an index of names is made only when that fails, and then the
 * name after the last one.  Pure.
 */
#ifndef POLICY_DECIDE_CENSUS_H
#define POLICY_DECIDE_CENSUS_H

#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define CENSUS_NONE SIZE_MAX

struct census {
	const struct policy *policy;
	struct arena *arena; /* borrowed; what is below lies in it */
	struct census_place {
		uint16_t service;
		uint8_t endpoint; /* of it */
	} * places;               /* by number */
	size_t count;
	struct census_name *names; /* sorted; NULL: not asked for yet */
	size_t next;               /* of names: behind the last one found */
	bool failed; /* memory ran out for them: nothing more is found */
};

/* policy and arena are borrowed.  False when memory runs out. */
bool census_init(struct census *census, const struct policy *policy,
		 struct arena *arena);

/*
 * The number of an endpoint, CENSUS_NONE when the policy has none so named.
 * hint is the number to try first; it may be beyond the last.
 */
size_t census_find(struct census *census, size_t hint, const char *service,
		   const char *endpoint);

#endif
