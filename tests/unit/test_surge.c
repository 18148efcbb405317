/* SPDX-License-Identifier: Apache-2.0 */
/* surge: what the agent would move at once waits for a person. */
#include "steering/surge.h"

#include "policy/base/error.h"
#include "steering/inputs.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct surge *held(const struct story *s)
{
	return agent_surge(s->agent, &s->w.policy, WWW);
}

/* A failback without a ramp, after its hold. */
static void comes_back(struct story *s)
{
	s->w.services[WWW].failback_ramp_ms = 0;
	steer_health(&s->w, WWW, US_EAST, VERDICT_DOWN);
	story_pass(s, 1000);
	assert_int_equal(story_cause_of(s, "us-east"), PLAN_HOLD);
	steer_health(&s->w, WWW, US_EAST, VERDICT_UP);
	story_pass(s, STEER_HOLD_MS + 1000);
}

static void test_without_a_limit(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	s.w.policy.safety.max_change_pct = 100;
	comes_back(&s);
	story_has_share(&s, "us-east", 1);
	story_end(&s);
}

static void test_it_waits_for_a_person(void **state)
{
	struct command c;
	struct story s;
	char id[COMMAND_NAME_SIZE];

	(void)state;
	story_begin(&s);
	s.w.policy.safety.max_change_pct = 20;
	comes_back(&s);
	story_has_share(&s, "us-east", 0.05);
	assert_non_null(held(&s));
	assert_true(held(&s)->pct > 94);
	assert_true(story_was_told(&s, "held", "www"));
	snprintf(id, sizeof(id), "%s", held(&s)->id);
	story_pass(&s, 5 * SURGE_AGAIN_MS);
	assert_string_equal(held(&s)->id, id);
	story_has_share(&s, "us-east", 0.05);
	c = steer_command(&s.w, COMMAND_APPROVE, "m-1");
	story_refused(&s, &c, "no command m-1 waits");
	story_order(&s, COMMAND_APPROVE, id);
	story_has_share(&s, "us-east", 1);
	assert_null(held(&s));
	story_end(&s);
}

/* What health takes out goes, held or not; then there is nothing to hold. */
static void test_health_goes_before_it(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	s.w.policy.safety.max_change_pct = 20;
	comes_back(&s);
	assert_non_null(held(&s));
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	steer_health(&s.w, WWW, EU_WEST, VERDICT_DOWN);
	story_pass(&s, SURGE_AGAIN_MS + 1000);
	assert_int_equal(story_cause_of(&s, "eu-west"), PLAN_HOLD);
	assert_null(held(&s));
	assert_true(story_was_told(&s, "held-over", "www"));
	story_end(&s);
}

/* What people command is theirs, and a ramp comes bit by bit. */
static void test_what_is_not_counted(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	s.w.policy.safety.max_change_pct = 2;
	story_order(&s, COMMAND_DRAIN, "us-west");
	story_order(&s, COMMAND_UNDRAIN, "us-west");
	story_order(&s, COMMAND_CANARY_START, "v2");
	story_has_share(&s, "v2-us-east", 0.01);
	story_order(&s, COMMAND_CANARY_PROMOTE, "v2");
	story_order(&s, COMMAND_CANARY_PROMOTE, "v2");
	story_has_share(&s, "v2-us-east", 1);
	steer_health(&s.w, WWW, US_WEST, VERDICT_DOWN);
	story_pass(&s, 1000);
	steer_health(&s.w, WWW, US_WEST, VERDICT_UP);
	story_pass(&s, STEER_HOLD_MS + STEER_RAMP_MS + 1000);
	story_has_share(&s, "us-west", 1);
	assert_false(story_was_told(&s, "held", "www"));
	story_end(&s);
}

/* A quarter of the US' clients less 5 %: 14 % by address space, of which they
 * have three fifths, and 21 % where they were counted to be nine tenths. */
static void test_by_counted_demand(void **state)
{
	static const struct demand_rates us[2] = {
		{ .home = { [US_EAST] = 90, [EU_WEST] = 10 } },
	};

	(void)state;
	for (int counted = 0; counted < 2; counted++) {
		struct inputs inputs = { 0 };
		struct story s;

		story_begin(&s);
		steer_locate(&s.w);
		inputs_adopt(&inputs, &s.w.policy);
		s.w.in.inputs = &inputs;
		s.w.in.rates = counted ? us : NULL;
		s.w.policy.safety.max_change_pct = 17;
		comes_back(&s);
		assert_int_equal(held(&s) != NULL, counted);
		if (counted) {
			assert_true(held(&s)->pct > 19 && held(&s)->pct < 24);
			assert_string_equal(demand_by(held(&s)->counted),
					    "counted demand");
		}
		inputs_fini(&inputs);
		story_end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_limit),
		cmocka_unit_test(test_it_waits_for_a_person),
		cmocka_unit_test(test_health_goes_before_it),
		cmocka_unit_test(test_what_is_not_counted),
		cmocka_unit_test(test_by_counted_demand),
	};

	return cmocka_run_group_tests_name("surge", tests, NULL, NULL);
}
