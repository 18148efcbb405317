/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: probes spread and never bunch. */
#include "health/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void test_first_starts_spread(void **state)
{
	enum { KEYS = 2000, PARTS = 20, INTERVAL_MS = 5000 };
	unsigned parts[PARTS] = { 0 };

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		char key[64];
		struct schedule s;
		int64_t start_ms;

		snprintf(key, sizeof(key), "web https 192.0.2.%d 443 h%d",
			 i % 256, i);
		s = schedule_init(key, INTERVAL_MS, 700);
		start_ms = schedule_next(&s, 699, 0) - 700;
		assert_in_range(start_ms, 0, INTERVAL_MS - 1);
		parts[start_ms * PARTS / INTERVAL_MS]++;
	}
	/* 100 expected in each, deviation 10: five of them. */
	for (int i = 0; i < PARTS; i++)
		assert_in_range(parts[i], 50, 150);
}

/* Slots at 1000, 3000, 5000...; jitter up to 200. */
/* clang-format off */
static const struct next_row {
	const char *title;
	int64_t now_ms;
	uint32_t draw;
	int64_t next_ms;
} nexts[] = {
	{ "before the anchor",       0,    0,          1000 },
	{ "at the anchor",           1000, 0,          3000 },
	{ "just before a slot",      2999, 0,          3000 },
	{ "at a slot: the one after", 3000, 0,         5000 },
	{ "slept through ten slots", 22500, 0,         23000 },
	{ "jitter goes forward",     1001, 1u << 31,   3100 },
	{ "by a tenth at most",      1001, UINT32_MAX, 3199 },
};
/* clang-format on */

static void test_next_slots(void **state)
{
	const struct schedule s = { .anchor_ms = 1000, .interval_ms = 2000 };

	(void)state;
	for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		int64_t got = schedule_next(&s, nexts[i].now_ms, nexts[i].draw);

		if (got != nexts[i].next_ms)
			fail_msg("%s: %ld", nexts[i].title, (long)got);
	}
}

static void test_confirm_is_never_later_than_the_slot(void **state)
{
	const struct schedule s = { .anchor_ms = 1000, .interval_ms = 2000 };

	(void)state;
	assert_int_equal(schedule_confirm(&s, 1200, 500, 0), 1700);
	assert_int_equal(schedule_confirm(&s, 2900, 500, 0), 3000);
	assert_int_equal(schedule_confirm(&s, 1200, 60000, 0), 3000);
}

/* Whatever a probe takes, it starts after it ended and keeps to its slots. */
static void test_no_overlap_and_no_drift(void **state)
{
	const struct schedule s = { .anchor_ms = 300, .interval_ms = 1000 };
	int64_t now_ms = 0, ended_ms = -1;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		int64_t start_ms =
			schedule_next(&s, now_ms, i * UINT32_C(2654435761));
		int64_t phase_ms = (start_ms - 300) % 1000;

		assert_true(start_ms > ended_ms);
		assert_in_range(phase_ms, 0, 99);
		assert_true(start_ms - now_ms <= 1100);
		now_ms = ended_ms = start_ms + (int64_t)(i * 37 % 2500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_starts_spread),
		cmocka_unit_test(test_next_slots),
		cmocka_unit_test(test_confirm_is_never_later_than_the_slot),
		cmocka_unit_test(test_no_overlap_and_no_drift),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
