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
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_answer_after_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
