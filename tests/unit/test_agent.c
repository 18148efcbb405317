/* SPDX-License-Identifier: Apache-2.0 */
/* agent: stories of time, health and succession. */
#include "policy/base/error.h"
#include "story.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_constant_work(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	story_pass(&s, 60000);
	assert_int_equal(s.plans, 1 + 60000 / AGENT_PERIOD_MS);
	assert_int_equal(s.plan->sequence, s.plans);
	story_end(&s);
}

static void test_no_lease_no_plan(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	s.w.in.epoch = 0;
	story_pass(&s, 60000);
	assert_int_equal(s.plans, 1);
	/* Nor with an epoch that is behind what was seen. */
	s.w.in.epoch = 5;
	story_pass(&s, 1000);
	assert_int_equal(s.plan->epoch, 5);
	s.w.in.epoch = 4;
	story_pass(&s, 60000);
	assert_int_equal(s.plan->epoch, 5);
	story_end(&s);
}

static void test_start_is_no_outage(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	story_has_share(&s, "us-east", 1);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_FULL);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UNKNOWN);
	story_pass(&s, 1000);
	story_has_share(&s, "us-east", 1);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, 1000);
	story_has_share(&s, "us-east", 1);
	story_end(&s);
}

/* What is down and served all the same is not brought to the floor. */
static void test_deferred_keeps_its_share(void **state)
{
	struct story s;
	struct view_endpoint *e = &s.w.view_www[US_EAST];

	(void)state;
	story_begin(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	e->deferred = true;
	story_pass(&s, 10000);
	story_has_share(&s, "us-east", 1);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_FULL);
	e->deferred = false;
	story_tick(&s);
	story_has_share(&s, "us-east", 0.05);
	/* Deferred again while it waits: that is no recovery. */
	e->deferred = true;
	story_pass(&s, 600000);
	story_has_share(&s, "us-east", 0.05);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_HOLD);
	story_end(&s);
}

/* A successor counts from when it took over, not from when it was born: the
 * ramp that it found goes on where it was as soon as panic is over. */
static void test_panic_pauses_over_a_takeover(void **state)
{
	struct panic *panic;
	struct story s;

	(void)state;
	story_begin(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, 1000 + STEER_HOLD_MS + STEER_RAMP_MS / 2);
	panic = &s.w.view_services[WWW].panic;
	panic->anywhere = true;
	steer_health(&s.w, WWW, US_EAST, VERDICT_UNKNOWN);
	story_tick(&s);
	story_succeed(&s);
	story_pass(&s, 5000);
	panic->anywhere = false;
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, STEER_RAMP_MS / 2 + 2000);
	story_has_share(&s, "us-east", 1);
	story_end(&s);
}

/* In panic what is up has all its clients; what is down stays where it is. */
static void test_panic_pauses(void **state)
{
	struct story s;
	struct panic *panic;

	(void)state;
	story_begin(&s);
	panic = &s.w.view_services[WWW].panic;
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	panic->anywhere = true;
	steer_health(&s.w, WWW, EU_WEST, VERDICT_DOWN);
	story_pass(&s, 10000);
	story_has_share(&s, "us-east", 0.05);
	story_has_share(&s, "eu-west", 1);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, 1000);
	story_has_share(&s, "us-east", 1);
	panic->anywhere = false;
	story_pass(&s, 1000);
	story_has_share(&s, "us-east", 1);
	story_has_share(&s, "eu-west", 0.05);
	/* On a ramp, of which nothing is known for a while. */
	steer_health(&s.w, WWW, EU_WEST, VERDICT_UP);
	story_pass(&s, STEER_HOLD_MS + 500 + STEER_RAMP_MS / 2);
	steer_health(&s.w, WWW, EU_WEST, VERDICT_UNKNOWN);
	panic->anywhere = true;
	story_pass(&s, STEER_RAMP_MS);
	panic->anywhere = false;
	steer_health(&s.w, WWW, EU_WEST, VERDICT_UP);
	story_pass(&s, STEER_RAMP_MS / 4);
	assert_int_equal(story_cause_of(&s, "eu-west"), PLAN_RAMP);
	story_end(&s);
}

static void test_outage_hold_and_ramp(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	assert_int_equal(s.plans, 2);
	story_has_share(&s, "us-east", 0.05);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_HOLD);
	story_pass(&s, 600000);
	story_has_share(&s, "us-east", 0.05);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, STEER_HOLD_MS - 250);
	story_has_share(&s, "us-east", 0.05);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_HOLD);
	story_pass(&s, 500);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_RAMP);
	story_pass(&s, STEER_RAMP_MS / 2);
	story_has_share(&s, "us-east", 0.5);
	/* A flap in the ramp: all over again. */
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	story_has_share(&s, "us-east", 0.05);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, STEER_HOLD_MS + 250 + STEER_RAMP_MS - 5000);
	story_has_share(&s, "us-east", 0.95);
	story_pass(&s, 6000);
	story_has_share(&s, "us-east", 1);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_FULL);
	story_end(&s);
}

