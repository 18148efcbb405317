/* SPDX-License-Identifier: Apache-2.0 */
/* destinations: cells, what most of their clients get, and why. */
#include "steering/page/destinations.h"

#include "tests/unit/steer_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { CLASSES = 5 };

struct scene {
	struct steer_world world;
	struct client_class list[CLASSES];
	const struct client_class *classes[CLASSES];
	struct destination out[CLASSES];
};

static struct client_class at(const struct client_class *like, int16_t lat,
			      int16_t lon, double weight)
{
	struct client_class class = *like;

	class.located = true;
	class.cell_lat = lat;
	class.cell_lon = lon;
	class.latitude = client_cell_middle(lat) - 90;
	class.longitude = client_cell_middle(lon) - 180;
	class.weight_v4 = weight;
	class.weight_v6 = 0;
	return class;
}

/* Two Americans and a German in one cell, and one of each elsewhere; whom
 * nobody can place is on no map. */
static void set_up(struct scene *s)
{
	*s = (struct scene){ .out = { { .weight = 0 } } };
	steer_init(&s->world);
	/* All go to the endpoint listed first that they may have. */
	s->world.services[WWW].steer = STEER_FAILOVER;
	s->list[0] = at(&s->world.de, 70, 94, 30);
	s->list[1] = at(&s->world.us, 64, 51, 100);
	s->list[2] = at(&s->world.us, 70, 94, 10);
	s->list[3] = s->world.us;
	s->list[3].located = false;
	s->list[4] = at(&s->world.us, 70, 94, 15);
	for (size_t i = 0; i < CLASSES; i++)
		s->classes[i] = &s->list[i];
}

static size_t find(struct scene *s)
{
	return destinations_of(&s->world.view, WWW,
			       (struct demand_classes){ s->classes, CLASSES },
			       s->out);
}

static void test_cells(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s);
	assert_int_equal(find(&s), 2);
	assert_int_equal(s.out[0].cell_lat, 64);
	assert_int_equal(s.out[0].region, US_EAST);
	assert_true(s.out[0].weight > 99 && s.out[0].part > 0.99);
	/* 30 of 55 are Germans, whom residency keeps. */
	assert_int_equal(s.out[1].cell_lat, 70);
	assert_int_equal(s.out[1].region, EU_WEST);
	assert_string_equal(s.out[1].country, s.world.de.country);
	assert_true(s.out[1].part > 0.54 && s.out[1].part < 0.55);
	assert_int_equal(s.out[1].note, ROW_PLAIN);
}

static void test_health_moves_them(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s);
	steer_health(&s.world, WWW, EU_WEST, VERDICT_DOWN);
	find(&s);
	assert_int_equal(s.out[0].region, US_EAST);
	assert_int_equal(s.out[1].region, EU_NORTH);
	steer_health(&s.world, WWW, US_EAST, VERDICT_DOWN);
	find(&s);
	assert_int_equal(s.out[0].region, US_WEST);
}

static void test_nowhere(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s);
	s.list[1].regions = 0;
	find(&s);
	assert_int_equal(s.out[0].region, POLICY_NONE);
	assert_int_equal(s.out[0].note, ROW_NO_REGION);
	assert_true(s.out[0].part > 0.99);
}

static void test_json(void **state)
{
	struct scene s;
	json_t *says, *cell;

	(void)state;
	set_up(&s);
	says = destinations_write(&s.world.view, WWW,
				  (struct demand_classes){ s.classes,
							   CLASSES });
	assert_int_equal(json_array_size(json_object_get(says, "regions")),
			 STEER_REGIONS);
	assert_int_equal(json_array_size(json_object_get(says, "cells")), 2);
	cell = json_array_get(json_object_get(says, "cells"), 1);
	assert_true(json_real_value(json_array_get(cell, 0)) == 51.0);
	assert_true(json_real_value(json_array_get(cell, 1)) == 9.0);
	assert_int_equal(json_integer_value(json_array_get(cell, 3)), EU_WEST);
	assert_string_equal(json_string_value(json_array_get(cell, 6)),
			    "plain");
	json_decref(says);
	says = destinations_write(&s.world.view, API,
				  (struct demand_classes){ NULL, 0 });
	assert_int_equal(json_array_size(json_object_get(says, "cells")), 0);
	json_decref(says);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_health_moves_them),
		cmocka_unit_test(test_nowhere),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests_name("destinations", tests, NULL, NULL);
}
