/* SPDX-License-Identifier: Apache-2.0 */
/* histogram: quantiles are as exact as promised, and old samples fade. */
#include "policy/base/hash.h"
#include "policy/base/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static int compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Log-uniform over five decades, and a narrow hump: the worst and the usual. */
static float sample(int shape, uint64_t n)
{
	double u = (double)(hash_mix(n) >> 11) / 9007199254740992.0;
	double v = (double)(hash_mix(n + 777777) >> 11) / 9007199254740992.0;

	if (shape == 0)
		return (float)(0.05 * pow(10, u * 5));
	return (float)(40 + 3 * (u + v));
}

static void test_quantiles_against_exact_ones(void **state)
{
	static const double shares[] = { 0.01, 0.5, 0.9, 0.95, 0.99, 1.0 };
	enum { COUNT = HISTOGRAM_FULL };

	(void)state;
	for (int shape = 0; shape < 2; shape++) {
		struct histogram h = { 0 };
		float all[COUNT];

		for (uint64_t i = 0; i < COUNT; i++) {
			all[i] = sample(shape, i + 1);
			histogram_add(&h, all[i]);
		}
		qsort(all, COUNT, sizeof(all[0]), compare_floats);
		for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]);
		     i++) {
			size_t rank = (size_t)ceil(shares[i] * COUNT);
			float exact = all[rank - 1];
			float got = histogram_quantile(&h, shares[i]);

			if (fabsf(got - exact) > exact / 16 + 0.001f)
				fail_msg("shape %d p%.0f: %f for %f", shape,
					 shares[i] * 100, (double)got,
					 (double)exact);
		}
	}
}

/* Half on each side of a border of two buckets, or a few more on one: the
 * middles are an eighth apart, the median hardly moves. */
static void test_smooth(void **state)
{
	enum { EACH = 100, MORE = 10 };
	struct histogram h = { 0 };
	float low, high, jump;

	(void)state;
	assert_float_equal(histogram_smooth(&h, 0.5), 0, 0);
	for (int i = 0; i < EACH; i++) {
		histogram_add(&h, 16.0f);
		histogram_add(&h, 16.5f);
	}
	for (int i = 0; i < EACH; i++)
		histogram_add(&h, 18.6f);
	for (int i = 0; i < EACH - MORE; i++)
		histogram_add(&h, 18.7f);
	low = histogram_smooth(&h, 0.5);
	jump = -histogram_quantile(&h, 0.5);
	for (int i = 0; i < 2 * MORE; i++)
		histogram_add(&h, 18.7f);
	high = histogram_smooth(&h, 0.5);
	jump += histogram_quantile(&h, 0.5);
	assert_true(jump > 1.9f);
	assert_true(high > low && high - low < 0.3f);
	assert_true(low > 16 && high < 20);
}

static void test_histogram_edges(void **state)
{
	struct histogram h = { 0 };
	struct histogram full = { 0 };

	(void)state;
	assert_float_equal(histogram_quantile(&h, 0.5), 0, 0);
	histogram_add(&h, -5);
	histogram_add(&h, NAN);
	assert_float_equal(histogram_quantile(&h, 1), 0, 0);
	histogram_add(&h, INFINITY);
	histogram_add(&h, 1e9f);
	assert_true(histogram_quantile(&h, 1) > 100000);
	/* Old samples fade: after enough new ones the median is theirs. */
	for (int i = 0; i < HISTOGRAM_FULL; i++)
		histogram_add(&full, 10);
	for (int i = 0; i < HISTOGRAM_FULL; i++)
		histogram_add(&full, 100);
	assert_true(histogram_quantile(&full, 0.5) > 90);
	assert_true(full.total <= HISTOGRAM_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles_against_exact_ones),
		cmocka_unit_test(test_smooth),
		cmocka_unit_test(test_histogram_edges),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
