/* SPDX-License-Identifier: Apache-2.0 */
/* tally: what is told of users' measurements, when, and for how long; the rate
 * at which a network may send. */
#include "steering/tally.h"

#include "policy/base/hash.h"
#include "steering/rum_rate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct minutes {
	struct tally tally;
	int64_t now_ms;
	unsigned moves; /* turns that said that something is told anew */
};

/* So many samples from so many networks. */
static void add(struct minutes *m, float ms, unsigned samples, unsigned sources)
{
	struct tally_sample sample = { "eu", 71, 86, ms, 0 };

	for (unsigned i = 0; i < samples; i++) {
		sample.source = i % sources;
		assert_true(tally_add(&m->tally, &sample));
	}
}

static void turn(struct minutes *m)
{
	m->now_ms += TALLY_TURN_MS;
	m->moves += tally_turn(&m->tally, m->now_ms);
}

static double told_ms(const struct minutes *m)
{
	return m->tally.told_count == 0 ? 0 : m->tally.told[0].ms;
}

/* clang-format off */
static const struct enough_row {
	const char *title;
	unsigned samples, sources;
	bool told;
} enough[] = {
	{ "none",                       0,   1,  false },
	{ "too few samples",            49,  20, false },
	{ "enough of both",             50,  40, true },
	{ "too few networks",           500, 4,  false },
};
/* clang-format on */

static void test_told_when_enough_measured(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(enough) / sizeof(enough[0]); i++) {
		struct minutes m = { .now_ms = 1000 };

		add(&m, 40, enough[i].samples, enough[i].sources);
		turn(&m);
		if ((told_ms(&m) > 0) != enough[i].told ||
		    m.moves != enough[i].told)
			fail_msg("%s: %f", enough[i].title, told_ms(&m));
		if (enough[i].told) {
			assert_true(fabs(told_ms(&m) - 40) < 40 / 16.0);
			assert_int_equal(m.tally.told[0].samples,
					 enough[i].samples);
			assert_string_equal(m.tally.told[0].region, "eu");
			assert_int_equal(m.tally.told[0].cell_lat, 71);
		}
		tally_fini(&m.tally);
	}
}

/* As fresh samples come in at a steady rate, so that the median follows. */
static void test_moves_once_with_a_change_that_lasts(void **state)
{
	struct minutes m = { .now_ms = 1000 };

	(void)state;
	add(&m, 40, 500, 40);
	turn(&m);
	assert_int_equal(m.moves, 1);
	for (unsigned i = 0; i < 20; i++) {
		add(&m, i % 2 == 0 ? 36 : 45, 100, 40);
		turn(&m);
	}
	assert_int_equal(m.moves, 1); /* within the margin */
	for (unsigned i = 0; i < 20; i++) {
		add(&m, 80, 200, 40);
		turn(&m);
	}
	assert_int_equal(m.moves, 2);
	assert_true(fabs(told_ms(&m) - 80) < 80 / 16.0);
	tally_fini(&m.tally);
}

static void test_one_turn_is_no_change(void **state)
{
	struct minutes m = { .now_ms = 1000 };

	(void)state;
	add(&m, 40, 60, 40);
	turn(&m);
	add(&m, 90, 100, 40);
	turn(&m);
	add(&m, 40, 200, 40);
	turn(&m);
	turn(&m);
	assert_int_equal(m.moves, 1);
	tally_fini(&m.tally);
}

/* A turn is a minute, however often one asks. */
static void test_turns_are_a_minute(void **state)
{
	struct minutes m = { .now_ms = 1000 };

	(void)state;
	turn(&m);
	add(&m, 40, 60, 40);
	assert_false(tally_turn(&m.tally, m.now_ms + TALLY_TURN_MS - 1));
	assert_true(tally_turn(&m.tally, m.now_ms + TALLY_TURN_MS));
	tally_fini(&m.tally);
}

/* 60 samples are 30 after half an hour, 15 after one: too few, then nothing. */
static void test_fades(void **state)
{
	struct minutes m = { .now_ms = 1000 };
	unsigned told = 0;

	(void)state;
	add(&m, 40, 60, 40);
	for (unsigned i = 0; i < 10 * TALLY_FADE_TURNS; i++) {
		turn(&m);
		told += told_ms(&m) > 0;
	}
	assert_int_equal(told, 2 * TALLY_FADE_TURNS - 1);
	assert_int_equal(m.moves, 2);
	assert_int_equal(m.tally.count, 0);
	tally_fini(&m.tally);
}

/* A new leader tells what the one before told, for half an hour at most. */
static void test_goes_on_from_a_plan(void **state)
{
	struct plan_rum rum = { "eu", 71, 86, 40, 60 };
	const struct plan plan = { .rum = &rum, .rum_count = 1 };
	struct minutes m = { .now_ms = 1000 };

	(void)state;
	tally_adopt(&m.tally, NULL);
	tally_adopt(&m.tally, &plan);
	assert_true(told_ms(&m) == 40);
	for (int i = 1; i < TALLY_FADE_TURNS; i++)
		turn(&m);
	assert_true(told_ms(&m) == 40);
	turn(&m);
	assert_true(told_ms(&m) == 0);
	tally_fini(&m.tally);
}

