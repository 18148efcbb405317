/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence -- a proof as something to show: of which policy and databases, on
 * which day, how many cases, and what does not hold.
 *
 * Shell: reads the databases for their digests, prints.
 */
#ifndef POLICY_REVIEW_EVIDENCE_H
#define POLICY_REVIEW_EVIDENCE_H

#include "policy/review/goals.h"
#include "policy/review/proof.h"
#include "policy/review/subject.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct json_t;

enum { EVIDENCE_FILES_MAX = POLICY_DATABASES_MAX + 1 };

struct evidence {
	const struct subject *subject; /* borrowed, as are proof and goals */
	const struct proof *proof;
	const struct goals *goals;
	int64_t wall_made_ms;
	/* SHA-256 in hex of the geo databases, then the corrections. */
	char digests[EVIDENCE_FILES_MAX][65];
};

/* Fills digests.  False with err set when a file cannot be read. */
bool evidence_digests(struct evidence *evidence, struct error *err);

/* Does all hold, and is every goal reached? */
bool evidence_holds(const struct evidence *evidence);

/* For people, on standard output. */
void evidence_print(const struct evidence *evidence);

/* JSON; the caller frees it; NULL when memory runs out. */
char *evidence_write(const struct evidence *evidence);

/* evidence_goals.c: what both say of the goals.  The caller owns the JSON. */
void evidence_print_goals(const struct goals *goals);
struct json_t *evidence_goals_json(const struct goals *goals);

#endif
