/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster -- what a policy asks to be probed.
 *
 * Every endpoint of a service with a check is a target, be the check one or an
 * expression of several.  Each check is a job at each address that it probes
 * (policy/language/reach): the first of IPv4, or else of IPv6, unless it says
 * more; health/whole makes one state of them.  Targets whose probes are twins
 * (health/twin), of whatever check, share one job, which runs once and is
 * reported for each.  One that is a name is one job, resolved at each probe
 * (health/probe_named).
 *
 * Users are an endpoint's and not an address': what they met is heard of by the
 * job of a check's first address alone, and counts for all (health/whole).
 *
 * While a policy is on its way (policy/bus/plan_release) there is a next one
 * beside it.  An endpoint that only that one has is a target as well.  One that
 * both have is judged as the first says, and probed as the next says, too, so
 * that it is known there as soon as that one is the first.  Pure.
 */
#ifndef HEALTH_ROSTER_H
#define HEALTH_ROSTER_H

#include "health/probe.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster_job {
	const char *key; /* "check address port host", and " users=SERVICE";
			  * check: of the first twin */
	struct probe_spec spec;
	bool ahead; /* only the next policy asks for it: what it sees says
		     * nothing of this vantage yet, for it may be a mistake */
};

struct roster_target {
	const struct policy_service *service;
	const struct policy_endpoint *endpoint;
	const struct policy_check *checks; /* all of its policy */
	size_t job;          /* of the service's check, at its first address */
	const size_t *parts; /* when there are several: of the checks of its
			      * expression, in their order, and of each the
			      * addresses in theirs; that job among them; else
			      * NULL */
	size_t part_count;
};

struct roster {
	struct arena *arena;
	struct roster_job *jobs;
	size_t job_count;
	struct roster_target *targets; /* in the policy's order: those of a
					* service stand together */
	size_t target_count;
	int64_t longest_ms; /* the longest interval and timeout */
	/* Jobs by twin_hash(): open addressing, 0 empty, else the job's number
	 * + 1. */
	uint32_t *index;
	size_t index_mask;
};

/* NULL when memory runs out.  Borrows policy, which outlives it. */
struct roster *roster_new(const struct policy *policy);

/* Likewise of both; next may be NULL. */
struct roster *roster_of_both(const struct policy *policy,
			      const struct policy *next);

/* Accepts NULL. */
void roster_free(struct roster *roster);

/* The jobs of a target, be it one or several: *count of them. */
const size_t *roster_jobs(const struct roster_target *target, size_t *count);

/* What the nth job of a target is of. */
struct roster_part {
	size_t check;                /* which of the service's, from 0 */
	const struct net_addr *addr; /* NULL: the only one that it probes */
};
struct roster_part roster_part(const struct roster_target *target, size_t nth);

/* Have two targets a job in common? */
bool roster_share(const struct roster_target *a, const struct roster_target *b);

/*
 * The number of the target of these names in an earlier roster, or SIZE_MAX.
 * hint: 0 at first; targets that follow each other are found at once.
 */
size_t roster_find_target(const struct roster *earlier,
			  const struct roster_target *target, size_t *hint);

/*
 * The job of an earlier roster that job goes on: of the same key, though its
 * check may have changed; else a twin, though its check was called otherwise.
 * SIZE_MAX when there is neither.
 */
size_t roster_find(const struct roster *earlier, const struct roster_job *job);

#endif
