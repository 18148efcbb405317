/* SPDX-License-Identifier: Apache-2.0 */
/* ramp: every state with every verdict, shares along it, adoption. */
#include "steering/ramp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct ramp_limits automatic = { false, 10000, 100000, 0, 1 };
static const struct ramp_limits manual = { true, 10000, 100000, 0, 0 };
static const struct ramp_limits at_once = { false, 0, 0, 0, 1 };

/* clang-format off */
static const struct step_row {
	const char *title;
	const struct ramp_limits *limits;
	enum ramp_state in;
	int64_t for_ms; /* in that state already */
	enum verdict verdict;
	enum ramp_state out;
	double share;
} step_rows[] = {
	{ "full stays full while up", &automatic, RAMP_FULL, 0, VERDICT_UP, RAMP_FULL, 1 },
	{ "unknown is not an outage", &automatic, RAMP_FULL, 0, VERDICT_UNKNOWN, RAMP_FULL, 1 },
	{ "down takes it to the floor", &automatic, RAMP_FULL, 0, VERDICT_DOWN, RAMP_DOWN, 0.05 },
	{ "down stays down", &automatic, RAMP_DOWN, 999999, VERDICT_DOWN, RAMP_DOWN, 0.05 },
	{ "unknown does not end an outage", &automatic, RAMP_DOWN, 999999, VERDICT_UNKNOWN, RAMP_DOWN, 0.05 },
	{ "up begins the hold", &automatic, RAMP_DOWN, 0, VERDICT_UP, RAMP_WAITING, 0.05 },
	{ "the hold is not over", &automatic, RAMP_WAITING, 9999, VERDICT_UP, RAMP_WAITING, 0.05 },
	{ "the hold is over", &automatic, RAMP_WAITING, 10000, VERDICT_UP, RAMP_RISING, 0.05 },
	{ "unknown does not end a hold", &automatic, RAMP_WAITING, 10000, VERDICT_UNKNOWN, RAMP_WAITING, 0.05 },
	{ "down in the hold", &automatic, RAMP_WAITING, 9999, VERDICT_DOWN, RAMP_DOWN, 0.05 },
	{ "a person ends a manual hold", &manual, RAMP_WAITING, 999999, VERDICT_UP, RAMP_WAITING, 0.05 },
	{ "half way", &automatic, RAMP_RISING, 50000, VERDICT_UP, RAMP_RISING, 0.5 },
	{ "unknown does not break a ramp", &automatic, RAMP_RISING, 50000, VERDICT_UNKNOWN, RAMP_RISING, 0.5 },
	{ "almost there", &automatic, RAMP_RISING, 99999, VERDICT_UP, RAMP_RISING, 0.99999 },
	{ "there", &automatic, RAMP_RISING, 100000, VERDICT_UP, RAMP_FULL, 1 },
	{ "down in the ramp", &automatic, RAMP_RISING, 99999, VERDICT_DOWN, RAMP_DOWN, 0.05 },
	{ "down at its very end", &automatic, RAMP_RISING, 100000, VERDICT_DOWN, RAMP_DOWN, 0.05 },
	{ "no hold and no ramp: full at once", &at_once, RAMP_DOWN, 0, VERDICT_UP, RAMP_FULL, 1 },
	{ "nor do they keep it from going down", &at_once, RAMP_FULL, 0, VERDICT_DOWN, RAMP_DOWN, 0.05 },
};

static const struct adopt_row {
	const char *title;
	enum plan_cause cause;
	double share;
	int64_t wall_since_ms; /* the plan was made at 5000000 */
	enum ramp_state state;
	int64_t passed_ms;
} adopt_rows[] = {
	{ "a hold without an instant is down", PLAN_HOLD, 0.05, 0, RAMP_DOWN, 0 },
	{ "a hold with one is healthy since", PLAN_HOLD, 0.05, 500000, RAMP_WAITING, 4500000 },
	{ "a hold begun after its plan begins now", PLAN_HOLD, 0.05, 5060000, RAMP_WAITING, 0 },
	{ "a ramp goes on from its share", PLAN_RAMP, 0.2, 4990000, RAMP_RISING, 20000 },
	{ "a ramp's instant says nothing, long ago", PLAN_RAMP, 0.2, 1, RAMP_RISING, 20000 },
	{ "nor in the future", PLAN_RAMP, 0.2, 9000000, RAMP_RISING, 20000 },
	{ "a ramp that just began", PLAN_RAMP, 0.05, 5000000, RAMP_RISING, 0 },
	{ "a ramp below the floor begins", PLAN_RAMP, 0.01, 5000000, RAMP_RISING, 0 },
	{ "a ramp under a command waits", PLAN_COMMAND, 0, 4990000, RAMP_WAITING, 10000 },
	{ "a command alone is no ramp", PLAN_COMMAND, 0, 0, RAMP_FULL, 0 },
	{ "nothing is no ramp", PLAN_FULL, 1, 0, RAMP_FULL, 0 },
};
/* clang-format on */