static void test_manual_failback(void **state)
{
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	steer_health(&s.w, API, 1, VERDICT_DOWN);
	story_tick(&s);
	c = steer_command(&s.w, COMMAND_UNDRAIN, "api/eu-west");
	story_refused(&s, &c, "is down");
	steer_health(&s.w, API, 1, VERDICT_UP);
	story_pass(&s, 3600000);
	assert_true(fabs(story_api_share(&s) - 0.05) < 1e-9);
	c = steer_command(&s.w, COMMAND_UNDRAIN, "api/eu-west");
	c.over_ms = 1000;
	story_refused(&s, &c, "--over");
	story_order(&s, COMMAND_UNDRAIN, "api/eu-west");
	story_pass(&s, STEER_RAMP_MS / 2);
	assert_true(fabs(story_api_share(&s) - 0.5) < 0.01);
	story_order(&s, COMMAND_UNDRAIN, "api/eu-west");
	assert_true(story_api_share(&s) >= 1);
	story_end(&s);
}

static void test_takeover_in_the_middle(void **state)
{
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	steer_health(&s.w, WWW, US_WEST, VERDICT_DOWN);
	story_tick(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, STEER_HOLD_MS + 250 + 30000);
	steer_health(&s.w, WWW, US_WEST, VERDICT_UP);
	story_pass(&s, 5000);
	c = steer_command(&s.w, COMMAND_DRAIN, "www/eu-north");
	c.over_ms = 100000;
	story_say(&s, &c);
	story_pass(&s, 5000);
	story_has_share(&s, "us-east", 0.4);
	story_has_share(&s, "us-west", 0.05);
	story_has_share(&s, "eu-north", 0.95);
	/* Nobody leads for five seconds. */
	steer_pass(&s.w, 5000);
	story_succeed(&s);
	/* What comes back goes on from the last plan's share, what is drained
	 * keeps its time. */
	story_has_share(&s, "us-east", 0.4);
	story_has_share(&s, "eu-north", 0.9);
	assert_int_equal(story_cause_of(&s, "us-west"), PLAN_HOLD);
	story_pass(&s, 50000);
	story_has_share(&s, "us-east", 0.4 + 0.5);
	assert_int_equal(story_cause_of(&s, "us-west"), PLAN_RAMP);
	story_has_share(&s, "eu-north", 0.4);
	story_has_share(&s, "us-west", 0.49);
	/* A restart of the same agent is no different. */
	story_succeed(&s);
	story_has_share(&s, "eu-north", 0.4);
	story_has_share(&s, "us-west", 0.49);
	story_end(&s);
}

/* An endpoint that is drained and down comes back on hold, not at once. */
static void test_outage_under_a_drain(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_DRAIN, "www/us-east");
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	story_has_share(&s, "us-east", 0);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, 1000);
	story_succeed(&s);
	story_order(&s, COMMAND_UNDRAIN, "www/us-east");
	story_has_share(&s, "us-east", 0.05);
	story_pass(&s, STEER_HOLD_MS + STEER_RAMP_MS + 1000);
	story_has_share(&s, "us-east", 1);
	story_end(&s);
}

/* A stepped wall clock neither finishes nor restarts a failback ramp. */
static void test_wall_clock_steps(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, STEER_HOLD_MS + 250);
	s.w.in.now.wall_ms += 86400000;
	story_pass(&s, 20000);
	story_has_share(&s, "us-east", 0.2);
	s.w.in.now.wall_ms -= 2 * INT64_C(86400000);
	s.w.in.now.wall_ms = s.w.in.now.wall_ms < 0 ? 1 : s.w.in.now.wall_ms;
	story_pass(&s, 20000);
	story_has_share(&s, "us-east", 0.4);
	story_end(&s);
}

static void test_no_plan_when_nobody_can_be_served(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	s.w.api[0].weight = s.w.api[1].weight = 0;
	story_pass(&s, 60000);
	assert_int_equal(s.plans, 1);
	assert_non_null(strstr(agent_trouble(s.agent), "api"));
	s.w.api[0].weight = 1;
	story_pass(&s, 1000);
	assert_string_equal(agent_trouble(s.agent), "");
	assert_int_equal(s.plans, 2);
	story_end(&s);
}

/* What was given out in vain leaves no gap in the numbers of the next epoch,
 * so that the store can tell who has missed a plan. */
