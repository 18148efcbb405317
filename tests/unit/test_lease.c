/* SPDX-License-Identifier: Apache-2.0 */
/* lease: when it asks, how long it holds, what a stall does. */
#include "steering/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_asks_at_once_then_each_second(void **state)
{
	struct lease l = { 0 };

	(void)state;
	assert_true(lease_ask(&l, 5000));
	assert_false(lease_ask(&l, 5001));
	lease_answer(&l, 7, 5002);
	assert_true(lease_leads(&l, 5002));
	assert_int_equal(l.epoch, 7);
	assert_false(lease_ask(&l, 5999));
	assert_true(lease_ask(&l, 6000));
}

static void test_counts_from_the_question(void **state)
{
	struct lease l = { 0 };

	(void)state;
	assert_true(lease_ask(&l, 1000));
	lease_answer(&l, 1, 3500);
	assert_true(lease_leads(&l, 3999));
	assert_false(lease_leads(&l, 4000));
	assert_int_equal(l.epoch, 0);
}

static void test_late_answer_grants_nothing(void **state)
{
	struct lease l = { 0 };

	(void)state;
	assert_true(lease_ask(&l, 1000));
	lease_answer(&l, 1, 4000);
	assert_false(lease_leads(&l, 4000));
	assert_true(lease_ask(&l, 4000));
}

static void test_refusal_steps_down_at_once(void **state)
{
	struct lease l = { 0 };

	(void)state;
	assert_true(lease_ask(&l, 1000));
	lease_answer(&l, 1, 1001);
	assert_true(lease_ask(&l, 2000));
	assert_true(lease_leads(&l, 2001));
	lease_answer(&l, 0, 2002);
	assert_false(lease_leads(&l, 2002));
	assert_false(lease_ask(&l, 2999));
	assert_true(lease_ask(&l, 3000));
}

/* SIGSTOP for a minute between two renewals. */
static void test_stall_longer_than_the_lease(void **state)
{
	struct lease l = { 0 };

	(void)state;
	assert_true(lease_ask(&l, 1000));
	lease_answer(&l, 4, 1001);
	assert_false(lease_leads(&l, 61000));
	assert_true(lease_ask(&l, 61000));
	assert_false(lease_leads(&l, 61001));
	lease_answer(&l, 6, 61002);
	assert_true(lease_leads(&l, 61003));
	assert_int_equal(l.epoch, 6);
}

/* What a store that lost all, and a clock that went back, cannot undo. */
static void test_least(void **state)
{
	static const struct {
		uint64_t held, known, followed, wall_s, least;
	} rows[] = {
		{ 0, 0, 0, 0, 0 },
		{ 0, 7, 0, 100, 100 },   /* who takes over: the clock */
		{ 0, 700, 0, 100, 700 }, /* or what is known, if higher */
		{ 0, 7, 120, 100, 120 }, /* or what nodes follow */
		{ 0, 7, 90, 100, 100 },
		{ 9, 9, 0, 100, 9 }, /* who leads keeps its own */
		{ 9, 5, 8, 100, 9 },
		{ 9, 9, 50, 100, 50 }, /* unless nodes are ahead */
		{ 9, 9, 100 + LEASE_AHEAD_S, 100, 100 + LEASE_AHEAD_S },
		{ 9, 9, 101 + LEASE_AHEAD_S, 100, 9 }, /* of all reason */
		{ 0, 7, UINT64_MAX, 100, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lease l = { .epoch = rows[i].held };
		int64_t wall_ms = (int64_t)rows[i].wall_s * 1000 + 999;

		if (lease_least(&l, rows[i].known, rows[i].followed, 5000,
				wall_ms) != rows[i].least)
			fail_msg("row %zu", i);
	}
}

/* A node that lies turns out no leader with each renewal. */
static void test_raised_once_in_a_while(void **state)
{
	struct lease l = { .epoch = 9 };

	(void)state;
	assert_int_equal(lease_least(&l, 9, 20, 1000, 0), 20);
	l.epoch = 21;
	assert_int_equal(lease_least(&l, 9, 22, 2000, 0), 21);
	assert_int_equal(lease_least(&l, 9, 22, 999 + LEASE_RAISE_MS, 0), 21);
	assert_int_equal(lease_least(&l, 9, 22, 1000 + LEASE_RAISE_MS, 0), 22);
	/* Who does not lead turns out nobody. */
	l.epoch = 0;
	assert_int_equal(lease_least(&l, 9, 30, 2000 + LEASE_RAISE_MS, 0), 30);
}

static void test_drop(void **state)
{
	struct lease l = { 0 };

	(void)state;
	assert_true(lease_ask(&l, 1000));
	lease_answer(&l, 4, 1001);
	lease_drop(&l, 1500);
	assert_false(lease_leads(&l, 1500));
	assert_false(lease_ask(&l, 4499));
	assert_true(lease_ask(&l, 4500));
}

/* An answer to a question from before the drop is for nobody. */
static void test_answer_after_drop(void **state)
{
	struct lease l = { 0 };

	(void)state;
	assert_true(lease_ask(&l, 1000));
	lease_drop(&l, 1100);
	lease_answer(&l, 4, 1200);
	assert_false(lease_leads(&l, 1200));
	lease_answer(&l, 4, 1300);
	assert_false(lease_leads(&l, 1300));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks_at_once_then_each_second),
		cmocka_unit_test(test_counts_from_the_question),
		cmocka_unit_test(test_late_answer_grants_nothing),
		cmocka_unit_test(test_refusal_steps_down_at_once),
		cmocka_unit_test(test_stall_longer_than_the_lease),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_raised_once_in_a_while),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_answer_after_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
