/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tzif -- a time zone: what its clocks show at an instant, and at which instant
 * they show something.
 *
 * Read from the octets of a file of the time zone database, in version 2 or
 * later, with the rule in its footer that goes on where its list of changes
 * ends.  Files with leap seconds are refused: instants here are POSIX's.
 *
 * A clock that is set back shows an hour twice, and one that is put forward
 * skips one.  tzif_reach_s() answers for both by one rule, the first instant at
 * which the clock shows that time or a later one.  So times that follow each
 * other become instants that do not go back, and spans that meet on the clock
 * meet in truth, without a gap and without an overlap.
 *
 * Pure.  Source: RFC 8536 (3.2 data block, 3.3 footer); POSIX.1-2017, 8.3 (TZ).
 */
#ifndef POLICY_BASE_TZIF_H
#define POLICY_BASE_TZIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

enum {
	TZIF_TIMES_MAX = 4096,
	TZIF_OCTETS_MAX = 1 << 20,  /* of a file */
	TZIF_OFFSET_MIN_S = -89999, /* RFC 8536, 3.2 */
	TZIF_OFFSET_MAX_S = 93599,
};

/* When in a year a rule changes the clock. */
struct tzif_day {
	enum { TZIF_MONTH_DAY, TZIF_JULIAN, TZIF_DAY } kind;
	unsigned month, week; /* MONTH_DAY: week 5 is the last */
	unsigned day;         /* 0 is Sunday; JULIAN: 1..365, no 29 February;
			       * DAY: 0..365 */
	int32_t time_s;       /* of that day by the clock before; may be
			       * outside of it */
};

struct tzif {
	/* Changes, in order: from times[i] on offsets_s[i] is added to UTC. */
	int64_t *times;
	int32_t *offsets_s;
	size_t count;
	int32_t first_s; /* before all of them */
	/* Behind the last. */
	bool has_rule;
	int32_t standard_s, summer_s; /* equal: it does not change any more */
	struct tzif_day begins, ends; /* of summer */
};

/* The zone whose clocks show UTC.  Needs no file. */
struct tzif tzif_utc(void);

/*
 * Reads a file.  What out points to is arena's.  False with err set when it is
 * malformed, of version 1, or has leap seconds.
 */
bool tzif_parse(struct arena *arena, const uint8_t *octets, size_t len,
		struct tzif *out, struct error *err);

/* What is added to UTC at an instant, in seconds since 1970. */
int32_t tzif_offset_s(const struct tzif *tz, int64_t at_s);

/* The first change after an instant; INT64_MAX: none. */
int64_t tzif_next_s(const struct tzif *tz, int64_t at_s);

/*
 * The first instant at which the clock shows local_s (seconds since 1970-01-01
 * 00:00 by that clock) or more; local_s is within 1e11 of 0.
 */
int64_t tzif_reach_s(const struct tzif *tz, int64_t local_s);

#endif
