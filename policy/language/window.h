/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window -- hours of days by the clocks of a place, like Monday to Friday from
 * 08:00 to 18:00 in Dublin.
 *
 * A span that ends no later than it begins ends on the next day.  It begins,
 * and ends, at the first instant at which the clock there shows that time or a
 * later one (policy/base/tzif): where the clock is put forward over the time,
 * at that moment; where it is set back and shows the time twice, at the first.
 * So spans that meet on the clock meet, and one that begins every day begins
 * once a day.  Pure: the instant is passed in.
 */
#ifndef POLICY_LANGUAGE_WINDOW_H
#define POLICY_LANGUAGE_WINDOW_H

#include "policy/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy;
struct policy_service;
struct tzif;

enum {
	POLICY_WINDOWS_MAX = 64, /* a uint64_t is a set of windows */
	WINDOW_SPANS_MAX = 8,
	WINDOW_DAY_MIN = 1440,
	WINDOW_EVERY_DAY = 0x7f,
};

struct window_span {
	uint16_t from_min, to_min; /* of the day, 0..1440; to no later than
				    * from: of the next day */
};

struct policy_window {
	const char *name;
	struct place at;
	const char *zone_name;   /* "Europe/Dublin" */
	const struct tzif *zone; /* NULL until it is read */
	uint32_t days;           /* bit 0 is Monday: on which spans begin */
	struct window_span *spans;
	size_t span_count;
};

/* Instants are seconds since 1970. */
bool window_is_open(const struct policy_window *w, int64_t at_s);

/* The first beginning or end of a span after an instant. */
int64_t window_next_s(const struct policy_window *w, int64_t at_s);

/* Is any of these windows of the policy (a bit each) open? */
bool window_any_open(const struct policy *policy, uint64_t windows,
		     int64_t at_s);

/* Which of a service's endpoints are open by the clock, and from when until
 * when that is so. */
struct window_opening {
	uint64_t open;    /* a bit each: those with a window that is open */
	uint64_t windows; /* of the policy, a bit each: that are open */
	int64_t until_s;  /* INT64_MAX: it never changes */
};

struct window_opening window_opening(const struct policy *policy,
				     const struct policy_service *service,
				     int64_t at_s);

/*
 * The first span of time, within two years from 2026 on, in which no window of
 * the service is open; false when there is none.
 */
bool window_gap(const struct policy *policy,
		const struct policy_service *service, int64_t *from_s,
		int64_t *to_s);

#endif
