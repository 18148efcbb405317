/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tzif, civil: files of the time zone database, from tests/data/zoneinfo, held
 * against what the C library makes of them.
 */
#include "policy/base/tzif.h"

#include "policy/base/arena.h"
#include "policy/base/civil.h"
#include "policy/base/error.h"
#include "zone_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static int64_t instant(const char *text)
{
	int64_t at_s;

	if (!civil_parse(text, &at_s))
		fail_msg("%s", text);
	return at_s;
}

/* clang-format off */
/* What a clock shows (as if it were UTC), and when it does so first. */
static const struct reach_row {
	const char *zone, *shows, *at;
} reaches[] = {
	{ "Berlin", "2026-01-01T12:00Z", "2026-01-01T11:00Z" },
	{ "Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z" },
	{ "Berlin", "2026-03-29T02:00Z", "2026-03-29T01:00Z" }, /* skipped */
	{ "Berlin", "2026-03-29T02:30Z", "2026-03-29T01:00Z" }, /* skipped */
	{ "Berlin", "2026-03-29T03:00Z", "2026-03-29T01:00Z" },
	{ "Berlin", "2026-03-29T03:01Z", "2026-03-29T01:01Z" },
	{ "Berlin", "2026-10-25T02:30Z", "2026-10-25T00:30Z" }, /* twice */
	{ "Berlin", "2026-10-25T03:00Z", "2026-10-25T02:00Z" },
	{ "Berlin", "2037-03-29T02:30Z", "2037-03-29T01:00Z" }, /* the last listed */
	{ "Berlin", "2461-03-27T02:30Z", "2461-03-27T01:00Z" }, /* by the rule */
	{ "Berlin", "2461-10-30T02:30Z", "2461-10-30T00:30Z" },
	{ "Berlin", "1800-01-01T00:00Z", "1799-12-31T23:06:32Z" }, /* local mean time */
	{ "New_York", "2026-03-08T02:30Z", "2026-03-08T07:00Z" },
	{ "New_York", "2026-11-01T01:30Z", "2026-11-01T05:30Z" },
	{ "New_York", "2026-11-01T02:00Z", "2026-11-01T07:00Z" },
	{ "Lord_Howe", "2026-04-05T01:45Z", "2026-04-04T14:45Z" }, /* half an hour, twice */
	{ "Lord_Howe", "2026-04-05T02:00Z", "2026-04-04T15:30Z" },
	{ "Lord_Howe", "2026-10-04T02:15Z", "2026-10-03T15:30Z" }, /* and skipped */
	{ "Lord_Howe", "2026-10-04T02:30Z", "2026-10-03T15:30Z" },
	{ "Casablanca", "2026-02-15T02:30Z", "2026-02-15T01:30Z" }, /* Ramadan: set back */
	{ "Casablanca", "2026-03-22T02:30Z", "2026-03-22T02:00Z" },
	{ "Casablanca", "2026-06-01T12:00Z", "2026-06-01T11:00Z" },
	{ "UTC", "2026-03-29T02:30Z", "2026-03-29T02:30Z" },
};

/* The changes after an instant. */
static const struct next_row {
	const char *zone, *after, *next; /* NULL: none */
} nexts[] = {
	{ "Berlin", "2026-01-01T00:00Z", "2026-03-29T01:00Z" },
	{ "Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:00Z" },
	{ "Berlin", "2026-03-29T01:00Z", "2026-10-25T01:00Z" },
	{ "Berlin", "2036-12-01T00:00Z", "2037-03-29T01:00Z" },
	{ "Berlin", "2037-12-01T00:00Z", "2038-03-28T01:00Z" },
	{ "Berlin", "2460-12-31T23:30Z", "2461-03-27T01:00Z" },
	{ "New_York", "2026-06-01T00:00Z", "2026-11-01T06:00Z" },
	{ "Lord_Howe", "2026-12-31T00:00Z", "2027-04-03T15:00Z" },
	{ "Casablanca", "2026-01-01T00:00Z", "2026-02-15T02:00Z" },
	{ "Casablanca", "2087-12-01T00:00Z", NULL },
	{ "UTC", "2026-01-01T00:00Z", NULL },
};
/* clang-format on */

static void test_reach(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(reaches) / sizeof(reaches[0]); i++) {
		const struct reach_row *row = &reaches[i];
		const struct tzif *tz = zone_file(arena, row->zone);
		int64_t got_s = tzif_reach_s(tz, instant(row->shows));
		char text[CIVIL_TEXT_SIZE];

		if (got_s != instant(row->at))
			fail_msg("%s %s: %s", row->zone, row->shows,
				 civil_text(got_s, text));
	}
	arena_free(arena);
}

