/* SPDX-License-Identifier: Apache-2.0 */
/* deferral: what a view serves though it is down, and who agrees on it. */
#include "policy/decide/deferral.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* So long down, by the reports of all vantages. */
static void say_down(struct scene *s, int endpoint, int64_t down_ms)
{
	scene_say(s, 0xf, endpoint, REPORT_OPEN);
	for (int v = 0; v < WORLD_VANTAGES; v++)
		s->entries[v][endpoint].down_ms = down_ms;
}

/* A bit per endpoint that is deferred. */
static unsigned deferred_of(const struct scene *s)
{
	unsigned set = 0;

	for (size_t i = 0; i < s->w.service.endpoint_count; i++)
		if (s->view->services[0].endpoints[i].deferred)
			set |= 1u << i;
	return set;
}

static void test_beyond_the_budget(void **state)
{
	struct scene s;
	const struct view_service *www;
	struct plan_share *share;

	(void)state;
	scene_init(&s);
	s.w.policy.safety.max_capacity_opened_pct = 50;
	s.w.policy.safety.max_capacity_at_once_pct = 34;
	say_down(&s, 0, 400000);
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0);
	assert_false(s.view->turned);
	say_down(&s, 1, 3000);
	say_down(&s, 2, 2000);
	say_down(&s, 3, 1000);
	www = scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0x8);
	assert_int_equal(s.view->deferred, 1);
	assert_true(s.view->turned && www->endpoints[3].turned);
	assert_false(www->endpoints[2].turned);
	assert_int_equal(www->endpoints[3].health.verdict, VERDICT_DOWN);
	assert_int_equal(view_verdict(&www->endpoints[3]), VERDICT_UNKNOWN);
	assert_int_equal(view_verdict(&www->endpoints[2]), VERDICT_DOWN);
	assert_int_equal(www->endpoints[2].down_ms, 2000);
	scene_pass(&s, 100000);
	www = scene_reduce(&s);
	assert_true(www->changing); /* for as long as it stays so */
	assert_false(s.view->turned);

	/* Without one that is drained, two of five are too many at once. */
	share = scene_add_share(&s, "us-east", 0, PLAN_COMMAND);
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0xc);
	share->cause = PLAN_FULL;
	share->share = 1;
	scene_say(&s, 0xf, 0, REPORT_CLOSED);
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0x8); /* three at once */
	say_down(&s, 1, 300000);
	say_down(&s, 2, 300000);
	www = scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0);
	assert_true(s.view->turned && www->endpoints[3].turned);
	assert_int_equal(s.view->deferred, 0);
	scene_fini(&s);
}

/* Who starts now, and who has been there all the time: the same. */
static void test_who_joins_agrees(void **state)
{
	struct scene s;
	struct view *joined;

	(void)state;
	scene_init(&s);
	s.w.policy.safety.max_capacity_opened_pct = 50;
	s.w.policy.safety.max_capacity_at_once_pct = 34;
	for (int i = 0; i < 5; i++) {
		say_down(&s, 4 - i, 0);
		scene_reduce(&s);
		for (int e = 4 - i; e < 5; e++)
			say_down(&s, e, s.entries[0][e].down_ms + 60000);
		scene_pass(&s, 60000);
		scene_reduce(&s);
		s.in.previous = NULL;
		joined = view_reduce(&s.w.policy, &s.in);
		for (int e = 0; e < 6; e++)
			assert_int_equal(
				joined->services[0].endpoints[e].deferred,
				s.view->services[0].endpoints[e].deferred);
		view_free(joined);
	}
	assert_int_not_equal(deferred_of(&s), 0);
	scene_fini(&s);
}

/* While nobody speaks what is out stays out, and the time goes on. */
static void test_held_deferral(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.w.policy.safety.max_capacity_opened_pct = 50;
	s.w.policy.safety.max_capacity_at_once_pct = 34;
	for (int i = 0; i < 3; i++)
		say_down(&s, i, 1000);
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0x4);
	for (int v = 0; v < WORLD_VANTAGES; v++)
		s.heard[v].report = NULL;
	s.in.now_ms += 298999;
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0x4);
	assert_true(s.view->services[0].endpoints[2].health.held);
	s.in.now_ms += 1;
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0);
	assert_int_equal(s.view->services[0].endpoints[2].down_ms, 300000);
	scene_fini(&s);
}

/* What takes nobody, or whose canary has all, is no part of the budget. */
static void test_what_the_budget_counts(void **state)
{
	struct scene s;
	struct plan_share *share;

	(void)state;
	scene_init(&s);
	s.w.policy.safety.max_capacity_opened_pct = 50;
	s.w.policy.safety.max_capacity_at_once_pct = 50;
	s.w.service.endpoint_count = 3;
	world_add_canary(&s.w, 0x2);
	scene_init_reports(&s);
	say_down(&s, 0, 1000);
	say_down(&s, 1, 5000);
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0x1);
	share = scene_add_share(&s, "v2.us-west", 1, PLAN_CANARY);
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0);
	share->share = 0.99;
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0x1);
	share = scene_add_share(&s, "us-west", 1, PLAN_FULL);
	share->weight = 0;
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0);
	share->weight = 1;
	share->cause = PLAN_COMMAND;
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0x1);
	share->share = 0;
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0);
	say_down(&s, 3, 0); /* a canary's own endpoint */
	scene_reduce(&s);
	assert_int_equal(deferred_of(&s), 0);
	scene_fini(&s);
}

static void test_text(void **state)
{
	struct scene s;
	char buf[160];

	(void)state;
	scene_init(&s);
	scene_reduce(&s);
	assert_string_equal(deferral_text(s.view, buf, sizeof(buf)), "");
	for (int i = 0; i < 4; i++)
		say_down(&s, i, 1000);
	scene_reduce(&s);
	assert_string_equal(deferral_text(s.view, buf, sizeof(buf)),
			    "down and still served: www/us-west and 2 more; "
			    "safety.max_capacity_opened is reached");
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beyond_the_budget),
		cmocka_unit_test(test_who_joins_agrees),
		cmocka_unit_test(test_held_deferral),
		cmocka_unit_test(test_what_the_budget_counts),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests_name("deferral", tests, NULL, NULL);
}
