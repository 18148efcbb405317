/* SPDX-License-Identifier: Apache-2.0 */
/* view: what reports, plans and commands make of the world. */
#include "policy/decide/view.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_health_by_votes(void **state)
{
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[0].health.verdict, VERDICT_UP);
	assert_int_equal(www->endpoints[0].health.up, 4);
	assert_false(www->changing);

	scene_say(&s, 0x1, 2, REPORT_OPEN); /* one vantage lies */
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].health.verdict, VERDICT_UP);
	assert_int_equal(www->endpoints[2].health.down_by, 0x1);
	assert_false(www->changing);

	/* Two of four are as many as the quorum: out for those near them. */
	scene_say(&s, 0x3, 2, REPORT_OPEN);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].health.verdict, VERDICT_UP);
	assert_true(www->endpoints[2].health.split);
	assert_true(www->changing);

	scene_say(&s, 0x7, 2, REPORT_OPEN);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].health.verdict, VERDICT_DOWN);
	assert_int_equal(www->endpoints[3].health.verdict, VERDICT_UP);
	assert_true(www->changing);

	scene_say(&s, 0x7, 2,
		  REPORT_HALF_OPEN); /* on trial is down for others */
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].health.verdict, VERDICT_DOWN);

	scene_say(&s, 0x7, 2, REPORT_CLOSED);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].health.verdict, VERDICT_UP);
	scene_fini(&s);
}

/* clang-format off */
static const struct fresh_row {
	const char *title;
	enum report_state state;
	bool abstains;
	int64_t silence_ms; /* since the report came */
	int64_t age_ms;     /* of the probe when it was made; -1: never */
	bool counts;
} fresh[] = {
	{ "just now",                         REPORT_CLOSED, false,    0,     0, true  },
	{ "at the limit, 3 intervals",        REPORT_CLOSED, false, 6000,     0, true  },
	{ "beyond it",                        REPORT_CLOSED, false, 6001,     0, false },
	{ "silence and age add up",           REPORT_CLOSED, false, 3000,  3000, true  },
	{ "and are too old together",         REPORT_CLOSED, false, 3000,  3001, false },
	{ "an old probe in a fresh report",   REPORT_CLOSED, false,    0,  6001, false },
	{ "a probe that ended after the report", REPORT_CLOSED, false, 0, -5000, true  },
	{ "a future probe hides no silence",  REPORT_CLOSED, false, 6001, -5000, false },
	{ "never probed",                     REPORT_CLOSED, false,    0,    -1, false },
	{ "an unknown state",                 REPORT_UNKNOWN, false,   0,     0, false },
	{ "a vantage that abstains",          REPORT_CLOSED, true,     0,     0, false },
	{ "an open breaker rests",            REPORT_OPEN,   false, 6000, 72000, true  },
	{ "but not for ever",                 REPORT_OPEN,   false, 6000, 72001, false },
	{ "and its vantage must speak",       REPORT_OPEN,   false, 6001,     0, false },
	{ "a trial begins after the rest",    REPORT_HALF_OPEN, false, 6000, 72000, true },
	{ "and ends",                         REPORT_HALF_OPEN, false, 6000, 72001, false },
};
/* clang-format on */

static void test_freshness(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++) {
		const struct fresh_row *row = &fresh[i];
		struct scene s;
		const struct view_endpoint *e;
		struct report_entry *entry;
		unsigned votes;

		scene_init(&s);
		entry = &s.entries[1][0];
		entry->state = row->state;
		entry->wall_probed_ms =
			row->age_ms == -1 ? 0 : SCENE_WALL_MS - row->age_ms;
		s.reports[1].abstains = row->abstains;
		s.heard[1].heard_ms = SCENE_START_MS - row->silence_ms;
		e = &scene_reduce(&s)->endpoints[0];
		votes = (unsigned)e->health.up + e->health.down;
		if (votes != 3u + row->counts)
			fail_msg("%s: %u votes", row->title, votes);
		if ((e->latency_ms[1] > 0) !=
		    (row->counts && row->state == REPORT_CLOSED))
			fail_msg("%s: latency %f", row->title,
				 (double)e->latency_ms[1]);
		scene_fini(&s);
	}
}

static void test_short_intervals_have_five_seconds(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.w.check.interval_ms = 500;
	s.in.now_ms += 4900;
	assert_int_equal(scene_reduce(&s)->endpoints[0].health.up, 4);
	s.in.now_ms += 1; /* 4901 and the probe's own 100 */
	assert_int_equal(scene_reduce(&s)->endpoints[0].health.up, 0);
	scene_fini(&s);
}

static void test_silence_holds_the_verdict(void **state)
{
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	scene_say(&s, 0xf, 2, REPORT_OPEN);
	scene_reduce(&s);
	for (int v = 0; v < WORLD_VANTAGES; v++)
		s.heard[v].report = NULL;
	for (int round = 0; round < 3; round++) {
		s.in.now_ms += 3600000;
		www = scene_reduce(&s);
		assert_int_equal(www->endpoints[2].health.verdict,
				 VERDICT_DOWN);
		assert_true(www->endpoints[2].health.held);
		assert_int_equal(www->endpoints[1].health.verdict, VERDICT_UP);
		assert_true(www->endpoints[1].latency_ms[0] == 0);
	}
	assert_false(www->changing);
	scene_fini(&s);
}