static void test_next(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		const struct next_row *row = &nexts[i];
		const struct tzif *tz = zone_file(arena, row->zone);
		int64_t got_s = tzif_next_s(tz, instant(row->after));
		int64_t want_s =
			row->next == NULL ? INT64_MAX : instant(row->next);

		if (got_s != want_s)
			fail_msg("%s after %s: %lld", row->zone, row->after,
				 (long long)got_s);
	}
	arena_free(arena);
}

/* From 1850 to 2600, every 40 hours or so, the C library's clock agrees. */
static void test_as_the_library(void **state)
{
	static const char *const zones[] = { "Berlin", "New_York", "Lord_Howe",
					     "Casablanca" };
	struct arena *arena = arena_new();
	char path[4096];

	(void)state;
	for (size_t z = 0; z < 4; z++) {
		const struct tzif *tz = zone_file(arena, zones[z]);

		path[0] = ':';
		zone_file_path(zones[z], path + 1, sizeof(path) - 1);
		setenv("TZ", path, 1);
		tzset();
		for (int64_t at_s = instant("1850-01-01T00:00Z");
		     at_s < instant("2600-01-01T00:00Z"); at_s += 143999) {
			time_t at = (time_t)at_s;
			struct tm tm;

			assert_non_null(localtime_r(&at, &tm));
			if (tzif_offset_s(tz, at_s) != tm.tm_gmtoff)
				fail_msg("%s at %lld: %d, not %ld", zones[z],
					 (long long)at_s,
					 tzif_offset_s(tz, at_s), tm.tm_gmtoff);
		}
	}
	arena_free(arena);
}

