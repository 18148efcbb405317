/* SPDX-License-Identifier: Apache-2.0 */
/* hearing: the same view comes of it as of the report. */
#include "policy/decide/hearing.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What vantages say, in any order, of strangers too, or nothing. */
static void draw_reports(struct scene *s, struct rng *rng)
{
	for (size_t v = 0; v < WORLD_VANTAGES; v++) {
		struct report *r = &s->reports[v];

		r->abstains = rng_below(rng, 6) == 0;
		for (size_t i = 0; i < r->count; i++) {
			struct report_entry *e = &r->entries[i], swap = *e;
			struct report_entry *other =
				&r->entries[rng_below(rng, (unsigned)r->count)];

			*e = *other;
			*other = swap;
			e->state = (enum report_state)rng_below(rng, 4);
			e->failing = rng_below(rng, 4) == 0;
			e->latency_ms = (float)rng_below(rng, 90);
			e->wall_probed_ms =
				rng_below(rng, 8) == 0
					? 0
					: SCENE_WALL_MS - rng_below(rng, 9000);
			if (rng_below(rng, 8) == 0)
				strcpy(e->endpoint, "stranger");
		}
		if (rng_below(rng, 6) == 0)
			s->heard[v].report = NULL;
	}
}

static void check_same(const struct view_service *a,
		       const struct view_service *b, size_t count)
{
	assert_int_equal(a->changing, b->changing);
	for (size_t i = 0; i < count; i++) {
		const struct view_endpoint *x = &a->endpoints[i];
		const struct view_endpoint *y = &b->endpoints[i];

		assert_int_equal(x->health.verdict, y->health.verdict);
		assert_int_equal(x->health.held, y->health.held);
		assert_int_equal(x->health.up, y->health.up);
		assert_int_equal(x->health.down_by, y->health.down_by);
		assert_memory_equal(x->latency_ms, y->latency_ms,
				    WORLD_VANTAGES * sizeof(float));
	}
}

static void test_views_are_the_same(void **state)
{
	struct rng rng = { world_seed() };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct hearing *hearings[WORLD_VANTAGES] = { NULL };
		struct scene s;
		struct view *by_hearing;

		scene_init(&s);
		draw_reports(&s, &rng);
		for (size_t v = 0; v < WORLD_VANTAGES; v++)
			if (s.heard[v].report != NULL)
				hearings[v] = hearing_new(&s.w.policy,
							  s.heard[v].report);
		scene_reduce(&s);
		for (size_t v = 0; v < WORLD_VANTAGES; v++)
			s.heard[v].hearing = hearings[v];
		s.in.previous = NULL;
		by_hearing = view_reduce(&s.w.policy, &s.in);
		assert_non_null(by_hearing);
		check_same(&s.view->services[0], &by_hearing->services[0],
			   s.w.service.endpoint_count);
		view_free(by_hearing);
		for (size_t v = 0; v < WORLD_VANTAGES; v++)
			hearing_free(hearings[v]);
		scene_fini(&s);
	}
}

/* It is of one policy: for another the report is looked through. */
static void test_of_another_policy(void **state)
{
	struct hearing *hearing;
	struct scene s;
	struct policy other;

	(void)state;
	scene_init(&s);
	hearing = hearing_new(&s.w.policy, &s.reports[0]);
	assert_non_null(hearing_entries(hearing, &s.w.policy));
	other = s.w.policy;
	assert_null(hearing_entries(hearing, &other));
	strcpy(s.w.policy.digest, "another at the same place");
	assert_null(hearing_entries(hearing, &s.w.policy));
	assert_null(hearing_entries(NULL, &other));
	s.heard[0].hearing = hearing;
	scene_say(&s, 0xf, 2, REPORT_OPEN);
	assert_int_equal(scene_reduce(&s)->endpoints[2].health.down, 4);
	hearing_free(hearing);
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views_are_the_same),
		cmocka_unit_test(test_of_another_policy),
	};

	return cmocka_run_group_tests_name("hearing", tests, NULL, NULL);
}
