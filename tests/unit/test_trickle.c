/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint on trial with users: when readers take it for one, and which part
 * of its clients it takes. */
#include "policy/decide/chain.h"
#include "policy/decide/view.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* On trial with users, when more than half of those who say down have it so. */
static void test_when_it_is_so(void **state)
{
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	scene_say(&s, 0x7, 2, REPORT_HALF_OPEN);
	www = scene_reduce(&s);
	assert_false(www->endpoints[2].trickle);
	s.entries[0][2].trickle = true;
	www = scene_reduce(&s);
	assert_false(www->endpoints[2].trickle);
	s.entries[1][2].trickle = true;
	www = scene_reduce(&s);
	assert_true(www->endpoints[2].trickle);
	assert_true(www->changing);
	/* A word that fits no other state counts for nothing. */
	scene_say(&s, 0x2, 2, REPORT_OPEN);
	www = scene_reduce(&s);
	assert_false(www->endpoints[2].trickle);
	scene_say(&s, 0x7, 2, REPORT_CLOSED);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].health.verdict, VERDICT_UP);
	assert_false(www->endpoints[2].trickle);
	/* Held, nobody is there who said it. */
	scene_say(&s, 0x7, 2, REPORT_HALF_OPEN);
	s.entries[2][2].trickle = true;
	www = scene_reduce(&s);
	assert_true(www->endpoints[2].trickle);
	s.in.now_ms += 3600000;
	www = scene_reduce(&s);
	assert_true(www->endpoints[2].health.held);
	assert_false(www->endpoints[2].trickle);
	scene_fini(&s);
}

/* The first is on trial, and of the others down are those before the down-th.
 */
static void begin(struct world *w, int down)
{
	world_init(w);
	w->service.steer = STEER_FAILOVER;
	for (int i = 0; i < down; i++)
		w->view_endpoints[i].health.verdict = VERDICT_DOWN;
	w->view_endpoints[0].trickle = true;
}

/* Two of a hundred, or fewer where it is on hold with fewer. */
static void test_its_part(void **state)
{
	struct world w;
	struct row row;

	(void)state;
	begin(&w, 1);
	row = world_row(&w, NULL);
	assert_int_equal(row.entries[0].accept, accept_of(REPORT_TRICKLE));
	assert_int_equal(row.entries[0].deferred, 0);
	assert_int_equal(row.entries[1].accept, ACCEPT_ALL);
	w.view_endpoints[0].accept = accept_of(0.05);
	row = world_row(&w, NULL);
	assert_int_equal(row.entries[0].accept, accept_of(REPORT_TRICKLE));
	w.view_endpoints[0].accept = accept_of(0.01);
	row = world_row(&w, NULL);
	assert_int_equal(row.entries[0].accept, accept_of(0.01));
	/* Where all are down it is like the others. */
	begin(&w, WORLD_ENDPOINTS);
	row = world_row(&w, NULL);
	assert_int_equal(row.note, ROW_NONE_HEALTHY);
	assert_int_equal(row.entries[0].accept, ACCEPT_ALL);
	/* Deferred, it takes what the deferred take. */
	begin(&w, 1);
	w.view_endpoints[0].deferred = true;
	row = world_row(&w, NULL);
	assert_int_equal(row.note, ROW_DEFERRED);
	assert_int_equal(row.entries[0].accept, ACCEPT_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_it_is_so),
		cmocka_unit_test(test_its_part),
	};

	return cmocka_run_group_tests_name("trickle", tests, NULL, NULL);
}
