/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject -- what is probed: a policy, the one on its way beside it, and the
 * probes that they ask for; replaced together.
 *
 * Shell: owns what health/rounds owns.
 */
#ifndef HEALTH_SUBJECT_H
#define HEALTH_SUBJECT_H

#include "health/rounds.h"

#include <stdbool.h>

struct error;
struct policy;
struct roster;
struct whole;

/* Zeroed memory is none.  All owned. */
struct subject {
	struct policy *policy;
	struct policy *next; /* NULL: none is on its way */
	struct roster *roster;
	struct rounds *rounds;
	struct whole *wholes; /* one a target; of one probe: not used */
};

struct subject_config {
	struct rounds_config rounds; /* but for roster and vantage */
	const char *vantage;         /* of both policies */
	/* What it saw of the same endpoints goes on (it may be empty); end it
	 * afterwards. */
	const struct subject *before;
};

/* Starts probing; owns policy and next (may be NULL), in both cases.  False
 * with err set, out untouched. */
bool subject_start(struct subject *out, const struct subject_config *config,
		   struct policy *policy, struct policy *next,
		   struct error *err);

/* Leaves it empty. */
void subject_fini(struct subject *s);

#endif
