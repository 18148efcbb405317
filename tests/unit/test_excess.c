/* SPDX-License-Identifier: Apache-2.0 */
/*
 * excess: what is found and what is not; that the expectation of a block's
 * factor is at most 1 under the null, summed up over everything that can
 * happen.
 */
#include "steering/excess.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The same block of each version, so often. */
/* clang-format off */
static const struct row {
	const char *title;
	struct trials canary, stable;
	unsigned blocks;
	double ratio;
	bool suspected, found; /* at alpha 0.01 */
} rows[] = {
	{ "nothing", { 0, 0 }, { 0, 0 }, 1, 2, false, false },
	{ "no failure", { 10, 0 }, { 90, 0 }, 500, 2, false, false },
	{ "both fail alike", { 20, 1 }, { 180, 9 }, 500, 2, false, false },
	{ "up to the ratio", { 20, 2 }, { 180, 9 }, 500, 2, false, false },
	{ "a little beyond it, for long", { 20, 3 }, { 180, 9 }, 500, 2, true, true },
	{ "a little beyond it, for a while", { 20, 3 }, { 180, 9 }, 5, 2, true, false },
	{ "every request fails", { 10, 10 }, { 90, 0 }, 2, 2, true, true },
	{ "every request fails, of few", { 9, 9 }, { 90, 0 }, 2, 2, false, false },
	{ "two failures are no three", { 500, 1 }, { 100000, 0 }, 2, 2, false, false },
	{ "one block is no evidence", { 1000, 500 }, { 1000, 0 }, 1, 2, true, false },
	{ "but two of them are", { 1000, 500 }, { 1000, 0 }, 2, 2, true, true },
	{ "stable alone fails", { 20, 0 }, { 180, 90 }, 100, 2, false, false },
	{ "stable has no request", { 20, 10 }, { 0, 0 }, 100, 2, false, false },
	{ "the canary has no request", { 0, 0 }, { 100, 5 }, 100, 2, false, false },
	{ "a ratio of one", { 100, 4 }, { 900, 9 }, 20, 1, true, true },
	{ "all may fail", { 100, 100 }, { 900, 450 }, 100, 2, false, false },
	{ "both fail always", { 100, 100 }, { 900, 900 }, 100, 1, false, false },
};
/* clang-format on */

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct excess x = { .log_e = 0 };

		for (unsigned n = 0; n < row->blocks; n++)
			excess_add(&x, row->ratio, row->canary, row->stable);
		if (excess_suspected(&x, row->ratio) != row->suspected ||
		    excess_found(&x, row->ratio, 0.01) != row->found ||
		    isnan(x.log_e))
			fail_msg("%s: e is exp(%g)", row->title, x.log_e);
	}
}

static double choose(unsigned n, unsigned k)
{
	return exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0));
}

static double chance(unsigned n, unsigned k, double p)
{
	return choose(n, k) * pow(p, k) * pow(1 - p, n - k);
}

enum { CANARY_BLOCK = 4, STABLE_BLOCK = 7 };

/* Expectation of the next block's factor where these are true. */
static double expectation(const struct excess *before, double ratio,
			  double p_canary, double p_stable)
{
	double sum = 0;

	for (unsigned i = 0; i <= CANARY_BLOCK; i++)
		for (unsigned j = 0; j <= STABLE_BLOCK; j++) {
			struct excess x = *before;

			excess_add(&x, ratio,
				   (struct trials){ CANARY_BLOCK, i },
				   (struct trials){ STABLE_BLOCK, j });
			sum += chance(CANARY_BLOCK, i, p_canary) *
			       chance(STABLE_BLOCK, j, p_stable) *
			       exp(x.log_e - before->log_e);
		}
	return sum;
}

/* On the null's edge and inside of it, after whatever was seen before. */
static void test_expectation_is_at_most_one(void **state)
{
	static const double ratios[] = { 1, 1.5, 2, 10 };
	unsigned bets = 0;

	(void)state;
	for (size_t r = 0; r < sizeof(ratios) / sizeof(ratios[0]); r++)
		for (unsigned f = 0; f < 40; f += 3)
			for (double p = 0.001; p <= 1 / ratios[r]; p *= 1.7) {
				struct excess x =
					excess_adopt((struct trials){ 40, f },
						     (struct trials){ 300,
								      f / 2 },
						     0);
				double edge = expectation(&x, ratios[r],
							  p * ratios[r], p);
				double inside =
					expectation(&x, ratios[r],
						    p * ratios[r] * 0.7, p);

				if (edge > 1 + 1e-9 || inside > 1 + 1e-9)
					fail_msg("ratio %g p %g: %.12g %.12g",
						 ratios[r], p, edge, inside);
				bets += fabs(edge - 1) > 1e-6;
			}
	assert_true(bets > 100);
}

/* What is adopted decides as what was kept would have. */
static void test_adopt(void **state)
{
	struct excess x = { .log_e = 0 }, y;

	(void)state;
	for (unsigned n = 0; n < 40; n++)
		excess_add(&x, 2, (struct trials){ 10, n % 4 == 0 },
			   (struct trials){ 90, n % 10 == 0 });
	y = excess_adopt(x.canary, x.stable, x.log_e);
	assert_int_equal(y.canary.failures, 10);
	assert_true(fabs(y.recent_canary.requests - x.recent_canary.requests) <
		    20);
	assert_true(fabs(y.recent_stable.failures - x.recent_stable.failures) <
		    1);
	assert_int_equal(excess_found(&x, 2, 0.01), excess_found(&y, 2, 0.01));
	excess_add(&y, 2, (struct trials){ 10, 5 }, (struct trials){ 90, 0 });
	assert_true(y.log_e > x.log_e + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_expectation_is_at_most_one),
		cmocka_unit_test(test_adopt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
