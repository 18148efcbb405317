/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision: what is worked out by realms and kinds is, class by class and
 * octet by octet, what the chain says of the class alone.
 */
#include "dns/decision.h"
#include "dns/model.h"
#include "policy/decide/lpm.h"
#include "policy/decide/vicinity.h"

#include "chain_plain.h"
#include "decide_world.h"
#include "geo_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = 16 };

struct lands {
	struct world w;
	struct geo geo;
	struct grounds grounds;
	struct model model;
};

/* Classes that have realms and places in common, and some of nowhere. */
static void draw_classes(struct lands *l, struct rng *rng)
{
	static const double places[] = { -71, 1, 39, 51, 53 };

	l->geo.class_count = 1 + rng_below(rng, CLASSES);
	for (size_t i = 0; i < l->geo.class_count; i++) {
		struct client_class *c = &l->geo.classes[i];

		*c = l->w.class;
		c->located = rng_below(rng, 5) != 0;
		c->latitude = places[rng_below(rng, 5)];
		c->longitude = places[rng_below(rng, 5)] * 2;
		if (rng_below(rng, 2) == 0)
			c->regions &= rng_next(rng) | rng_next(rng);
		if (rng_below(rng, 4) == 0)
			c->none_healthy = NONE_HEALTHY_NO_ANSWER;
		c->sets = rng_below(rng, 1 << WORLD_SETS);
	}
}

/* Draws all; what it points to is inside of l. */
static void lands_draw(struct lands *l, struct rng *rng)
{
	memset(l, 0, sizeof(*l));
	world_draw(&l->w, rng);
	l->w.view_service.changing = rng_below(rng, 2) == 0;
	draw_classes(l, rng);
	l->grounds.policy = l->model.policy = &l->w.policy;
	l->grounds.geo = l->model.geo = &l->geo;
	l->grounds.vicinity =
		vicinity_new(&l->w.policy, l->geo.classes, l->geo.class_count);
	l->model.grounds = &l->grounds;
	assert_non_null(l->grounds.vicinity);
}

static void lands_fini(struct lands *l)
{
	vicinity_free(l->grounds.vicinity);
}

static void check_class(const struct lands *l, const struct decision *d,
			size_t class, const struct row *want)
{
	const struct decision_row *r = &d->rows[d->row_of_class[class].row];
	const uint8_t *octets = d->row_octets + r->at;

	assert_true(d->row_of_class[class].row < d->row_count);
	if (memcmp(octets, want,
		   offsetof(struct row, entries) +
			   want->count * sizeof(want->entries[0])) != 0)
		fail_msg("class %zu of %zu: the row is another", class,
			 l->geo.class_count);
	assert_int_equal(r->draw, row_is_draw(want, l->w.service.answers));
}

static void test_rows_are_those_of_each_class(void **state)
{
	struct rng rng = { world_seed() };
	size_t shared = 0, several = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct lands l;
		struct decision *d;

		lands_draw(&l, &rng);
		d = decision_build(&l.model, &l.w.view, 0);
		assert_non_null(d);
		for (size_t i = 0; i < l.geo.class_count; i++) {
			struct row plain = chain_plain(&l.w.policy, &l.w.view,
						       0, &l.geo.classes[i]);
			struct row alone = chain_row(&l.w.policy, &l.w.view, 0,
						     &l.geo.classes[i], NULL);

			assert_memory_equal(&plain, &alone, sizeof(plain));
			check_class(&l, d, i, &plain);
		}
		shared += d->row_count < l.geo.class_count;
		several += d->row_count > 3;
		decision_unref(d);
		lands_fini(&l);
	}
	assert_true(shared > 5000 && several > 2000);
}

/* Equal ones are stored once. */
static void test_no_row_is_there_twice(void **state)
{
	struct rng rng = { world_seed() };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct lands l;
		struct decision *d;

		lands_draw(&l, &rng);
		d = decision_build(&l.model, &l.w.view, 0);
		assert_non_null(d);
		for (size_t i = 0; i < d->row_count; i++)
			for (size_t j = 0; j < i; j++) {
				const void *a = d->row_octets + d->rows[i].at;
				const void *b = d->row_octets + d->rows[j].at;

				assert_false(row_equal(a, b));
			}
		decision_unref(d);
		lands_fini(&l);
	}
}

/* Shared exactly where every class is divided alike; answers stay the same. */
static void test_divisions_are_shared(void **state)
{
	struct rng rng = { world_seed() };
	size_t shared = 0, apart = 0;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct lands l;
		struct decision *a, *b;
		bool alike = true;

		lands_draw(&l, &rng);
		a = decision_build(&l.model, &l.w.view, 0);
		world_draw_view(&l.w, &rng);
		b = decision_build(&l.model, &l.w.view, 0);
		assert_non_null(a);
		assert_non_null(b);
		for (size_t i = 0; i < l.geo.class_count; i++)
			alike &= a->row_of_class[i].row ==
				 b->row_of_class[i].row;
		assert_int_equal(decision_share(b, a), alike);
		assert_int_equal(a->row_of_class == b->row_of_class, alike);
		decision_unref(a);
		for (size_t i = 0; i < l.geo.class_count; i++) {
			struct row plain = chain_plain(&l.w.policy, &l.w.view,
						       0, &l.geo.classes[i]);

			check_class(&l, b, i, &plain);
		}
		decision_unref(b);
		lands_fini(&l);
		shared += alike;
		apart += !alike;
	}
	assert_true(shared > 500 && apart > 500);
}

/* A trace is of the same row, and changes nothing of it. */
static void test_a_trace_changes_nothing(void **state)
{
	struct rng rng = { world_seed() };

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct chain_trace trace;
		struct world w;
		struct row with, without;

		world_draw(&w, &rng);
		with = world_row(&w, &trace);
		without = world_row(&w, NULL);
		assert_memory_equal(&with, &without, sizeof(with));
		for (unsigned i = 0; i < with.count; i++) {
			const struct chain_reason *why =
				&trace.endpoints[with.entries[i].endpoint];

			assert_int_equal(why->step, STEP_KEPT);
			assert_int_equal(why->tier, with.entries[i].tier);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_those_of_each_class),
		cmocka_unit_test(test_no_row_is_there_twice),
		cmocka_unit_test(test_divisions_are_shared),
		cmocka_unit_test(test_a_trace_changes_nothing),
	};

	return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
