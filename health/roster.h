/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster -- what a policy asks to be probed.
 *
 * Every endpoint of a service with a check is a target.  Targets that would be
 * probed alike (same check, address, port and Host) share one job, which runs
 * once and is reported for each.  An endpoint is probed at its first IPv4
 * address, or at its first IPv6 address when it has no IPv4 one: an endpoint
 * is one place, its addresses lead to the same machines, and two verdicts on
 * one place would need a third to choose.  One that is a name is resolved at
 * each probe (health/probe_named).  Pure.
 */
#ifndef HEALTH_ROSTER_H
#define HEALTH_ROSTER_H

#include "health/probe.h"
#include "policy/language/policy.h"

#include <stddef.h>
#include <stdint.h>

struct roster_job {
	const char *key; /* "check address port host": the same after reload */
	struct probe_spec spec;
};

struct roster_target {
	const struct policy_service *service;
	const struct policy_endpoint *endpoint;
	size_t job;
};

struct roster {
	struct arena *arena;
	struct roster_job *jobs;
	size_t job_count;
	struct roster_target *targets; /* in the policy's order */
	size_t target_count;
	int64_t longest_ms; /* the longest interval and timeout */
	/* Jobs by key: open addressing, 0 empty, else the job's number + 1. */
	uint32_t *index;
	size_t index_mask;
};

/* NULL when memory runs out.  Borrows policy, which outlives it. */
struct roster *roster_new(const struct policy *policy);

/* Accepts NULL. */
void roster_free(struct roster *roster);

/* The job with that key; SIZE_MAX when there is none. */
size_t roster_find(const struct roster *roster, const char *key);

#endif
