/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial -- one of a policy's tests, tried on the chain that the responder runs.
 *
 *   answer         what this client draws (or, for a set of clients or
 *                  sticky: none, whatever any of them can draw) is listed
 *   never          nothing listed can be drawn
 *   always_within  whichever regions of the service fail, what can be drawn
 *                  is within the jurisdictions.  All subsets of up to
 *                  TRIAL_REGIONS_ALL regions are tried, of more all subsets of
 *                  up to TRIAL_REGIONS_SOME.
 *   always_without so, too, nothing listed can be drawn
 *
 * Pure.
 */
#ifndef POLICY_REVIEW_TRIAL_H
#define POLICY_REVIEW_TRIAL_H

#include "policy/review/subject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRIAL_REGIONS_ALL = 12, TRIAL_REGIONS_SOME = 3 };

/* What was found. */
struct trial {
	struct subject *subject;
	const struct policy_test *test;
	bool ok;
	const char *why;       /* when it is not */
	uint16_t class_id;     /* where it went wrong */
	uint64_t down;         /* and with which regions failed */
	uint64_t got;          /* and what was drawn: endpoints */
	uint64_t states;       /* always_within: failures tried */
	bool some_subsets;     /* not all of them */
	size_t classes, tried; /* in question, and those tried */
};

/* subject and test are borrowed; the subject's view is used. */
struct trial trial_run(struct subject *subject, const struct policy_test *test);

/* Does the test ask about clients of this class? */
bool trial_asks(const struct geo *geo, const struct policy_test *test,
		uint16_t class_id);

/* The endpoints that it sees clients of a class be given in the world that it
 * states: a bit each.  The view is where trial_run() moved it. */
uint64_t trial_given(struct subject *subject, const struct policy_test *test,
		     uint16_t class_id);

#endif
