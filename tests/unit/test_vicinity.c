/* SPDX-License-Identifier: Apache-2.0 */
/* vicinity: realms, spots and kinds of classes, and the ways from a spot. */
#include "policy/decide/vicinity.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NO_ANSWER NONE_HEALTHY_NO_ANSWER
#define NOWHERE VICINITY_NOWHERE

/* clang-format off */
static const struct class_row {
	struct client_class class;
	uint16_t kind, realm, spot, like, realm_like;
} rows[] = {
	{ { .regions = 3 },                                     0, 0, NOWHERE, 0, 0 },
	{ { .regions = 3, .latitude = 9 },                      0, 0, NOWHERE, 0, 0 },
	{ { .regions = 3, .located = true },                    1, 0, 0, 1, 0 },
	{ { .regions = 1 },                                     2, 1, NOWHERE, 2, 1 },
	{ { .regions = 3, .none_healthy = NO_ANSWER },          3, 2, NOWHERE, 3, 2 },
	{ { .regions = 3, .located = true, .latitude = 9 },     4, 0, 1, 4, 0 },
	{ { .regions = 3, .located = true, .longitude = 9 },    5, 0, 2, 5, 0 },
	{ { .regions = 1, .located = true, .latitude = 9 },     6, 1, 1, 6, 1 },
	{ { .regions = 3, .located = true, .country = "GB" },   1, 0, 0, 1, 0 },
	{ { .regions = 3, .located = true, .sets = 4 },         7, 3, 0, 1, 0 },
	{ { .regions = 1, .sets = 4 },                          8, 4, NOWHERE, 2, 1 },
	{ { .regions = 3, .located = true, .sets = 5 },         9, 5, 0, 1, 0 },
	{ { .regions = 1, .located = true, .sets = 4 },        10, 4, 0, 10, 1 },
	{ { .regions = 1, .located = true },                   11, 1, 0, 10, 1 },
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void test_kinds(void **state)
{
	struct client_class classes[ROWS];
	struct vicinity *v;
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ROWS; i++)
		classes[i] = rows[i].class;
	v = vicinity_new(&w.policy, classes, ROWS);
	assert_non_null(v);
	assert_int_equal(v->class_count, ROWS);
	assert_int_equal(v->kind_count, 12);
	assert_int_equal(v->realm_count, 6);
	assert_int_equal(v->spot_count, 3);
	for (size_t i = 0; i < ROWS; i++) {
		uint16_t kind = v->kind_of_class[i];

		assert_int_equal(kind, rows[i].kind);
		assert_int_equal(v->kinds[kind].realm, rows[i].realm);
		assert_int_equal(v->kinds[kind].spot, rows[i].spot);
		assert_int_equal(v->kinds[kind].like, rows[i].like);
		assert_int_equal(v->realm_like[rows[i].realm],
				 rows[i].realm_like);
	}
	assert_ptr_equal(v->realms[1], &classes[3]);
	vicinity_free(v);
}

static void check_regions(const struct world *w,
			  const struct latency_ways *ways,
			  const struct client_class *class)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < WORLD_REGIONS; i++) {
		const struct policy_region *r = &w->regions[i];
		double ms = latency_way_ms(
			latency_distance_km(class->latitude, class->longitude,
					    r->latitude, r->longitude));

		assert_true(ways->region_ms[i] == ms);
		seen |= UINT64_C(1) << ways->regions[i];
		if (i > 0)
			assert_true(ways->region_ms[ways->regions[i - 1]] <=
				    ways->region_ms[ways->regions[i]]);
	}
	assert_int_equal(seen, (1 << WORLD_REGIONS) - 1);
}

static void check_vantages(const struct latency_ways *ways)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < WORLD_VANTAGES; i++) {
		uint8_t at = ways->vantages[i];
		uint8_t before = ways->vantages[i - (i > 0)];

		seen |= UINT64_C(1) << at;
		assert_true(i == 0 ||
			    ways->vantage_km[before] < ways->vantage_km[at] ||
			    (before < at &&
			     ways->vantage_km[before] == ways->vantage_km[at]));
	}
	assert_int_equal(seen, (1 << WORLD_VANTAGES) - 1);
}

/* Also where two of them are in one place. */
static void test_ways_are_sorted(void **state)
{
	struct rng rng = { world_seed() };
	struct client_class classes[40];
	struct vicinity *v;
	struct world w;

	(void)state;
	world_init(&w);
	w.vantages[3] = w.vantages[1];
	for (size_t i = 0; i < 40; i++)
		classes[i] = (struct client_class){
			.located = true,
			.latitude = (double)rng_below(&rng, 181) - 90,
			.longitude = (double)rng_below(&rng, 361) - 180,
		};
	v = vicinity_new(&w.policy, classes, 40);
	assert_non_null(v);
	for (size_t i = 0; i < 40; i++) {
		uint16_t spot = v->kinds[v->kind_of_class[i]].spot;
		struct latency_ways ways = vicinity_ways(v, spot);

		check_regions(&w, &ways, &classes[i]);
		check_vantages(&ways);
	}
	vicinity_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_ways_are_sorted),
	};

	return cmocka_run_group_tests_name("vicinity", tests, NULL, NULL);
}