static void test_verdicts_outlive_a_reload(void **state)
{
	struct scene s, next;
	struct view *view;

	(void)state;
	scene_init(&s);
	scene_say(&s, 0xf, 2, REPORT_OPEN);
	scene_reduce(&s);
	/* The new policy has the first three endpoints in another order. */
	scene_init(&next);
	next.w.service.endpoint_count = 3;
	next.w.endpoints[0] = s.w.endpoints[2];
	next.w.endpoints[2] = s.w.endpoints[0];
	memset(next.heard, 0, sizeof(next.heard));
	next.in.previous = s.view;
	view = view_reduce(&next.w.policy, &next.in);
	assert_int_equal(view->services[0].endpoints[0].health.verdict,
			 VERDICT_DOWN);
	assert_int_equal(view->services[0].endpoints[2].health.verdict,
			 VERDICT_UP);
	view_free(view);
	scene_fini(&s);
}

static void test_unmonitored_is_unknown(void **state)
{
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	scene_say(&s, 0xf, 2, REPORT_OPEN);
	s.w.service.check = POLICY_NONE;
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].health.verdict, VERDICT_UNKNOWN);
	scene_fini(&s);
}

/* Measured: its latencies are there; never counted: it is not down. */
static void test_shadow_is_unknown(void **state)
{
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	scene_say(&s, 0xf, 2, REPORT_OPEN);
	s.w.check.shadow = true;
	s.w.service.steer = STEER_LATENCY;
	s.entries[1][0].latency_ms = 20;
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].health.verdict, VERDICT_UNKNOWN);
	assert_int_equal(www->endpoints[2].health.down, 0);
	assert_false(www->changing);
	assert_true(www->endpoints[0].latency_ms[1] > 0);
	scene_fini(&s);
}

static void test_plan_by_name(void **state)
{
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	scene_add_share(&s, "eu-west", 0.25, PLAN_RAMP);
	scene_add_share(&s, "us-east", 1, PLAN_COMMAND)->weight = 7;
	scene_add_share(&s, "mars", 0, PLAN_RAMP);
	snprintf(s.plan.policy_digest, 65, "another");
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].accept, UINT32_C(1) << 30);
	assert_int_equal(www->endpoints[2].cause, SHARE_RAMP);
	assert_int_equal(www->endpoints[2].weight, 1);
	assert_int_equal(www->endpoints[0].weight, 7);
	assert_int_equal(www->endpoints[0].accept, ACCEPT_ALL);
	assert_int_equal(www->endpoints[1].accept, ACCEPT_ALL);
	assert_true(s.view->plan_mismatch);
	assert_int_equal(s.view->plan_epoch, 3);
	assert_int_equal(s.view->plan_sequence, 9);
	assert_true(www->changing);
	s.plan.policy_digest[0] = '\0';
	scene_reduce(&s);
	assert_false(s.view->plan_mismatch);
	scene_fini(&s);
}

static void test_canaries_take_nothing_unasked(void **state)
{
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	world_add_canary(&s.w, 0x4);
	scene_init_reports(&s);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[6].accept, ACCEPT_NONE);
	assert_int_equal(www->endpoints[6].cause, SHARE_CANARY);
	assert_string_equal(www->endpoints[6].cause_ref, "v2");
	scene_add_share(&s, "v2.eu-west", 0.5, PLAN_CANARY);
	scene_pass(&s, 1000);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[6].accept, UINT32_C(1) << 31);
	assert_int_equal(www->changed_ms, SCENE_START_MS + 1000);
	/* Waiting at its percent is not changing, once it has baked. */
	scene_pass(&s, 60000);
	assert_false(scene_reduce(&s)->changing);
	scene_fini(&s);
}

static void test_changing(void **state)
{
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	assert_false(scene_reduce(&s)->changing);
	s.entries[1][0].failing = true; /* the first failing probe */
	assert_true(scene_reduce(&s)->changing);
	s.entries[1][0].failing = false;
	assert_false(scene_reduce(&s)->changing);
	s.entries[1][0].failing = true;
	s.reports[1].abstains = true; /* it does not trust itself */
	assert_false(scene_reduce(&s)->changing);
	s.reports[1].abstains = false;
	s.entries[1][0].failing = false;

	scene_say(&s, 0xf, 3, REPORT_OPEN);
	scene_pass(&s, 1000);
	www = scene_reduce(&s);
	assert_int_equal(www->changed_ms, SCENE_START_MS + 1000);
	assert_true(www->changing);
	scene_pass(&s, 59999);
	assert_true(scene_reduce(&s)->changing);
	scene_pass(&s, 1);
	assert_false(
		scene_reduce(&s)->changing); /* it stays away: that is steady */
	scene_say(&s, 0xf, 3, REPORT_CLOSED);
	assert_true(scene_reduce(&s)->changing);
	scene_fini(&s);
}

