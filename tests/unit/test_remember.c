/* SPDX-License-Identifier: Apache-2.0 */
/* view: what a vantage said of distances outlives its silence. */
#include "policy/decide/view.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Of whoever was heard once: how roads lead does not change with silence. */
static void test_stretch_outlives_silence(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.reports[1].stretch = 2;
	s.reports[2].stretch = 3;
	scene_reduce(&s);
	assert_true(s.view->stretch.vantages[0] == 2 &&
		    s.view->stretch.vantages[1] == 2 &&
		    s.view->stretch.vantages[2] == 3);
	s.in.now_ms += 3600000;
	s.reports[1].abstains = true;
	s.heard[0].report = NULL;
	scene_reduce(&s);
	assert_true(s.view->stretch.vantages[0] == 2 &&
		    s.view->stretch.region == 2);
	scene_fini(&s);
}

/* For ten minutes nobody is sent elsewhere because a vantage is silent. */
static void test_latency_outlives_silence(void **state)
{
	struct scene s;
	const struct view_endpoint *e;

	(void)state;
	scene_init(&s);
	scene_reduce(&s);
	s.in.now_ms += VIEW_REMEMBER_MS;
	e = &scene_reduce(&s)->endpoints[0];
	assert_int_equal(e->health.up, 0);
	assert_true(e->latency_ms[2] == 12);
	/* It begins again: abstains, has measured nothing yet, then has. */
	s.reports[2].abstains = true;
	s.entries[2][0].latency_ms = 0;
	s.heard[2].heard_ms = s.in.now_ms;
	assert_true(scene_reduce(&s)->endpoints[0].latency_ms[2] == 12);
	s.reports[2].abstains = false;
	assert_true(scene_reduce(&s)->endpoints[0].latency_ms[2] == 12);
	s.entries[2][0].latency_ms = 44;
	s.entries[2][0].wall_probed_ms = s.reports[2].wall_made_ms;
	assert_true(scene_reduce(&s)->endpoints[0].latency_ms[2] == 44);
	s.in.now_ms += 1;
	assert_true(scene_reduce(&s)->endpoints[0].latency_ms[0] == 0);
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stretch_outlives_silence),
		cmocka_unit_test(test_latency_outlives_silence),
	};

	return cmocka_run_group_tests_name("remember", tests, NULL, NULL);
}
