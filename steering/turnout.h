/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turnout -- do clients come to an endpoint on a ramp as its share intends?
 *
 * Asked before each step.  What edges counted of its requests during the last
 * one, as a part of the service's, has to be within TURNOUT_OFF of what the
 * share at its beginning or the one at its end intends, for resolvers go from
 * one to the other meanwhile.  Intended is what the responders' own rows make
 * of the demand that was counted by the homes of clients (steering/burden).
 * Where nobody counts, or too little to tell chance apart, there is no such
 * question: 400 requests are off by a fifth once in 30,000 times.  Pure.
 */
#ifndef STEERING_TURNOUT_H
#define STEERING_TURNOUT_H

#include "policy/decide/demand.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counted;
struct view;

#define TURNOUT_OFF 0.2
enum { TURNOUT_REQUESTS_MIN = 400 };

/* Zero-initialised: no step has begun. */
struct turnout {
	bool begun;
	int64_t stood_ms;  /* the last questions were answered with no */
	uint64_t own, all; /* requests counted when the step began */
	double intended;   /* part of all, by the view of then; 0: not known */
};

/* All borrowed; view is of the policy in force. */
struct turnout_case {
	const struct view *view;
	struct demand_classes classes;
	const struct demand_rates *rates; /* by service; NULL: not counted */
	const struct counted *counted;    /* NULL: no edge tells */
	int64_t now_ms;
	size_t service, endpoint;
};

/* A step begins. */
struct turnout turnout_begin(const struct turnout_case *c);

/* What was found out, as parts of the service's requests. */
struct turnout_parts {
	double seen, intended;
};

/* May the next one?  No: out has why. */
bool turnout_allows(const struct turnout *u, const struct turnout_case *c,
		    struct turnout_parts *out);

#endif
