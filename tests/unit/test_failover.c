/* SPDX-License-Identifier: Apache-2.0 */
/* failover: how long clients can be kept at a failed endpoint. */
#include "policy/language/failover.h"

#include "good_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Of good/failover-goal.yaml, whose comments say what is judged of it. */
static const struct row {
	const char *service;
	bool noticed;
	int64_t notice_ms, kept_ms;
} rows[] = {
	{ "fits", true, 13500, 46000 },
	{ "late", true, 13500, 47000 },
	{ "preset", true, 13500, 60000 },
	{ "hopeless", true, 76000, 10000 }, /* the slow one; not in shadow */
	{ "rates", true, 19500, 41000 },    /* the fifth of ten failures */
	{ "streaks", true, 31500, 30000 },  /* the ninth */
	{ "unwatched", false, 0, 0 },
};

static void test_times(void **state)
{
	struct policy *p = good_policy("failover-goal.yaml");

	(void)state;
	assert_int_equal(p->safety.failover_goal_ms, 60000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int s = policy_find_service(p, rows[i].service);
		struct failover f = { 0 };

		assert_int_equal(failover_of(p, &p->services[s], &f),
				 rows[i].noticed);
		assert_int_equal(f.notice_ms, rows[i].notice_ms);
		assert_int_equal(f.kept_ms, rows[i].kept_ms);
	}
	policy_free(p);
}

static void test_no_goal(void **state)
{
	struct policy *p = good_policy("budget.yaml");

	(void)state;
	assert_int_equal(p->safety.failover_goal_ms, 0);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_no_goal),
	};

	return cmocka_run_group_tests_name("failover", tests, NULL, NULL);
}
