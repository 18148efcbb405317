/* SPDX-License-Identifier: Apache-2.0 */
/* view: from which view on a service's decisions have been the same. */
#include "policy/decide/view.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* since stands still exactly while view_same() says yes, step by step. */
static void test_since(void **state)
{
	struct rng rng = { world_seed() };
	unsigned still = 0, moved = 0;
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(scene_reduce(&s)->since, 1);
	for (int round = 0; round < 2000; round++) {
		struct view *before = s.view;
		uint64_t since = before->services[0].since;
		unsigned v = rng_below(&rng, WORLD_VANTAGES);
		struct report_entry *e = &s.entries[v][rng_below(&rng, 3)];

		if (rng_below(&rng, 3) == 0)
			e->state = (enum report_state)rng_below(&rng, 4);
		if (rng_below(&rng, 4) == 0)
			e->latency_ms += 1;
		if (rng_below(&rng, 40) == 0)
			s.in.now_ms += 70000;
		s.heard[v].heard_ms = s.in.now_ms;
		s.in.previous = before;
		s.view = view_reduce(&s.w.policy, &s.in);
		assert_non_null(s.view);
		assert_int_equal(s.view->serial, before->serial + 1);
		if (view_same(before, s.view, 0)) {
			assert_int_equal(s.view->services[0].since, since);
			still++;
		} else {
			assert_int_equal(s.view->services[0].since,
					 s.view->serial);
			moved++;
		}
		view_free(before);
	}
	assert_true(still > 500 && moved > 200);
	scene_fini(&s);
}

/* Of another policy nothing is the same. */
static void test_since_a_reload(void **state)
{
	struct scene s, next;
	struct view *view;

	(void)state;
	scene_init(&s);
	scene_init(&next);
	scene_reduce(&s);
	next.in.previous = s.view;
	view = view_reduce(&next.w.policy, &next.in);
	assert_int_equal(view->services[0].since, 2);
	view_free(view);
	scene_fini(&next);
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_since_a_reload),
	};

	return cmocka_run_group_tests_name("since", tests, NULL, NULL);
}