static void check(bool ok, const char *title)
{
	if (!ok)
		fail_msg("%s", title);
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void test_steps(void **state)
{
	const struct ramp_now now = { 500000, 7000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(step_rows) / sizeof(step_rows[0]); i++) {
		const struct step_row *row = &step_rows[i];
		struct ramp ramp = {
			.state = row->in,
			.since_ms = now.now_ms - row->for_ms,
			.wall_since_ms = now.wall_ms - row->for_ms,
		};
		struct ramp out =
			ramp_step(ramp, row->limits, row->verdict, now);

		check(out.state == row->out, row->title);
		check(near(ramp_share(&out, row->limits, now.now_ms),
			   row->share),
		      row->title);
		check(out.since_ms == (row->in == row->out ? ramp.since_ms
							   : now.now_ms),
		      row->title);
	}
}

static void test_share_never_falls_on_the_way_up(void **state)
{
	struct ramp ramp = { .state = RAMP_RISING };
	double last = 0;

	(void)state;
	for (int64_t t = -5000; t < 110000; t += 250) {
		double share = ramp_share(&ramp, &automatic, t);

		assert_true(share >= last && share >= RAMP_FLOOR && share <= 1);
		last = share;
	}
	assert_true(near(last, 1));
}

/* clang-format off */
static const struct curve_row {
	int64_t step_ms;
	double curve;
	int64_t for_ms;
	double share;
} curve_rows[] = { /* of 100 s */
	{ 0,     1,   4000,  0.05 },
	{ 0,     1,   25000, 0.25 },
	{ 0,     2,   25000, 0.5 },
	{ 0,     0.5, 25000, 0.0625 },
	{ 0,     0.5, 20000, 0.05 },
	{ 10000, 1,   9999,  0.05 },
	{ 10000, 1,   10000, 0.1 },
	{ 10000, 1,   19999, 0.1 },
	{ 10000, 2,   49000, 0.632455532 },
	{ 10000, 1,   99999, 0.9 },
};
/* clang-format on */

/* And who takes over from the plan's rounded share has the same step. */
static void test_curves_and_steps(void **state)
{
	const struct ramp_now now = { 500000, 7000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(curve_rows) / sizeof(curve_rows[0]);
	     i++) {
		const struct curve_row *row = &curve_rows[i];
		const struct ramp_limits limits = { false, 0, 100000,
						    row->step_ms, row->curve };
		const struct ramp ramp = { RAMP_RISING,
					   now.now_ms - row->for_ms, 1 };
		double is = ramp_share(&ramp, &limits, now.now_ms);
		const struct plan_share share = {
			.share = floor(is * 10000 + 0.5) / 10000,
			.cause = PLAN_RAMP,
			.wall_since_ms = 1,
		};
		struct ramp next = ramp_adopt(&share, &limits, 5000000, now);

		if (!near(is, row->share) && fabs(is - row->share) > 1e-8)
			fail_msg("row %zu: %.9f", i, is);
		assert_true(fabs(ramp_share(&next, &limits, now.now_ms) - is) <
			    0.0001);
	}
}

/* The TTL and the length of the whole ramp bound a step. */
static void test_steps_of_a_policy(void **state)
{
	struct policy_service s = {
		.ttl.changing_s = 10,
		.failback_ramp_ms = 300000,
		.failback_step_ms = 30000,
		.failback_curve = 2,
	};

	(void)state;
	assert_int_equal(ramp_limits_of(&s).step_ms, 30000);
	assert_true(near(ramp_limits_of(&s).curve, 2));
	s.ttl.changing_s = 45;
	assert_int_equal(ramp_limits_of(&s).step_ms, 45000);
	s.failback_ramp_ms = 100000;
	assert_int_equal(ramp_limits_of(&s).step_ms, 20000);
	s.failback_step_ms = 0;
	assert_int_equal(ramp_limits_of(&s).step_ms, 0);
}

static void test_release(void **state)
{
	const struct ramp_now now = { 500, 900 };
	struct ramp ramp = { .state = RAMP_WAITING };

	(void)state;
	assert_true(ramp_release(&ramp, now));
	assert_int_equal(ramp.state, RAMP_RISING);
	assert_int_equal(ramp.since_ms, 500);
	assert_int_equal(ramp.wall_since_ms, 900);
	assert_true(ramp_release(&ramp, now));
	assert_int_equal(ramp.state, RAMP_FULL);
	assert_false(ramp_release(&ramp, now));
	ramp.state = RAMP_DOWN;
	assert_false(ramp_release(&ramp, now));
	assert_int_equal(ramp.state, RAMP_DOWN);
}

static void test_adoption(void **state)
{
	/* The successor's clock is two hours ahead of the plan's maker's. */
	const struct ramp_now now = { 1000, 12200000 };

	(void)state;
	for (size_t i = 0; i < sizeof(adopt_rows) / sizeof(adopt_rows[0]);
	     i++) {
		const struct adopt_row *row = &adopt_rows[i];
		const struct plan_share share = {
			.share = row->share,
			.cause = row->cause,
			.wall_since_ms = row->wall_since_ms,
		};
		struct ramp ramp = ramp_adopt(&share, &automatic, 5000000, now);

		check(ramp.state == row->state, row->title);
		check(now.now_ms - ramp.since_ms == row->passed_ms, row->title);
	}
}

/* What a plan says of a ramp is what a successor makes of it. */
static void test_plan_round_trip(void **state)
{
	const struct ramp_now now = { 60400, 5000000 };

	(void)state;
	for (int s = RAMP_FULL; s <= RAMP_RISING; s++) {
		struct ramp ramp = { (enum ramp_state)s, 400, 4940000 };
		struct plan_share share = {
			.share = ramp_share(&ramp, &automatic, now.now_ms),
			.cause = ramp_cause(&ramp),
			.wall_since_ms = ramp_wall_since_ms(&ramp),
		};
		struct ramp next = ramp_adopt(&share, &automatic, 5000000, now);

		assert_int_equal(next.state, s);
		if (s == RAMP_WAITING || s == RAMP_RISING)
			assert_int_equal(next.since_ms, 400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_share_never_falls_on_the_way_up),
		cmocka_unit_test(test_curves_and_steps),
		cmocka_unit_test(test_steps_of_a_policy),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_adoption),
		cmocka_unit_test(test_plan_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