/* It led before, and another has since: what that told is the newer.  Then it
 * moves as ever. */
static void test_comes_back_to_what_another_told(void **state)
{
	struct plan_rum rum = { "eu", 71, 86, 40, 60 };
	const struct plan plan = { .rum = &rum, .rum_count = 1 };
	const struct plan nothing = { .rum_count = 0 };
	struct minutes m = { .now_ms = 1000 };

	(void)state;
	add(&m, 90, 500, 40);
	turn(&m);
	tally_adopt(&m.tally, &plan);
	assert_true(told_ms(&m) == 40);
	turn(&m);
	assert_true(told_ms(&m) == 40);
	turn(&m);
	assert_true(told_ms(&m) > 80);
	tally_adopt(&m.tally, &nothing);
	assert_true(told_ms(&m) == 0);
	tally_adopt(&m.tally, NULL);
	turn(&m);
	assert_true(told_ms(&m) > 80);
	tally_fini(&m.tally);
}

/* However much they send. */
static void test_a_few_networks_decide_nothing(void **state)
{
	struct minutes m = { .now_ms = 1000 };

	(void)state;
	add(&m, 40, 60, 40);
	turn(&m);
	for (int i = 0; i < TALLY_FADE_TURNS; i++) {
		add(&m, 300, 500, 1);
		turn(&m);
	}
	assert_int_equal(m.moves, 1);
	assert_true(fabs(told_ms(&m) - 40) < 40 / 16.0);
	tally_fini(&m.tally);
}

/* Told by the one before, and nobody here but a few: nothing moves. */
static void test_a_few_networks_move_nothing_adopted(void **state)
{
	struct plan_rum rum = { "eu", 71, 86, 40, 60 };
	const struct plan plan = { .rum = &rum, .rum_count = 1 };
	struct minutes m = { .now_ms = 1000 };

	(void)state;
	tally_adopt(&m.tally, &plan);
	for (int i = 0; i < 10; i++) {
		add(&m, 300, 500, 4);
		turn(&m);
	}
	assert_true(told_ms(&m) == 40);
	tally_fini(&m.tally);
}

/* All of many users do move it, where there are more samples in half an hour
 * than a histogram holds. */
static void test_many_are_followed(void **state)
{
	struct minutes m = { .now_ms = 1000 };

	(void)state;
	for (int i = 0; i < TALLY_FADE_TURNS; i++) {
		add(&m, 40, 400, 40);
		turn(&m);
	}
	for (int i = 0; i < 6; i++) {
		add(&m, 80, 400, 40);
		turn(&m);
	}
	assert_int_equal(m.moves, 2);
	assert_true(fabs(told_ms(&m) - 80) < 80 / 16.0);
	tally_fini(&m.tally);
}

static void test_room_has_an_end(void **state)
{
	struct tally tally = { .count = 0 };
	struct tally_sample sample = { "eu", 0, 0, 40, 0 };

	(void)state;
	for (int i = 0; i < TALLY_MAX; i++) {
		sample.cell_lat = (int16_t)(i / 180);
		sample.cell_lon = (int16_t)(i % 180);
		assert_true(tally_add(&tally, &sample));
	}
	assert_true(tally_add(&tally, &sample));
	sample.region = "us";
	assert_false(tally_add(&tally, &sample));
	assert_int_equal(tally.count, TALLY_MAX);
	tally_fini(&tally);
}

static void test_rate_of_a_network(void **state)
{
	struct rum_rate *rate = calloc(1, sizeof(*rate));
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		taken += rum_rate_take(rate, 7, 5000);
	assert_int_equal(taken, RUM_RATE_BURST);
	assert_true(rum_rate_take(rate, 8, 5000));
	assert_false(rum_rate_take(rate, 7, 5000 + RUM_RATE_REFILL_MS - 1));
	assert_true(rum_rate_take(rate, 7, 5000 + RUM_RATE_REFILL_MS));
	assert_false(rum_rate_take(rate, 7, 5000 + RUM_RATE_REFILL_MS));
	taken = 0;
	for (int i = 0; i < 100; i++)
		taken += rum_rate_take(rate, 7, 3600000);
	assert_int_equal(taken, RUM_RATE_BURST);
	free(rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_when_enough_measured),
		cmocka_unit_test(test_moves_once_with_a_change_that_lasts),
		cmocka_unit_test(test_one_turn_is_no_change),
		cmocka_unit_test(test_turns_are_a_minute),
		cmocka_unit_test(test_fades),
		cmocka_unit_test(test_goes_on_from_a_plan),
		cmocka_unit_test(test_comes_back_to_what_another_told),
		cmocka_unit_test(test_a_few_networks_decide_nothing),
		cmocka_unit_test(test_a_few_networks_move_nothing_adopted),
		cmocka_unit_test(test_many_are_followed),
		cmocka_unit_test(test_room_has_an_end),
		cmocka_unit_test(test_rate_of_a_network),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
