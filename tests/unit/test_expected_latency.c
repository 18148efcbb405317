/* SPDX-License-Identifier: Apache-2.0 */
/* latency: distances, ways, and the mean over the nearest vantages. */
#include "policy/decide/latency.h"

#include "decide_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* clang-format off */
static const struct distance_row {
	const char *title;
	double lat1, lon1, lat2, lon2, km;
} distances[] = {
	{ "nowhere to go",           53.35,  -6.26,  53.35, -6.26,      0 },
	{ "a quarter of the globe",   0,      0,      0,    90,     10007.5 },
	{ "pole to pole",            90,      0,    -90,     0,     20015.1 },
	{ "across the date line",     0,    179.5,    0,  -179.5,     111.2 },
	{ "antipodes",               40,    -75,    -40,   105,     20015.1 },
	{ "Dublin to Frankfurt",     53.35,  -6.26,  50.11,  8.68,   1086 },
	{ "Ashburn to Singapore",    38.95, -77.45,   1.35, 103.8,  15545 },
};
/* clang-format on */

static void test_distances(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		const struct distance_row *d = &distances[i];
		double km =
			latency_distance_km(d->lat1, d->lon1, d->lat2, d->lon2);
		double back =
			latency_distance_km(d->lat2, d->lon2, d->lat1, d->lon1);

		if (fabs(km - d->km) > 1 + d->km * 0.003)
			fail_msg("%s: %.1f km", d->title, km);
		if (fabs(km - back) > 1e-6)
			fail_msg("%s: %.9f km back", d->title, back);
	}
}

static void test_way_is_light_in_fibre(void **state)
{
	(void)state;
	/* 1000 km there and back are 10 ms, stretched. */
	assert_true(fabs(latency_way_ms(1000) - 10 * LATENCY_STRETCH) < 1e-9);
	assert_true(latency_way_ms(0) == 0);
}

/* What latency steering expects of a region's endpoint for the class. */
static struct tiers_way expected(struct world *w, int region)
{
	struct latency_room room;
	struct latency_ways ways = latency_ways_in(&room);
	struct tiers_ground ground;
	struct tiers tiers;

	w->service.steer = STEER_LATENCY;
	tiers_ground_init(&ground, &w->policy, &w->view, 0);
	latency_go(&w->policy, w->class.latitude, w->class.longitude, &ways);
	tiers_init(&tiers, &ground, &ways, UINT64_C(1) << region);
	return tiers_way(&tiers, (size_t)region);
}

static void test_without_measurements_it_is_the_way(void **state)
{
	struct world w;
	struct tiers_way l;

	(void)state;
	world_init(&w);
	l = expected(&w, 3);
	assert_int_equal(l.near.count, 0);
	assert_true(
		fabs(l.ms - latency_way_ms(latency_distance_km(53, -7, 50.11,
							       8.68))) < 1e-6);
}

static void test_nearest_three_by_inverse_distance(void **state)
{
	struct world w;
	double d[4], sum = 0, weight = 0;
	struct tiers_way l;

	(void)state;
	world_init(&w);
	for (int v = 0; v < 4; v++) {
		double km = latency_distance_km(53, -7, w.vantages[v].latitude,
						w.vantages[v].longitude);

		d[v] = km < 50 ? 50 : km;
		w.view_endpoints[3].latency_ms[v] = (float)(10 * (v + 1));
		/* sin is the farthest of four, so it has no say. */
		if (v == 3)
			continue;
		sum += (10 * (v + 1) + latency_way_ms(km)) / d[v];
		weight += 1 / d[v];
	}
	l = expected(&w, 3);
	assert_int_equal(l.near.count, 3);
	assert_true(fabs(l.ms - sum / weight) < 0.01);
	w.view_endpoints[3].latency_ms[3] = 9999;
	assert_true(fabs(expected(&w, 3).ms - l.ms) < 1e-9);
}

