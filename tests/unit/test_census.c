/* SPDX-License-Identifier: Apache-2.0 */
/* census: numbers of endpoints, found in turn and out of turn. */
#include "policy/decide/census.h"

#include "policy/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct policy_endpoint of_www[] = { { .name = "b" }, { .name = "a" } };
static struct policy_endpoint of_api[] = { { .name = "a" },
					   { .name = "c" },
					   { .name = "b" } };
static struct policy_service services[] = {
	{ .name = "www", .endpoints = of_www, .endpoint_count = 2 },
	{ .name = "none" },
	{ .name = "api", .endpoints = of_api, .endpoint_count = 3 },
};
static const struct policy policy = { .services = services,
				      .service_count = 3 };

/* clang-format off */
static const struct find_row {
	const char *title;
	size_t hint;
	const char *service, *endpoint;
	size_t number;
} rows[] = {
	{ "the first, in turn",             0, "www",  "b", 0 },
	{ "the next",                       1, "www",  "a", 1 },
	{ "of the next that has some",      2, "api",  "a", 2 },
	{ "out of turn",                    0, "api",  "b", 4 },
	{ "back again",                     5, "www",  "b", 0 },
	{ "a hint far beyond the last",    99, "api",  "c", 3 },
	{ "no endpoint of that service",    3, "www",  "c", CENSUS_NONE },
	{ "a service without any",          0, "none", "a", CENSUS_NONE },
	{ "an unknown service",             0, "what", "a", CENSUS_NONE },
	{ "only a beginning",               0, "ww",   "b", CENSUS_NONE },
	{ "nothing",                        0, "",     "",  CENSUS_NONE },
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Each row with a census of its own, and all with one. */
static void test_find(void **state)
{
	struct arena *arena = arena_new();
	struct census census, one;

	(void)state;
	assert_true(census_init(&one, &policy, arena));
	assert_int_equal(one.count, 5);
	assert_int_equal(one.places[3].service, 2);
	assert_int_equal(one.places[3].endpoint, 1);
	for (size_t i = 0; i < ROWS; i++) {
		const struct find_row *r = &rows[i];

		assert_true(census_init(&census, &policy, arena));
		if (census_find(&census, r->hint, r->service, r->endpoint) !=
			    r->number ||
		    census_find(&one, r->hint, r->service, r->endpoint) !=
			    r->number)
			fail_msg("%s", r->title);
	}
	arena_free(arena);
}

/* Whoever keeps to the order needs no index. */
static void test_names_are_not_sorted_for_nothing(void **state)
{
	struct arena *arena = arena_new();
	struct census census;

	(void)state;
	assert_true(census_init(&census, &policy, arena));
	for (size_t i = 0; i < 3; i++)
		census_find(&census, i, rows[i].service, rows[i].endpoint);
	assert_null(census.names);
	census_find(&census, 0, "api", "b");
	assert_non_null(census.names);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_names_are_not_sorted_for_nothing),
	};

	return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
