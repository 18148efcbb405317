/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timetable -- what a service that is steered by schedule may have open.
 *
 * Windows repeat by the week, and clocks that are set forward and back shift
 * them against each other; so two years, from 2026 on, show all there is.
 * Which day it is today changes nothing.  Pure.
 */
#ifndef POLICY_REVIEW_TIMETABLE_H
#define POLICY_REVIEW_TIMETABLE_H

#include "policy/language/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy;
struct policy_service;

enum { TIMETABLE_MAX = 64 };

struct timetable_entry {
	struct window_opening opening;
	int64_t at_s; /* the first instant of it, since 1970 */
};

struct timetable {
	/* No two with the same endpoints open. */
	struct timetable_entry list[TIMETABLE_MAX];
	size_t count;
	bool complete; /* there are no more than those */
};

/* A service that is not scheduled has one entry, in which nothing is open. */
void timetable_make(const struct policy *policy,
		    const struct policy_service *service,
		    struct timetable *out);

#endif