static void test_waiting_for_failback_is_steady(void **state)
{
	struct scene s;
	struct plan_share *share;

	(void)state;
	scene_init(&s);
	share = scene_add_share(&s, "eu-west", 0, PLAN_HOLD);
	assert_int_equal(scene_reduce(&s)->endpoints[2].cause, SHARE_RAMP);
	assert_false(s.view->services[0].changing);
	share->share = 0.01;
	assert_true(scene_reduce(&s)->changing);
	scene_fini(&s);
}

static void test_first_reports_change_nothing(void **state)
{
	struct scene s;
	struct report none = { 0 };

	(void)state;
	scene_init(&s);
	s.heard[0].report = s.heard[1].report = NULL;
	s.heard[2].report = &none; /* a report of no endpoint */
	s.heard[3].report = NULL;
	assert_int_equal(scene_reduce(&s)->endpoints[0].health.verdict,
			 VERDICT_UNKNOWN);
	s.heard[0].report = &s.reports[0];
	s.heard[1].report = &s.reports[1];
	assert_int_equal(scene_reduce(&s)->endpoints[0].health.verdict,
			 VERDICT_UP);
	assert_false(s.view->services[0].changing);
	scene_fini(&s);
}

/* view_same() and the rows of a class agree: no row may be missed. */
static void test_same_views_have_same_rows(void **state)
{
	struct rng rng = { world_seed() };
	unsigned same = 0;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct world w;
		struct view_endpoint endpoints[WORLD_ENDPOINTS];
		struct view_service service;
		struct view view;
		struct row a, b;

		world_draw(&w, &rng);
		a = world_row(&w, NULL);
		memcpy(endpoints, w.view_endpoints, sizeof(endpoints));
		service = w.view_service;
		service.endpoints = endpoints;
		view = w.view;
		view.services = &service;
		endpoints[rng_below(&rng, 3)].health.verdict =
			(enum verdict)rng_below(&rng, 3);
		endpoints[rng_below(&rng, 3)].cause =
			(enum share_cause)rng_below(&rng, 4);
		endpoints[rng_below(&rng, 3)].health.up = 7;
		endpoints[rng_below(&rng, 3)].deferred = rng_below(&rng, 2);
		b = chain_row(&w.policy, &view, 0, &w.class, NULL);
		if (!view_same(&w.view, &view, 0))
			continue;
		same++;
		assert_true(row_equal(&a, &b));
	}
	assert_true(same > 500);
}

static void test_differences_that_count(void **state)
{
	struct scene s;
	struct view *other;

	(void)state;
	scene_init(&s);
	scene_reduce(&s);
	s.in.previous = NULL;
	other = view_reduce(&s.w.policy, &s.in);
	assert_true(view_same(s.view, other, 0));
	other->services[0].endpoints[1].latency_ms[2] += 1;
	assert_false(view_same(s.view, other, 0));
	s.w.service.steer = STEER_GEO; /* nobody looks at it then */
	assert_true(view_same(s.view, other, 0));
	s.w.service.steer = STEER_LATENCY;
	other->services[0].endpoints[1].latency_ms[2] -= 1;
	other->rum.mark = 2;
	assert_false(view_same(s.view, other, 0));
	other->rum.mark = 0;
	other->stretch.vantages[2] = 2;
	assert_false(view_same(s.view, other, 0));
	s.w.service.steer = STEER_GEO;
	assert_true(view_same(s.view, other, 0));
	s.w.service.steer = STEER_LATENCY;
	other->stretch.vantages[2] = 0;
	other->services[0].endpoints[1].weight = 9;
	assert_false(view_same(s.view, other, 0));
	other->services[0].endpoints[1].weight = 1;
	other->services[0].changing = true;
	assert_false(view_same(s.view, other, 0));
	other->services[0].changing = false;
	other->services[0].endpoints[1].trickle = true;
	assert_false(view_same(s.view, other, 0));
	other->services[0].endpoints[1].trickle = false;
	other->services[0].endpoints[0].health.held = true;
	assert_false(view_same(s.view, other, 0));
	view_free(other);
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_health_by_votes),
		cmocka_unit_test(test_freshness),
		cmocka_unit_test(test_short_intervals_have_five_seconds),
		cmocka_unit_test(test_silence_holds_the_verdict),
		cmocka_unit_test(test_verdicts_outlive_a_reload),
		cmocka_unit_test(test_unmonitored_is_unknown),
		cmocka_unit_test(test_shadow_is_unknown),
		cmocka_unit_test(test_plan_by_name),
		cmocka_unit_test(test_canaries_take_nothing_unasked),
		cmocka_unit_test(test_changing),
		cmocka_unit_test(test_waiting_for_failback_is_steady),
		cmocka_unit_test(test_first_reports_change_nothing),
		cmocka_unit_test(test_same_views_have_same_rows),
		cmocka_unit_test(test_differences_that_count),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
