/* SPDX-License-Identifier: Apache-2.0 */
/* slowness: chance by hand, quantiles, what is found, how looks are spent. */
#include "steering/slowness.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BUCKETS = 6 };
static const double bounds[BUCKETS] = { 0.01, 0.02, 0.05, 0.1, 0.5, INFINITY };

static struct latencies of(const uint64_t requests[BUCKETS])
{
	struct latencies l = { .count = BUCKETS };

	memcpy(l.upto_s, bounds, sizeof(bounds));
	memcpy(l.requests, requests, BUCKETS * sizeof(*requests));
	return l;
}

/* clang-format off */
static const struct chance_row {
	const char *title;
	uint64_t canary[BUCKETS], stable[BUCKETS];
	double chance; /* by hand: the sums of the ranks */
} chance_rows[] = {
	{ "nothing", { 0 }, { 0 }, 1 },
	{ "all in one bucket", { 50 }, { 50 }, 1 },
	{ "the same", { 10, 20, 10 }, { 10, 20, 10 }, 0.5 },
	/* U = 100 of 100, mean 50, variance 25/3 (21 - 1980/380) */
	{ "all slower", { 0, 10 }, { 10, 0 }, 6.536e-6 },
	{ "all faster", { 10, 0 }, { 0, 10 }, 1 - 6.536e-6 },
	/* U = 4 x 3 + 6 x 8 = 60, mean and variance as above */
	{ "some slower", { 4, 6 }, { 6, 4 }, 0.1916 },
	{ "one hangs", { 99, 0, 0, 0, 0, 1 }, { 100 }, 0.1587 },
};

static const struct quantile_row {
	const char *title;
	uint64_t requests[BUCKETS];
	double share, s;
} quantile_rows[] = {
	{ "none", { 0 }, 0.5, 0 },
	{ "half of the first bucket", { 10 }, 0.5, 0.005 },
	{ "all of it", { 10 }, 1, 0.01 },
	{ "within the third", { 10, 10, 20 }, 0.75, 0.035 },
	{ "an empty bucket is passed over", { 10, 0, 10 }, 0.5, 0.01 },
	{ "beyond the last bound", { 1, 0, 0, 0, 0, 9 }, 0.95, 0.5 },
};

static const struct found_row {
	const char *title;
	uint64_t canary[BUCKETS], stable[BUCKETS];
	bool found; /* ratio 1.5, alpha 0.01 */
} found_rows[] = {
	{ "too few requests", { 0, 0, 49 }, { 500 }, false },
	{ "just enough", { 0, 0, 50 }, { 500 }, true },
	{ "too few of the stable", { 0, 0, 500 }, { 49 }, false },
	{ "alike", { 100, 200, 50 }, { 1000, 2000, 500 }, false },
	{ "slower, but not by so much", { 100, 900, 50 }, { 200, 800, 50 }, false },
	{ "slower by so much, but few", { 20, 20, 10 }, { 25, 18, 7 }, false },
	{ "a long tail: the median is the same", { 10, 800, 20, 0, 170 }, { 20, 960, 20 }, true },
	{ "faster", { 500 }, { 0, 0, 500 }, false },
};
/* clang-format on */

static void test_chance(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(chance_rows) / sizeof(*chance_rows);
	     i++) {
		const struct chance_row *row = &chance_rows[i];
		struct latencies canary = of(row->canary);
		struct latencies stable = of(row->stable);
		double p = slowness_chance(&canary, &stable);

		if (fabs(p - row->chance) > row->chance * 1e-3)
			fail_msg("%s: %g", row->title, p);
	}
}

static void test_quantiles(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(quantile_rows) / sizeof(*quantile_rows);
	     i++) {
		const struct quantile_row *row = &quantile_rows[i];
		struct latencies l = of(row->requests);
		double s = latencies_quantile(&l, row->share);

		if (fabs(s - row->s) > 1e-9)
			fail_msg("%s: %g", row->title, s);
	}
}

static void test_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(found_rows) / sizeof(*found_rows); i++) {
		const struct found_row *row = &found_rows[i];
		struct latencies canary = of(row->canary);
		struct latencies stable = of(row->stable);
		struct slowness s = { .looks = 0 };

		assert_true(slowness_add(&s, &canary, &stable));
		if (slowness_found(&s, 1.5, 0.01) != row->found)
			fail_msg("%s: %g, %g", row->title, s.median_ratio,
				 s.p95_ratio);
	}
}

/* A look is spent when there is a quarter more, and not before. */
static void test_looks(void **state)
{
	struct latencies slow = of((const uint64_t[BUCKETS]){ 0, 0, 10 });
	struct latencies fast = of((const uint64_t[BUCKETS]){ 100 });
	struct slowness s = { .looks = 40000 };
	unsigned before = s.looks;

	(void)state;
	for (unsigned n = 1; n <= 100; n++) {
		slowness_add(&s, &slow, &fast);
		slowness_found(&s, 1.5, 0.01);
	}
	/* 50, 70, 90, 120, 150, 190, 240, 300, 380, 480, 600, 750, 940 */
	assert_int_equal(s.looks - before, 13);
}

/* The more was spent, the less may be due to chance. */
static void test_spending(void **state)
{
	struct latencies canary = of((const uint64_t[BUCKETS]){ 20, 30, 40 });
	struct latencies stable = of((const uint64_t[BUCKETS]){ 50, 30, 10 });
	double p = slowness_chance(&canary, &stable);
	struct slowness s = { .looks = 0 };

	(void)state;
	assert_true(p > 1e-9 && p < 1e-5);
	slowness_add(&s, &canary, &stable);
	assert_true(slowness_found(&s, 1.5, p * 2 * 1.001));
	s.tested = 0;
	assert_false(slowness_found(&s, 1.5, p * 6 * 0.999));
	s.tested = 0;
	assert_true(slowness_found(&s, 1.5, p * 12 * 1.001));
}

static void test_other_buckets_begin_anew(void **state)
{
	struct latencies a = of((const uint64_t[BUCKETS]){ 10, 10 });
	struct latencies b = a;
	struct slowness s = { .looks = 3 };

	(void)state;
	b.upto_s[1] = 0.03;
	assert_true(slowness_add(&s, &a, &a));
	assert_false(slowness_add(&s, &b, &b));
	assert_int_equal(latencies_total(&s.canary), 0);
	assert_int_equal(s.looks, 3);
	assert_false(slowness_add(&s, &a, &b));
	assert_true(slowness_add(&s, &b, &b));
	assert_int_equal(latencies_total(&s.stable), 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_spending),
		cmocka_unit_test(test_other_buckets_begin_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
