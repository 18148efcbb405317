/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof -- that a policy's walls hold: for every service, client class and
 * scenario (policy/review/claim).
 *
 *   residency  no service sends clients that a rule binds out of its regions
 *   answer     no service leaves clients without an answer that it could give
 *   tests      always_without, and always_within, as the policy's own tests
 *              say it; of the latter, where an
 *              endpoint is the name of another service, of that service, too
 *   names      nothing that bound clients, or those of such a test, may get
 *              leads to a name outside the policy's services, as a CNAME or by
 *              the service's HTTPS and SVCB records: what is there, nothing
 *              here says
 *
 * Services that are alike in all that claims look at are proved once, and so
 * are client classes.  Pure but for the address that is found for a
 * counterexample.
 */
#ifndef POLICY_REVIEW_PROOF_H
#define POLICY_REVIEW_PROOF_H

#include "policy/review/claim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct geo;

/* Something that does not hold. */
struct proof_failure {
	int service;
	size_t alike; /* services that fail like it, itself among them */
	const struct policy_residency *rule; /* that is broken, or NULL */
	const struct policy_test *test;      /* that is broken, or NULL */
	/* NULL, or the name outside, and the type of the record that leads
	 * there: of the first way's endpoint, or of the service. */
	const char *name, *type;
	struct claim_result result;
	uint16_t class_ids[CLAIM_WAYS_MAX]; /* by way: clients it happens to */
};

struct proof {
	const struct policy *policy; /* borrowed */
	unsigned most; /* regions that fail together, at most; 0: none */
	bool trusts_names;
	bool no_memory; /* it is of no worth then */
	bool complete;  /* every size of failed sets and all canary steps */
	size_t services, classes, kinds, realms;
	size_t tests;    /* of every state: policy_is_always() */
	size_t unserved; /* services that residency closes to some clients */
	uint64_t covered, evaluated;     /* scenarios */
	struct proof_failure **failures; /* owned, as what they point to */
	size_t failure_count, failure_cap;
};

struct proof_goal {
	unsigned most; /* 0: all of a service with at most PROOF_ALL_MAX
			* regions, PROOF_SOME of others */
	bool trusts_names;
};

enum { PROOF_ALL_MAX = 12, PROOF_SOME = 3 };

/* view is one of policy; it is used up.  The caller ends the proof with
 * proof_fini(). */
void proof_make(struct view *view, const struct geo *geo,
		const struct proof_goal *goal, struct proof *out);
void proof_fini(struct proof *proof);

#endif