static void test_numbers_of_a_new_epoch(void **state)
{
	struct story s;
	struct plan *stored;
	uint64_t next;

	(void)state;
	story_begin(&s);
	stored = plan_copy(s.plan);
	assert_non_null(stored);
	next = stored->sequence + 1;
	s.w.in.epoch = 7;
	assert_true(agent_adopt(s.agent, stored, s.w.in.now));
	story_tick(&s);
	assert_int_equal(s.plan->sequence, next);
	/* It was not stored.  The same epoch never uses a number twice. */
	assert_true(agent_adopt(s.agent, stored, s.w.in.now));
	story_tick(&s);
	assert_int_equal(s.plan->sequence, next + 1);
	assert_int_equal(agent_epoch(s.agent), 7);
	assert_true(agent_adopt(s.agent, stored, s.w.in.now));
	assert_int_equal(agent_epoch(s.agent), 7);
	s.w.in.epoch = 9;
	story_tick(&s);
	assert_int_equal(s.plan->epoch, 9);
	assert_int_equal(s.plan->sequence, next);
	plan_free(stored);
	story_end(&s);
}

static void test_reload(void **state)
{
	struct story s;
	struct steer_world next;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_DRAIN, "www/eu-north");
	story_order(&s, COMMAND_DRAIN, "www/us-west");
	story_order(&s, COMMAND_CANARY_START, "v2");
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	/* us-west is gone, the canary has other steps. */
	steer_init(&next);
	next.www[US_WEST].name = "us-south";
	next.percents[0][0] = 2;
	snprintf(next.policy.digest, sizeof(next.policy.digest), "d2");
	assert_true(agent_reload(s.agent, &next.policy, s.w.in.now));
	s.w.policy = next.policy;
	s.w.in.view = NULL;
	story_tick(&s);
	assert_string_equal(s.plan->policy_digest, "d2");
	story_has_share(&s, "us-east", 0.05);
	story_has_share(&s, "eu-north", 0);
	story_has_share(&s, "us-south", 1);
	story_has_share(&s, "v2-us-east", 0);
	assert_int_equal(s.plan->command_count, 1);
	assert_int_equal(s.plan->canaries[0].state, CANARY_OFF);
	assert_true(story_was_told(&s, "dropped", "drain www/us-west"));
	assert_true(story_was_told(&s, "canary", "canary v2 is off"));
	story_end(&s);
}

/* What users measured is in the plan at once, and in each from then on. */
static void test_rum_is_told(void **state)
{
	struct plan_rum rum = { "eu-west", 71, 86, 40, 60 };
	struct story s;
	unsigned plans;

	(void)state;
	story_begin(&s);
	story_pass(&s, 1000);
	plans = s.plans;
	s.w.in.rum = (struct plan_rum_list){ &rum, 1 };
	story_tick(&s);
	assert_int_equal(s.plans, plans + 1);
	assert_int_equal(s.plan->rum_count, 1);
	story_tick(&s);
	assert_int_equal(s.plans, plans + 1);
	rum.ms = 55;
	story_tick(&s);
	assert_int_equal(s.plans, plans + 2);
	assert_true(s.plan->rum[0].ms == 55);
	s.w.in.rum.count = 0;
	story_tick(&s);
	assert_int_equal(s.plan->rum_count, 0);
	story_end(&s);
}

/* With the next plan that is due: that it changes makes none. */
static void test_demand_is_told(void **state)
{
	struct plan_demand demand = { .service = "www",
				      .demand = 41.5,
				      .responders = 3 };
	struct story s;
	unsigned plans;

	(void)state;
	story_begin(&s);
	s.w.in.demands = (struct plan_demand_list){ &demand, 1 };
	story_pass(&s, AGENT_PERIOD_MS);
	assert_int_equal(s.plan->demand_count, 1);
	assert_memory_equal(s.plan->demands, &demand, sizeof(demand));
	plans = s.plans;
	demand.demand = 55;
	story_pass(&s, AGENT_PERIOD_MS / 2);
	assert_int_equal(s.plans, plans);
	story_pass(&s, AGENT_PERIOD_MS / 2);
	assert_true(s.plan->demands[0].demand == 55);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant_work),
		cmocka_unit_test(test_no_lease_no_plan),
		cmocka_unit_test(test_start_is_no_outage),
		cmocka_unit_test(test_deferred_keeps_its_share),
		cmocka_unit_test(test_panic_pauses),
		cmocka_unit_test(test_panic_pauses_over_a_takeover),
		cmocka_unit_test(test_outage_hold_and_ramp),
		cmocka_unit_test(test_manual_failback),
		cmocka_unit_test(test_takeover_in_the_middle),
		cmocka_unit_test(test_outage_under_a_drain),
		cmocka_unit_test(test_wall_clock_steps),
		cmocka_unit_test(test_no_plan_when_nobody_can_be_served),
		cmocka_unit_test(test_numbers_of_a_new_epoch),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_rum_is_told),
		cmocka_unit_test(test_demand_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
