/* SPDX-License-Identifier: Apache-2.0 */
/* rum: what users measured is found by cell and region, and decides. */
#include "policy/decide/rum.h"

#include "policy/base/arena.h"
#include "policy/bus/plan.h"
#include "policy/decide/tiers.h"

#include "decide_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The world's client is at 53, -7: cell 71, 86. */
enum { LAT = 71, LON = 86, ROWS_MAX = 4 };

/* clang-format off */
static const struct users_row {
	const char *title;
	struct plan_rum rum[ROWS_MAX];
	/* Expected of us-east, eu-west, eu-central; 0: as without users. */
	double ms[3];
	double more; /* that those of 0 have on top */
} rows[] = {
	{ "nobody", { { .samples = 0 } }, { 0, 0, 0 }, 0 },
	{ "all of them",
	  { { "eu-central", LAT, LON, 20, 60 }, { "eu-west", LAT, LON, 90, 50 }, { "us-east", LAT, LON, 30, 70 } },
	  { 30, 90, 20 }, 0 },
	{ "another cell", { { "us-east", LAT, LON + 1, 30, 70 } }, { 0, 0, 0 }, 0 },
	{ "a region of another policy", { { "mars", LAT, LON, 30, 70 } }, { 0, 0, 0 }, 0 },
	{ "one: the others have its last mile, too", { { "eu-west", LAT, LON, 45, 70 } }, { 0, 45, 0 }, 25 },
	{ "two: the mean of their last miles",
	  { { "eu-west", LAT, LON, 40, 70 }, { "us-east", LAT, LON, 110, 70 } },
	  { 110, 40, 0 }, 15 },
	{ "faster than expected", { { "eu-west", LAT, LON, 10, 70 } }, { 0, 10, 0 }, -10 },
};
/* clang-format on */

/* What the vantages make one expect: 100, 20 and 30 ms. */
static void prepare(struct world *w)
{
	static const float ms[] = { 100, 0, 20, 30 };

	world_init(w);
	w->service.steer = STEER_LATENCY;
	w->class.latitude = w->vantages[1].latitude;
	w->class.longitude = w->vantages[1].longitude;
	for (size_t i = 0; i < 4; i++)
		w->view_endpoints[i].latency_ms[1] = ms[i];
}

static void expect_all(struct world *w, struct tiers_way out[4])
{
	struct latency_room room;
	struct latency_ways ways = latency_ways_in(&room);
	struct tiers_ground ground;
	struct tiers tiers;

	tiers_ground_init(&ground, &w->policy, &w->view, 0);
	latency_go(&w->policy, w->class.latitude, w->class.longitude, &ways);
	tiers_init(&tiers, &ground, &ways, ground.endpoints);
	for (size_t i = 0; i < 4; i++)
		out[i] = tiers_way(&tiers, i);
}

/* Of a plan with these rows. */
static void fill(struct world *w, const struct plan_rum *rum,
		 struct arena *arena)
{
	struct plan_rum list[ROWS_MAX];
	struct plan plan = { .rum = list };

	memcpy(list, rum, sizeof(list));
	while (plan.rum_count < ROWS_MAX && list[plan.rum_count].samples > 0)
		plan.rum_count++;
	plan_sort(&plan);
	assert_true(rum_fill(&w->view.rum, &w->policy, &plan, arena));
}

static void test_users_replace_what_is_expected(void **state)
{
	static const size_t endpoints[] = { 0, 2, 3 };
	static const double without[] = { 100, 20, 30 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct tiers_way ways[4];
		struct world w;

		prepare(&w);
		fill(&w, rows[i].rum, arena);
		expect_all(&w, ways);
		for (size_t k = 0; k < 3; k++) {
			const struct tiers_way *way = &ways[endpoints[k]];
			double ms = rows[i].ms[k] > 0
					    ? rows[i].ms[k]
					    : without[k] + rows[i].more;

			if (fabs(way->ms - ms) > 1e-3 ||
			    (way->users > 0) != (rows[i].ms[k] > 0))
				fail_msg("%s: %zu: %f ms of %u users",
					 rows[i].title, k, way->ms, way->users);
		}
		arena_free(arena);
	}
}

/* The mark tells whether decisions may differ. */
static void test_mark_is_of_values(void **state)
{
	struct plan_rum rum[ROWS_MAX] = { { "eu-west", LAT, LON, 40, 70 },
					  { "us-east", LAT, LON, 90, 70 } };
	struct arena *arena = arena_new();
	struct world w;
	uint64_t mark;

	(void)state;
	prepare(&w);
	fill(&w, rum, arena);
	mark = w.view.rum.mark;
	assert_true(mark != 0);
	rum[0].samples = 71;
	fill(&w, rum, arena);
	assert_true(mark == w.view.rum.mark);
	rum[0].ms = 41;
	fill(&w, rum, arena);
	assert_true(mark != w.view.rum.mark);
	rum[0].ms = 40;
	rum[0].cell_lon++;
	fill(&w, rum, arena);
	assert_true(mark != w.view.rum.mark);
	arena_free(arena);
}

static void test_listed_as_it_came(void **state)
{
	const struct plan_rum rum[ROWS_MAX] = { { "eu-west", 0, 179, 40, 70 },
						{ "us-east", 89, 0, 90, 50 } };
	struct arena *arena = arena_new();
	struct plan_rum *out = arena_alloc(arena, PLAN_RUM_MAX, sizeof(*out));
	struct world w;

	(void)state;
	prepare(&w);
	fill(&w, rum, arena);
	assert_int_equal(rum_list(&w.view.rum, &w.policy, out), 2);
	assert_memory_equal(out, rum, 2 * sizeof(*out));
	arena_free(arena);
}

static void test_cells(void **state)
{
	(void)state;
	assert_int_equal(rum_cell(53, -7), LAT * RUM_COLUMNS + LON);
	assert_int_equal(rum_cell(-90, -180), 0);
	assert_int_equal(rum_cell(90, 180), RUM_CELLS - 1);
	assert_int_equal(rum_cell(0, 0), RUM_NOWHERE);
	assert_int_equal(rum_cell(91, 0), RUM_NOWHERE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users_replace_what_is_expected),
		cmocka_unit_test(test_mark_is_of_values),
		cmocka_unit_test(test_listed_as_it_came),
		cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests_name("rum", tests, NULL, NULL);
}