/* clang-format off */
/* Rules of footers: put into a file without changes. */
static const struct rule_row {
	const char *footer, *at;
	int32_t offset_s; /* INT32_MIN: the file is refused */
} rules[] = {
	{ "UTC0", "2026-01-01T00:00Z", 0 },
	{ "", "2026-01-01T00:00Z", 7200 }, /* no rule: as its one type */
	{ "<-03>3", "2026-01-01T00:00Z", -10800 },
	{ "IST-5:30", "2026-01-01T00:00Z", 19800 },
	{ "X-0:00:01", "2026-01-01T00:00Z", INT32_MIN },
	{ "ABC-0:00:01", "2026-01-01T00:00Z", 1 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01T00:00Z", 7200 },
	{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00Z", 0 }, /* Dublin's way */
	{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00Z", 3600 },
	{ "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00Z", 10800 }, /* Gaza's */
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200 }, /* Nuuk's */
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00Z", -3600 },
	{ "AAA0BBB,J60,J365/23", "2028-02-29T12:00Z", 0 },   /* J60 is 1 March */
	{ "AAA0BBB,J60,J365/23", "2028-03-01T12:00Z", 3600 },
	{ "AAA0BBB,59,364", "2028-02-29T12:00Z", 3600 },     /* 59 is 29 February */
	{ "XXX3EDT4,0/0,J365/23", "2026-06-01T00:00Z", -14400 }, /* always summer */
	{ "CET-1CEST", "2026-01-01T00:00Z", INT32_MIN },
	{ "CET-1CEST,M13.1.0,M10.5.0", "2026-01-01T00:00Z", INT32_MIN },
	{ "CET-1CEST,M3.6.0,M10.5.0", "2026-01-01T00:00Z", INT32_MIN },
	{ "CET-1CEST,M3.5.7,M10.5.0", "2026-01-01T00:00Z", INT32_MIN },
	{ "CET-1CEST,M3.5.0,M10.5.0/168", "2026-01-01T00:00Z", INT32_MIN },
	{ "CET-25", "2026-01-01T00:00Z", INT32_MIN },
	{ "CET-1 ", "2026-01-01T00:00Z", INT32_MIN },
	{ "<+01-1", "2026-01-01T00:00Z", INT32_MIN },
	{ "CET-1\nCET-1", "2026-01-01T00:00Z", INT32_MIN },
};
/* clang-format on */

enum { HEADER = 44, SMALL_MAX = 256 };

static size_t put_header(uint8_t *at, char version, uint8_t times)
{
	memset(at, 0, HEADER);
	memcpy(at, "TZif", 4);
	at[4] = (uint8_t)version;
	at[32 + 3] = times;
	at[36 + 3] = 1; /* a type */
	at[40 + 3] = 1; /* a character */
	return HEADER;
}

/* A file of one type, two hours east, with such a footer. */
static size_t small_file(uint8_t octets[SMALL_MAX], const char *footer)
{
	static const uint8_t type[7] = {
		0, 0, 7200 >> 8, 7200 & 0xff, 0, 0, 0
	};
	size_t len = put_header(octets, '2', 0);

	memcpy(octets + len, type, sizeof(type));
	len += sizeof(type);
	len += put_header(octets + len, '2', 0);
	memcpy(octets + len, type, sizeof(type));
	len += sizeof(type);
	return len + (size_t)snprintf((char *)octets + len, SMALL_MAX - len,
				      "\n%s\n", footer);
}

static void test_rules(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		uint8_t octets[SMALL_MAX];
		size_t len = small_file(octets, rules[i].footer);
		struct tzif tz;
		struct error err;
		int32_t got_s = INT32_MIN;

		if (tzif_parse(arena, octets, len, &tz, &err))
			got_s = tzif_offset_s(&tz, instant(rules[i].at));
		if (got_s != rules[i].offset_s)
			fail_msg("%s at %s: %d", rules[i].footer, rules[i].at,
				 got_s);
	}
	arena_free(arena);
}

/* Cut anywhere, or with any octet of its head changed, it does no harm. */
static void test_damaged(void **state)
{
	struct arena *arena = arena_new();
	uint8_t octets[SMALL_MAX];
	size_t len = small_file(octets, "UTC0");
	struct tzif tz;
	struct error err;

	(void)state;
	assert_true(tzif_parse(arena, octets, len, &tz, &err));
	for (size_t cut = 0; cut < len; cut++)
		assert_false(tzif_parse(arena, octets, cut, &tz, &err));
	octets[4] = 0;
	assert_false(tzif_parse(arena, octets, len, &tz, &err));
	assert_non_null(strstr(err.text, "version 2"));
	octets[4] = '2';
	octets[HEADER + 7 + 28 + 3] = 1;
	assert_false(tzif_parse(arena, octets, len, &tz, &err));
	assert_non_null(strstr(err.text, "leap seconds"));
	arena_free(arena);
}

/* clang-format off */
static const struct civil_row {
	const char *text, *back; /* NULL: it is none */
} civils[] = {
	{ "1970-01-01T00:00Z", "1970-01-01T00:00:00Z" },
	{ "2026-07-06T09:30:15Z", "2026-07-06T09:30:15Z" },
	{ "2026-07-06t09:30z", "2026-07-06T09:30:00Z" },
	{ "2026-07-06 09:30+02:00", "2026-07-06T07:30:00Z" },
	{ "2024-02-29T00:00-05:30", "2024-02-29T05:30:00Z" },
	{ "2000-02-29T00:00Z", "2000-02-29T00:00:00Z" },
	{ "0001-03-01T00:00Z", "0001-03-01T00:00:00Z" },
	{ "2100-02-29T00:00Z", NULL },
	{ "2026-02-30T00:00Z", NULL },
	{ "2026-13-01T00:00Z", NULL },
	{ "2026-00-01T00:00Z", NULL },
	{ "2026-01-00T00:00Z", NULL },
	{ "2026-01-01T24:00Z", NULL },
	{ "2026-01-01T00:60Z", NULL },
	{ "2026-01-01T00:00", NULL },
	{ "2026-01-01T00:00+24:00", NULL },
	{ "2026-01-01T00:00Zz", NULL },
	{ "2026-1-01T00:00Z", NULL },
	{ "", NULL },
};
/* clang-format on */

static void test_civil(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(civils) / sizeof(civils[0]); i++) {
		const struct civil_row *row = &civils[i];
		char text[CIVIL_TEXT_SIZE] = "";
		int64_t at_s;

		if (civil_parse(row->text, &at_s))
			civil_text(at_s, text);
		if (strcmp(text, row->back == NULL ? "" : row->back) != 0)
			fail_msg("%s: %s", row->text, text);
	}
	for (int64_t day = -800000; day < 800000; day += 7) {
		const struct civil_date date = civil_date_of(day);

		assert_int_equal(civil_days(date), day);
		/* 1970-01-05 was a Monday. */
		assert_int_equal(civil_weekday(day),
				 (unsigned)((day % 7 + 10) % 7));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_as_the_library),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_civil),
	};

	return cmocka_run_group_tests_name("tzif", tests, NULL, NULL);
}
