/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outlook -- what a prober knows of the world beside what it probes: reports of
 * all vantages, the plan in force, and the view that follows, as responders
 * have it.
 *
 * Pure: the caller passes the time in.
 */
#ifndef HEALTH_OUTLOOK_H
#define HEALTH_OUTLOOK_H

#include "health/inspection.h"
#include "policy/decide/world.h"

#include <stdbool.h>
#include <stdint.h>

/* Zeroed memory knows nothing. */
struct outlook {
	struct world world;
	int64_t since_ms; /* when it first had a view; 0: never */
};

void outlook_fini(struct outlook *outlook);

/* Goes over to another policy: what was made for the old one is dropped. */
void outlook_adopt(struct outlook *outlook, const struct policy *policy);

/* A plan in its envelope.  What was refused, world.follow says. */
void outlook_take_plan(struct outlook *outlook, const struct verifier *trusted,
		       const struct policy *policy, const void *octets,
		       size_t len);

/* Renews the view.  False, unchanged: out of memory. */
bool outlook_reduce(struct outlook *outlook, const struct policy *policy,
		    struct world_time at);

/* Does it remember as much as others may?  See VIEW_REMEMBER_MS. */
bool outlook_is_young(const struct outlook *outlook, int64_t now_ms);

/* By what it decides. */
struct standpoint outlook_standpoint(const struct outlook *outlook,
				     const struct policy *policy);

#endif
