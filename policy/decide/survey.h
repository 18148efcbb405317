/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey -- what a policy's geo databases, corrections and client sets say of
 * networks, open for one load.
 *
 * Shell: reads files.  Any thread may read an open one.
 */
#ifndef POLICY_DECIDE_SURVEY_H
#define POLICY_DECIDE_SURVEY_H

#include "policy/decide/client.h"
#include "policy/decide/corrections.h"
#include "policy/decide/walk.h"

#include <stdbool.h>

struct errors;
struct intern;

struct survey {
	const struct policy *policy;
	struct client_needs needs;
	struct walk_sources sources;
	struct corrections corrections;
	struct intern *masks; /* number 0 is "in no network" */
	struct errors *errs;
};

/*
 * Opens all; policy and errs are set, borrowed and outlive it.  False with
 * errs filled, of all mistakes of all files.  survey_fini() is due either way.
 */
bool survey_open(struct survey *survey);
void survey_fini(struct survey *survey);

/* Both add an error and return false. */
bool survey_out_of_memory(const struct survey *survey);
bool survey_damaged(const struct survey *survey, size_t database);

#endif
