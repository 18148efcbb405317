/* SPDX-License-Identifier: Apache-2.0 */
/*
 * civil -- days of the Gregorian calendar as numbers, and back; instants as
 * people write them.  Days are counted from 1970-01-01, seconds from its
 * beginning, without leap seconds.  Pure.
 */
#ifndef POLICY_BASE_CIVIL_H
#define POLICY_BASE_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CIVIL_DAY_S = 86400,
	CIVIL_MONDAY = 0, /* of weekdays */
	CIVIL_SUNDAY = 6,
	CIVIL_TEXT_SIZE = 32,
};

struct civil_date {
	int64_t year;
	unsigned month, day; /* from 1 */
};

/* Of a date that there is; the year is within +-1e9. */
int64_t civil_days(struct civil_date date);

struct civil_date civil_date_of(int64_t days);

/* CIVIL_MONDAY to CIVIL_SUNDAY. */
unsigned civil_weekday(int64_t days);

unsigned civil_month_days(int64_t year, unsigned month);

/* The day that a second is in: rounded down, before 1970 too. */
int64_t civil_day_of(int64_t seconds);

/*
 * "2026-07-06T09:30Z", with seconds or without, with "Z" or an offset like
 * +02:00 (RFC 3339, 5.6).  False when text is no such instant.
 */
bool civil_parse(const char *text, int64_t *seconds);

/* As UTC, "2026-07-06T09:30:00Z", into buf, which is returned. */
const char *civil_text(int64_t seconds, char buf[CIVIL_TEXT_SIZE]);

#endif
