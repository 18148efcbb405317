/* SPDX-License-Identifier: Apache-2.0 */
/* loss: whom `windrose check` warns that a region cannot be lost. */
#include "policy/review/loss.h"

#include "good_policy.h"
#include "policy/base/error.h"
#include "policy/decide/geo.h"
#include "policy/language/policy.h"
#include "policy/review/goals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const wanted[] = {
	"service \"uneven\": without region \"us-east\" endpoint \"us-west\" "
	"would get 112% of what its region can carry (9000 of 8000); no "
	"sharing among the others avoids it, so add capacity",
	"service \"large\": without region \"us-east\" endpoint \"us-west\" "
	"would get 169% of what its region can carry (13500 of 8000); no "
	"sharing among the others avoids it, so add capacity",
	"service \"full\": endpoint \"us-east\" would get 105% of what its "
	"region can carry (12600 of 12000); the others can carry it when "
	"us-east accepts 76.1% of its clients",
};

static void test_warnings(void **state)
{
	struct policy *policy = good_policy("loss.yaml");
	struct errors errs = { 0 };
	struct geo *geo = geo_open(policy, &errs);
	size_t before = errs.count;

	(void)state;
	assert_non_null(geo);
	assert_true(loss_judge(policy, geo, &errs));
	for (size_t i = before; i < errs.count; i++)
		print_message("# %s\n", errs.list[i].error.text);
	assert_int_equal(errs.count - before, 3);
	assert_int_equal(errs.fatal, 0);
	for (size_t i = 0; i < 3; i++) {
		const struct finding *f = &errs.list[before + i];

		assert_string_equal(f->error.text, wanted[i]);
		assert_true(f->error.at.line > 0);
	}
	geo_free(geo);
	policy_free(policy);
	errors_fini(&errs);
}

/* What no region states nobody can hold against a demand. */
static void test_no_capacity(void **state)
{
	struct policy *policy = good_policy("loss.yaml");
	struct errors errs = { 0 };
	struct geo *geo = geo_open(policy, &errs);

	(void)state;
	assert_non_null(geo);
	for (size_t i = 0; i < policy->region_count; i++)
		policy->regions[i].capacity = 0;
	assert_true(loss_judge(policy, geo, &errs));
	assert_int_equal(errs.count, 0);
	geo_free(geo);
	policy_free(policy);
	errors_fini(&errs);
}

static void free_all(struct policy *policy, struct geo *geo)
{
	geo_free(geo);
	policy_free(policy);
}

/* What a service stands does not depend on who is beside it: services that are
 * alike are looked at together. */
static void test_alone(void **state)
{
	struct policy *policy = good_policy("loss.yaml");
	struct errors errs = { 0 };
	struct geo *geo = geo_open(policy, &errs);
	struct losses together, alone;
	double demand[8];

	(void)state;
	assert_true(losses_find(policy, geo, &together));
	assert_int_equal(together.count, 4);
	for (size_t i = 0; i < policy->service_count; i++) {
		demand[i] = policy->services[i].demand;
		policy->services[i].demand = 0;
	}
	for (size_t i = 0; i < together.count; i++) {
		const struct loss *one = &together.list[i];

		policy->services[one->service].demand = demand[one->service];
		assert_true(losses_find(policy, geo, &alone));
		assert_int_equal(alone.count, 1);
		assert_int_equal(alone.list[0].region, one->region);
		assert_int_equal(alone.list[0].endpoint, one->endpoint);
		assert_int_equal(alone.list[0].overloaded, one->overloaded);
		assert_true(alone.list[0].load == one->load);
		assert_true(alone.list[0].accept == one->accept);
		policy->services[one->service].demand = 0;
		losses_fini(&alone);
	}
	losses_fini(&together);
	free_all(policy, geo);
	errors_fini(&errs);
}

/* How many losses are too many, by what the policy asks. */
static void test_goals(void **state)
{
	static const size_t missed[] = {
		[REGION_LOSS_REPORTED] = 0,
		[REGION_LOSS_SHARED] = 2,
		[REGION_LOSS_CARRIED] = 3,
	};
	struct policy *policy = good_policy("loss.yaml");
	struct errors errs = { 0 };
	struct geo *geo = geo_open(policy, &errs);
	struct goals goals;

	(void)state;
	assert_int_equal(policy->safety.region_loss, REGION_LOSS_REPORTED);
	assert_true(goals_find(policy, geo, &goals));
	for (unsigned i = 0; i < 3; i++) {
		policy->safety.region_loss = i;
		assert_int_equal(goals_missed(&goals), missed[i]);
	}
	assert_int_equal(goals.failover_count, 0);
	assert_int_equal(goals.never, 4);
	goals_fini(&goals);
	free_all(policy, geo);
	errors_fini(&errs);
}

static void test_what_is_stated(void **state)
{
	struct policy *p = good_policy("loss.yaml");

	(void)state;
	assert_int_equal(p->safety.max_load_pct, 150);
	assert_int_equal(p->services[0].spill, SPILL_NONE);
	assert_int_equal(p->services[1].spill, SPILL_CAPACITY);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_no_capacity),
		cmocka_unit_test(test_what_is_stated),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_goals),
	};

	return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
