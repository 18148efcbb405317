/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/civil.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	YEARS = 400,         /* the calendar repeats itself after so many */
	YEARS_DAYS = 146097, /* and these are as many days */
	EPOCH_DAYS = 719468, /* from 0000-03-01 to 1970-01-01 */
	CENTURY_DAYS = 36524,
	LEAP_DAYS = 1461,  /* four years */
	EPOCH_WEEKDAY = 3, /* a Thursday */
};

/* Rounded down. */
static int64_t divided(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years begin in March here, so that what differs is at their end. */
int64_t civil_days(struct civil_date date)
{
	int64_t year = date.year - (date.month <= 2);
	int64_t era = divided(year, YEARS);
	int64_t of_era = year - era * YEARS;
	unsigned month = (date.month + 9) % 12;
	int64_t of_year = (153 * (int64_t)month + 2) / 5 + date.day - 1;

	return era * YEARS_DAYS + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - EPOCH_DAYS;
}

struct civil_date civil_date_of(int64_t days)
{
	int64_t since = days + EPOCH_DAYS;
	int64_t era = divided(since, YEARS_DAYS);
	int64_t of_era = since - era * YEARS_DAYS;
	int64_t year = (of_era - of_era / (LEAP_DAYS - 1) +
			of_era / CENTURY_DAYS - of_era / (YEARS_DAYS - 1)) /
		       365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned month = (unsigned)((5 * of_year + 2) / 153);
	struct civil_date date = {
		.month = month < 10 ? month + 3 : month - 9,
		.day = (unsigned)(of_year - (153 * (int64_t)month + 2) / 5) + 1,
	};

	date.year = year + era * YEARS + (date.month <= 2);
	return date;
}

unsigned civil_weekday(int64_t days)
{
	return (unsigned)(days + EPOCH_WEEKDAY -
			  7 * divided(days + EPOCH_WEEKDAY, 7));
}

unsigned civil_month_days(int64_t year, unsigned month)
{
	const struct civil_date first = { year, month, 1 };
	const struct civil_date next = { month == 12 ? year + 1 : year,
					 month == 12 ? 1 : month + 1, 1 };

	return (unsigned)(civil_days(next) - civil_days(first));
}

int64_t civil_day_of(int64_t seconds)
{
	return divided(seconds, CIVIL_DAY_S);
}

/* So many digits, which are passed over; what is between does not matter when
 * ok is false. */
static unsigned digits(const char **at, unsigned count, bool *ok)
{
	unsigned value = 0;

	for (; *ok && count > 0; count--, (*at)++) {
		*ok = **at >= '0' && **at <= '9';
		value = value * 10 + (unsigned)(**at - '0');
	}
	return value;
}

static void letter(const char **at, const char *one_of, bool *ok)
{
	*ok = *ok && **at != '\0' && strchr(one_of, **at) != NULL;
	*at += *ok;
}

/* East of Greenwich, in seconds. */
static int64_t parse_offset(const char **at, bool *ok)
{
	int64_t sign = **at == '-' ? -1 : 1;
	unsigned hours, minutes;

	if (**at == 'Z' || **at == 'z') {
		(*at)++;
		return 0;
	}
	letter(at, "+-", ok);
	hours = digits(at, 2, ok);
	letter(at, ":", ok);
	minutes = digits(at, 2, ok);
	*ok = *ok && hours < 24 && minutes < 60;
	return sign * (int64_t)(hours * 3600 + minutes * 60);
}

bool civil_parse(const char *text, int64_t *seconds)
{
	const char *at = text;
	unsigned hours, minutes, rest = 0;
	struct civil_date date;
	int64_t offset;
	bool ok = true;

	date.year = digits(&at, 4, &ok);
	letter(&at, "-", &ok);
	date.month = digits(&at, 2, &ok);
	letter(&at, "-", &ok);
	date.day = digits(&at, 2, &ok);
	letter(&at, "Tt ", &ok);
	hours = digits(&at, 2, &ok);
	letter(&at, ":", &ok);
	minutes = digits(&at, 2, &ok);
	if (ok && *at == ':') {
		at++;
		rest = digits(&at, 2, &ok);
	}
	offset = ok ? parse_offset(&at, &ok) : 0;
	if (!ok || *at != '\0' || date.month < 1 || date.month > 12 ||
	    date.day < 1 ||
	    date.day > civil_month_days(date.year, date.month) || hours > 23 ||
	    minutes > 59 || rest > 59)
		return false;
	*seconds = civil_days(date) * CIVIL_DAY_S + hours * 3600 +
		   minutes * 60 + rest - offset;
	return true;
}

const char *civil_text(int64_t seconds, char buf[CIVIL_TEXT_SIZE])
{
	int64_t day = civil_day_of(seconds);
	const struct civil_date date = civil_date_of(day);
	int rest = (int)(seconds - day * CIVIL_DAY_S);

	snprintf(buf, CIVIL_TEXT_SIZE,
		 "%04" PRId64 "-%02u-%02uT%02d:%02d:%02dZ", date.year,
		 date.month, date.day, rest / 3600, rest / 60 % 60, rest % 60);
	return buf;
}
