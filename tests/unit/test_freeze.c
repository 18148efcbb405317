/* SPDX-License-Identifier: Apache-2.0 */
/* freeze: what stands still, what goes on all the same, and when it ends. */
#include "steering/freeze.h"

#include "policy/base/error.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct row {
	const char *target;
	bool www, api, v2;
} rows[] = {
	{ "all",    true,  true,  true  },
	{ "www",    true,  false, true  },
	{ "api",    false, true,  false },
	{ "www/v2", false, false, true  },
	{ "ww",     false, false, false },
};
/* clang-format on */

static void test_what_a_freeze_covers(void **state)
{
	struct steer_world w;

	(void)state;
	steer_init(&w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct command c =
			steer_command(&w, COMMAND_FREEZE, rows[i].target);
		const struct commands one = { &c, 1 };
		int64_t ms = w.in.now.wall_ms;
		bool www = freeze_of_service(one, &w.policy, WWW, ms) == &c;
		bool api = freeze_of_service(one, &w.policy, API, ms) == &c;
		bool v2 = freeze_of_canary(one, &w.policy, 0, ms) == &c;

		if (www != rows[i].www || api != rows[i].api ||
		    v2 != rows[i].v2)
			fail_msg("%s: %d %d %d", rows[i].target, www, api, v2);
		ms = c.wall_expires_ms;
		assert_null(freeze_of_service(one, &w.policy, WWW, ms));
		assert_null(freeze_of_canary(one, &w.policy, 0, ms));
	}
}

/* Down and up again, with the hold behind it. */
static void begin_to_rise(struct story *s)
{
	steer_health(&s->w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(s);
	steer_health(&s->w, WWW, US_EAST, VERDICT_UP);
	story_pass(s, STEER_HOLD_MS + 500);
	assert_int_equal(story_cause_of(s, "us-east"), PLAN_RAMP);
}

static void test_a_ramp_stands_where_it_is(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	begin_to_rise(&s);
	story_pass(&s, STEER_RAMP_MS / 2);
	story_has_share(&s, "us-east", 0.5);
	story_order(&s, COMMAND_FREEZE, "www");
	story_pass(&s, STEER_RAMP_MS);
	story_has_share(&s, "us-east", 0.5);
	/* Who takes over leaves it there, too. */
	story_succeed(&s);
	story_pass(&s, STEER_RAMP_MS);
	story_has_share(&s, "us-east", 0.5);
	assert_int_equal(s.plan->command_count, 1);
	story_order(&s, COMMAND_UNFREEZE, "www");
	story_pass(&s, STEER_RAMP_MS / 4);
	story_has_share(&s, "us-east", 0.76);
	story_pass(&s, STEER_RAMP_MS / 4);
	story_has_share(&s, "us-east", 1);
	story_end(&s);
}

/* What goes down is noted, or else it would be back by itself. */
static void test_down_is_down_and_stays_out(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_FREEZE, "all");
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_pass(&s, 1000);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_HOLD);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, 10 * STEER_HOLD_MS);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_HOLD);
	/* It was healthy for long enough meanwhile. */
	story_pass(&s, 3600000 - 10 * STEER_HOLD_MS);
	assert_true(story_was_told(&s, "expired", "freeze all"));
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_RAMP);
	story_end(&s);
}

/* What people command is not stopped, nor kept waiting by a freeze. */
static void test_people_go_before_it(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	s.w.policy.safety.command_interval_ms = 300000;
	story_order(&s, COMMAND_FREEZE, "all");
	story_order(&s, COMMAND_DRAIN, "us-east");
	story_has_share(&s, "us-east", 0);
	story_order(&s, COMMAND_UNDRAIN, "us-east");
	story_has_share(&s, "us-east", 1);
	story_end(&s);
}

static void test_a_canary_takes_no_step(void **state)
{
	enum plan_canary_phase phase;
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_CANARY_START, "v2");
	story_pass(&s, 1000);
	story_has_share(&s, "v2-us-east", 0.01);
	story_order(&s, COMMAND_FREEZE, "www/v2");
	phase = s.plan->canaries[0].phase;
	story_pass(&s, 600000);
	assert_int_equal(s.plan->canaries[0].phase, phase);
	assert_int_not_equal(phase, CANARY_WAIT);
	c = steer_command(&s.w, COMMAND_CANARY_PROMOTE, "v2");
	story_refused(&s, &c, "v2 is frozen by alice");
	c = steer_command(&s.w, COMMAND_UNFREEZE, "www");
	story_refused(&s, &c, "not frozen by that name");
	/* What fails is taken back all the same. */
	steer_health(&s.w, WWW, V2_US_EAST, VERDICT_DOWN);
	story_pass(&s, 1000);
	story_has_share(&s, "v2-us-east", 0);
	assert_int_equal(s.plan->canaries[0].state, CANARY_ABORTED);
	story_end(&s);
}

static void test_freezes_stand_last(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_FREEZE, "api");
	story_order(&s, COMMAND_FREEZE, "www");
	story_order(&s, COMMAND_DRAIN, "us-east");
	assert_int_equal(s.plan->command_count, 3);
	assert_int_equal(s.plan->commands[0].kind, COMMAND_DRAIN);
	assert_string_equal(s.plan->commands[1].target, "api");
	assert_string_equal(s.plan->commands[2].target, "www");
	/* Another freeze of the same takes the place of the first. */
	story_order(&s, COMMAND_FREEZE, "api");
	assert_int_equal(s.plan->command_count, 3);
	assert_string_equal(s.plan->commands[2].target, "api");
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_freeze_covers),
		cmocka_unit_test(test_a_ramp_stands_where_it_is),
		cmocka_unit_test(test_down_is_down_and_stays_out),
		cmocka_unit_test(test_people_go_before_it),
		cmocka_unit_test(test_a_canary_takes_no_step),
		cmocka_unit_test(test_freezes_stand_last),
	};

	return cmocka_run_group_tests_name("freeze", tests, NULL, NULL);
}