static void test_stale_vantages_have_no_say(void **state)
{
	struct world w;
	struct tiers_way l;

	(void)state;
	world_init(&w);
	w.view_endpoints[3].latency_ms[3] = 5; /* sin alone */
	l = expected(&w, 3);
	assert_int_equal(l.near.count, 1);
	assert_int_equal(l.near.vantages[0], 3);
	assert_true(fabs(l.ms - 5 -
			 latency_way_ms(latency_distance_km(53, -7, 1.35,
							    103.8))) < 0.01);
}

/* clang-format off */
static const struct stretch_row {
	const char *title;
	float reported[4], region, vantages[4];
} stretches[] = {
	{ "nobody knows: the preset",     { 0, 0, 0, 0 },       0,    { 0, 0, 0, 0 } },
	{ "one knows: it is everyone's",  { 0, 2.5f, 0, 0 },    2.5f, { 2.5f, 2.5f, 2.5f, 2.5f } },
	{ "each its own",                 { 1.5f, 2, 3, 2.5f }, 2,    { 1.5f, 2, 3, 2.5f } },
	{ "who does not know: the median", { 4, 0, 1.5f, 2 },   2,    { 4, 2, 1.5f, 2 } },
};
/* clang-format on */

static void test_stretch_of_each_vantage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stretches) / sizeof(stretches[0]); i++) {
		const struct stretch_row *r = &stretches[i];
		struct latency_stretch got = latency_stretch_of(r->reported, 4);
		bool same = got.region == r->region;

		for (size_t v = 0; v < 4; v++)
			same = same && got.vantages[v] == r->vantages[v];
		if (!same)
			fail_msg("%s: region %f", r->title, (double)got.region);
	}
}

static void test_fitted_stretch_is_used(void **state)
{
	struct world w;
	double ms;

	(void)state;
	world_init(&w);
	ms = expected(&w, 3).ms;
	w.view.stretch.region = 3.2f;
	assert_true(fabs(expected(&w, 3).ms - 2 * ms) < 1e-5);
	w.view_endpoints[3].latency_ms[3] = 5;
	w.view.stretch.vantages[3] = 2;
	ms = latency_light_ms(latency_distance_km(53, -7, 1.35, 103.8));
	assert_true(fabs(expected(&w, 3).ms - 5 - 2 * ms) < 0.01);
}

static double km_to(const struct world *w, int vantage)
{
	return latency_distance_km(w->class.latitude, w->class.longitude,
				   w->vantages[vantage].latitude,
				   w->vantages[vantage].longitude);
}

static void test_every_vantage_order_finds_the_nearest(void **state)
{
	struct rng rng = { world_seed() };
	struct world w;

	(void)state;
	for (int round = 0; round < 500; round++) {
		double before;
		int far = 0;

		world_init(&w);
		w.class.latitude = (double)rng_below(&rng, 180) - 90;
		w.class.longitude = (double)rng_below(&rng, 360) - 180;
		for (int v = 0; v < 4; v++)
			w.view_endpoints[0].latency_ms[v] =
				(float)(1 + rng_below(&rng, 50));
		for (int v = 1; v < 4; v++)
			if (km_to(&w, v) > km_to(&w, far))
				far = v;
		before = expected(&w, 0).ms;
		w.view_endpoints[0].latency_ms[far] = 0;
		assert_true(fabs(expected(&w, 0).ms - before) < 1e-9);
		w.view_endpoints[0].latency_ms[(far + 1) % 4] += 1;
		assert_true(expected(&w, 0).ms > before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distances),
		cmocka_unit_test(test_way_is_light_in_fibre),
		cmocka_unit_test(test_without_measurements_it_is_the_way),
		cmocka_unit_test(test_nearest_three_by_inverse_distance),
		cmocka_unit_test(test_stale_vantages_have_no_say),
		cmocka_unit_test(test_stretch_of_each_vantage),
		cmocka_unit_test(test_fitted_stretch_is_used),
		cmocka_unit_test(test_every_vantage_order_finds_the_nearest),
	};

	return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
