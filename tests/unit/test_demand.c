/* SPDX-License-Identifier: Apache-2.0 */
/* demand: the home of a class, and how demand is spread over classes. */
#include "policy/decide/demand.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { EU, US, REGIONS };

static struct policy_region regions[REGIONS] = {
	{ .name = "eu", .latitude = 50, .longitude = 8 },
	{ .name = "us", .latitude = 39, .longitude = -77 },
};

/* Of European and American classes, and one of which nothing is known. */
static const struct client_class classes[] = {
	{ .located = true,
	  .latitude = 51,
	  .longitude = 1,
	  .regions = 3,
	  .weight_v4 = 30 },
	{ .located = true,
	  .latitude = 48,
	  .longitude = 3,
	  .regions = 3,
	  .weight_v4 = 10 },
	{ .located = true,
	  .latitude = 41,
	  .longitude = -73,
	  .regions = 3,
	  .weight_v4 = 60 },
	{ .located = true,
	  .latitude = 51,
	  .longitude = 1,
	  .regions = 2,
	  .weight_v4 = 0 },
	{ .regions = 3, .weight_v4 = 100 },
	{ .located = true,
	  .latitude = 51,
	  .longitude = 1,
	  .regions = 0,
	  .weight_v4 = 0 },
};
enum { CLASSES = sizeof(classes) / sizeof(classes[0]) };

static void test_homes(void **state)
{
	static const size_t homes[CLASSES] = {
		EU, EU, US, US, DEMAND_NOWHERE, DEMAND_NOWHERE,
	};
	const struct policy policy = { .regions = regions,
				       .region_count = REGIONS };

	(void)state;
	for (size_t i = 0; i < CLASSES; i++)
		assert_int_equal(demand_home(&policy, &classes[i]), homes[i]);
}

static void test_spread(void **state)
{
	static const struct {
		const char *title;
		double stated;
		struct demand_rates rates;
		double out[CLASSES];
		bool known;
	} rows[] = {
		{ "nothing is known", 0, { .whole = 0 }, { 0 }, false },
		{ "stated", 200, { .whole = 0 }, { 30, 10, 60, 0, 100 }, true },
		{ "counted by edges alone",
		  200,
		  { .whole = 400 },
		  { 60, 20, 120, 0, 200 },
		  true },
		{ "though nothing is stated",
		  0,
		  { .whole = 400 },
		  { 60, 20, 120, 0, 200 },
		  true },
		/* Within a home by address space. */
		{ "counted by home",
		  200,
		  { .home = { 800, 6, [DEMAND_NOWHERE] = 10 } },
		  { 600, 200, 6, 0, 10 },
		  true },
		{ "by home, whatever the whole",
		  200,
		  { .home = { 0, 6 }, .whole = 6 },
		  { 0, 0, 6 },
		  true },
	};
	struct policy_service service = { .name = "www" };
	const struct policy policy = { .regions = regions,
				       .region_count = REGIONS,
				       .services = &service,
				       .service_count = 1 };
	const struct client_class *list[CLASSES];

	(void)state;
	for (size_t i = 0; i < CLASSES; i++)
		list[i] = &classes[i];
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		const struct demand_classes all = { list, CLASSES };
		double out[CLASSES];

		service.demand = rows[r].stated;
		assert_int_equal(demand_spread(&policy, 0, all, &rows[r].rates,
					       out),
				 rows[r].known);
		for (size_t i = 0; i < CLASSES; i++)
			if (!(fabs(out[i] - rows[r].out[i]) < 1e-9))
				fail_msg("%s: class %zu has %g", rows[r].title,
					 i, out[i]);
	}
}

/* The first count is taken as it is; then two thirds of the way a minute. */
static void test_follow(void **state)
{
	struct demand_rates rates = { .whole = 0 };
	const struct demand_rates first = { .home = { 100, 0 } };
	const struct demand_rates then = { .home = { 0, 50 } };

	(void)state;
	demand_follow(&rates, &first, 1000);
	assert_true(fabs(rates.home[EU] - 100) < 1e-9);
	for (int i = 0; i < 60; i++)
		demand_follow(&rates, &then, 1000);
	assert_true(fabs(rates.home[EU] - 100 * exp(-1)) < 1e-6);
	assert_true(fabs(rates.home[US] - 50 * (1 - exp(-1))) < 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_homes),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_follow),
	};

	return cmocka_run_group_tests_name("demand", tests, NULL, NULL);
}
