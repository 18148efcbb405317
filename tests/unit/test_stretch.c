/* SPDX-License-Identifier: Apache-2.0 */
/* stretch: what a vantage's measurements say of the ways around it. */
#include "health/stretch.h"
#include "policy/base/hash.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { POINTS = 6 };

/* clang-format off */
static const struct fit_row {
	const char *title;
	struct stretch_point points[POINTS];
	size_t count;
	double fit;
} fits[] = {
	{ "nothing",                       { { 0, 0 } }, 0, 0 },
	{ "two places are too few",        { { 10, 16 }, { 20, 32 } }, 2, 0 },
	{ "three that agree",              { { 10, 16 }, { 20, 32 }, { 50, 80 } }, 3, 1.6 },
	{ "one that was never measured",   { { 10, 16 }, { 20, 32 }, { 50, 0 } }, 3, 0 },
	{ "near ones say nothing",         { { 2.9, 29 }, { 0, 5 }, { 20, 32 }, { 40, 64 } }, 4, 0 },
	{ "the nearest that does",         { { 3, 4.8 }, { 20, 32 }, { 40, 64 } }, 3, 1.6 },
	{ "faster than light: elsewhere",  { { 80, 5 }, { 10, 16 }, { 20, 32 }, { 40, 64 } }, 4, 1.6 },
	{ "a detour",                      { { 10, 90 }, { 20, 32 }, { 40, 64 }, { 41, 65.6 } }, 4, 1.6 },
	{ "far ones count for more",       { { 5, 20 }, { 6, 24 }, { 7, 28 }, { 100, 150 } }, 4, 1.5 },
	{ "the middle one",                { { 10, 20 }, { 10, 15 }, { 10, 30 } }, 3, 2 },
	{ "of an even number the lower",   { { 10, 20 }, { 10, 15 }, { 10, 30 }, { 10, 25 } }, 4, 2 },
	{ "bounded",                       { { 10, 90 }, { 20, 180 }, { 40, 400 } }, 3, STRETCH_MAX },
};
/* clang-format on */

static void test_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++) {
		struct stretch_point points[POINTS];
		double fit;

		for (size_t k = 0; k < POINTS; k++)
			points[k] = fits[i].points[k];
		fit = stretch_fit(points, fits[i].count);
		if (fabs(fit - fits[i].fit) > 1e-9)
			fail_msg("%s: %f", fits[i].title, fit);
	}
}

/* No other value has less absolute deviation; order does not matter. */
static void test_is_the_least_deviation(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 500; seed++) {
		struct stretch_point points[POINTS], turned[POINTS];
		double fit, at_fit = 0;

		for (uint64_t k = 0; k < POINTS; k++) {
			uint64_t draw = hash_mix(seed * POINTS + k);

			points[k].light_ms = 3 + (double)(draw % 100);
			points[k].rtt_ms =
				points[k].light_ms *
				(1 + (double)(draw >> 32 & 255) / 90);
			turned[POINTS - 1 - k] = points[k];
		}
		fit = stretch_fit(points, POINTS);
		assert_true(fit == stretch_fit(turned, POINTS));
		for (size_t k = 0; k < POINTS; k++)
			at_fit += fabs(points[k].rtt_ms -
				       fit * points[k].light_ms);
		for (double other = 1; other < STRETCH_MAX; other += 0.01) {
			double sum = 0;

			for (size_t k = 0; k < POINTS; k++)
				sum += fabs(points[k].rtt_ms -
					    other * points[k].light_ms);
			assert_true(sum > at_fit - 1e-6);
		}
	}
}

/* clang-format off */
static const struct step_row {
	const char *title;
	double reported, fit, next;
} steps[] = {
	{ "none yet",            0,   0,   0 },
	{ "the first",           0,   1.6, 1.6 },
	{ "within a tenth",      1.6, 1.7, 1.6 },
	{ "beyond it",           1.6, 1.8, 1.8 },
	{ "downwards",           2,   1.7, 1.7 },
	{ "too few points now",  2,   0,   2 },
};
/* clang-format on */

static void test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (fabs(stretch_step(steps[i].reported, steps[i].fit) -
			 steps[i].next) > 1e-9)
			fail_msg("%s", steps[i].title);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_is_the_least_deviation),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests_name("stretch", tests, NULL, NULL);
}
