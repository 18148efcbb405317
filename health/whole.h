/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole -- what this vantage holds of an endpoint whose health is made of
 * several checks (policy/language/expression).
 *
 * A part of which nothing is known, or nothing lately enough to vote by
 * (policy/decide/ballot), is not known here: a check that cannot be run speaks
 * neither for the endpoint nor against it, and the others go on.  The whole is
 * reported as one check is, so that nobody who reads it needs to know of parts;
 * they go along for people.  It is on trial with users when nothing but such
 * trials of its parts keeps it out: the few who come try them all.  Latency is
 * that of the service's first check that counts: times of different checks are
 * no measure of one thing.  Pure.
 */
#ifndef HEALTH_WHOLE_H
#define HEALTH_WHOLE_H

#include "policy/bus/report.h"
#include "policy/language/expression.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdint.h>

struct watch;

/* Its parts, borrowed. */
struct whole_parts {
	const struct policy_expression *expression;
	const struct policy_check *checks; /* the policy's */
	/* What is held of each, in the expression's order. */
	const struct watch *watches[EXPRESSION_PARTS_MAX];
	const struct watch *first; /* of the service's check, whose latency it
				    * is */
};

/* Zero-initialised knows nothing yet. */
struct whole {
	enum report_state state;
	int64_t wall_since_ms; /* when it began; 0: it was never looked at */
	bool down;             /* is, or was before it was not known */
	int64_t down_since_ms; /* monotonic; while down */
};

/* The state now, as of now_ms (monotonic) and wall_ms.  True when it changed.
 */
bool whole_step(struct whole *w, const struct whole_parts *parts,
		int64_t now_ms, int64_t wall_ms);

/* Fills all of entry but the names and the place of its parts. */
void whole_report(const struct whole *w, const struct whole_parts *parts,
		  int64_t now_ms, struct report_entry *entry);

/* Fills out, one for each part. */
void whole_report_parts(const struct whole_parts *parts, int64_t now_ms,
			struct report_part *out);

#endif
