/* SPDX-License-Identifier: Apache-2.0 */
/* schedule and suspicion: probes spread, never bunch; a blinded vantage doubts
 * itself, one that sees one endpoint die does not. */
#include "health/schedule.h"
#include "health/suspicion.h"

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

/* clang-format off */
/*
 * Of targets probes, one begins to fail at each time of fails (ms/100), and
 * then some recover one by one at recovers.
 */
static const struct doubt_row {
	const char *title;
	size_t targets;
	int fails[8];    /* -1 ends */
	int recovers[8]; /* -1 ends; in the order they failed */
	int at;          /* judged at this time, ms/100 */
	bool mistrusts;
} doubts[] = {
	{ "nothing fails",             6, { -1 }, { -1 }, 10, false },
	{ "one of six",                6, { 1, -1 }, { -1 }, 10, false },
	{ "three of six",              6, { 1, 1, 2, -1 }, { -1 }, 10, false },
	{ "four of six at once",       6, { 1, 2, 2, 3, -1 }, { -1 }, 10, true },
	{ "all three of three",        3, { 1, 1, 1, -1 }, { -1 }, 10, false },
	{ "four of eight: a half",     8, { 1, 2, 3, 4, -1 }, { -1 }, 10, false },
	{ "five of eight",             8, { 1, 2, 3, 4, 5, -1 }, { -1 }, 10, true },
	{ "one after the other",       6, { 1, 70, 140, 210, 280, -1 }, { -1 },
	  290, false },
	{ "recovered before judging",  6, { 1, 2, 2, 3, -1 }, { 5, -1 }, 10,
	  false },
	{ "recovery to a half ends it", 6, { 1, 2, 2, 3, -1 }, { 50, -1 }, 60,
	  false },
	{ "less than that does not",   6, { 1, 1, 2, 2, 3, -1 }, { 50, -1 }, 60,
	  true },
	{ "still within the hold",     6, { 1, 2, 2, 3, -1 }, { -1 }, 609, true },
	{ "the hold ends",             6, { 1, 2, 2, 3, -1 }, { -1 }, 610, false },
};
/* clang-format on */

static void play_doubt(const struct doubt_row *row, struct suspicion *s)
{
	size_t failed = 0, recovered = 0;

	for (int t = 0; t <= row->at; t++) {
		while (row->fails[failed] == t) {
			suspicion_fail(s, t * 100);
			failed++;
		}
		while (row->recovers[recovered] == t) {
			suspicion_recover(s, row->fails[recovered] * 100,
					  t * 100);
			recovered++;
		}
		if (t % 10 == 0 || t == row->at)
			suspicion_judge(s, row->targets, t * 100);
	}
}

static void test_doubts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		struct suspicion s = { .window_ms = 6000 };

		play_doubt(&doubts[i], &s);
		if (s.mistrusts != doubts[i].mistrusts)
			fail_msg("%s: mistrusts %d", doubts[i].title,
				 s.mistrusts);
	}
}

/* After the hold the same failures do not start it again. */
static void test_no_second_hold(void **state)
{
	struct suspicion s = { .window_ms = 6000 };
	unsigned changes = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		suspicion_fail(&s, 5000000 + i);
	for (int64_t t = 0; t < 600000; t += 100)
		changes += suspicion_judge(&s, 5, 5000100 + t);
	assert_int_equal(changes, 2);
	assert_false(s.mistrusts);
	for (int i = 0; i < 5; i++)
		suspicion_recover(&s, 5000000 + i, 5700000);
	assert_int_equal(s.failing, 0);
}

/* clang-format off */
static const struct look_row {
	const char *title;
	size_t targets;
	unsigned failing;
	bool looks;
} looks[] = {
	{ "nothing fails",         6,    0,   false },
	{ "one of six",            6,    1,   true },
	{ "one of a hundred",      100,  1,   false },
	{ "an eighth of a hundred", 100, 12,  true },
	{ "an eighth of a thousand", 1000, 125, true },
	{ "less than that",        1000, 124, false },
};
/* clang-format on */

static void test_looks_around_once_a_window(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		const struct look_row *row = &looks[i];
		struct suspicion s = { .window_ms = 6000 };

		for (unsigned f = 0; f < row->failing; f++)
			suspicion_fail(&s, 1000);
		if (suspicion_look(&s, row->targets, 1000) != row->looks)
			fail_msg("%s", row->title);
		assert_false(suspicion_look(&s, row->targets, 1001));
		/* A later window with a failure of its own may look again. */
		suspicion_fail(&s, 7100);
		assert_int_equal(suspicion_look(&s, row->targets, 7100),
				 row->targets == 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_starts_spread),
		cmocka_unit_test(test_next_slots),
		cmocka_unit_test(test_confirm_is_never_later_than_the_slot),
		cmocka_unit_test(test_no_overlap_and_no_drift),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_no_second_hold),
		cmocka_unit_test(test_looks_around_once_a_window),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
