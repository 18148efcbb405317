/* SPDX-License-Identifier: Apache-2.0 */
/* agent: stories of people's commands. */
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

static void test_drain_expires(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_DRAIN, "us-east");
	assert_int_equal(s.plans, 2);
	story_has_share(&s, "us-east", 0);
	story_has_share(&s, "us-west", 1);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_COMMAND);
	assert_int_equal(s.plan->command_count, 1);
	assert_non_null(plan_find_share(s.plan, "api", "us-east"));
	assert_true(story_was_told(&s, "command", "drain us-east"));
	story_pass(&s, 3599000);
	story_has_share(&s, "us-east", 0);
	story_pass(&s, 1000);
	story_has_share(&s, "us-east", 1);
	assert_int_equal(s.plan->command_count, 0);
	assert_true(story_was_told(&s, "expired", "drain us-east"));
	story_end(&s);
}

static void test_drain_and_undrain_ramp(void **state)
{
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	c = steer_command(&s.w, COMMAND_DRAIN, "www/us-east");
	c.over_ms = 100000;
	story_say(&s, &c);
	story_pass(&s, 40000);
	story_has_share(&s, "us-east", 0.6);
	assert_int_equal(s.plans, 42); /* one a second on a ramp */
	story_pass(&s, 60000);
	story_has_share(&s, "us-east", 0);
	c = steer_command(&s.w, COMMAND_UNDRAIN, "www/us-east");
	c.over_ms = 200000;
	story_say(&s, &c);
	story_has_share(&s, "us-east", 0);
	story_pass(&s, 50000);
	story_has_share(&s, "us-east", 0.25);
	/* Other way round in the middle: from where it is. */
	c = steer_command(&s.w, COMMAND_DRAIN, "www/us-east");
	c.over_ms = 100000;
	story_say(&s, &c);
	story_has_share(&s, "us-east", 0.25);
	story_pass(&s, 10000);
	story_has_share(&s, "us-east", 0.15);
	c = steer_command(&s.w, COMMAND_UNDRAIN, "www/us-east");
	c.over_ms = 100000;
	story_say(&s, &c);
	story_has_share(&s, "us-east", 0.15);
	story_pass(&s, 86000);
	story_has_share(&s, "us-east", 1);
	assert_int_equal(s.plan->command_count, 0);
	story_end(&s);
}

/* What its ramp would leave goes along, for who sees the drain's end first. */
static void test_a_ramp_beneath_a_drain(void **state)
{
	const struct plan_share *share;
	struct story s;

	(void)state;
	story_begin(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_pass(&s, 1000);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, STEER_HOLD_MS + STEER_RAMP_MS / 2);
	story_order(&s, COMMAND_DRAIN, "www/us-east");
	story_has_share(&s, "us-east", 0);
	share = plan_find_share(s.plan, "www", "us-east");
	assert_true(share->beneath > 0.4 && share->beneath < 0.6);
	story_pass(&s, STEER_RAMP_MS);
	share = plan_find_share(s.plan, "www", "us-east");
	assert_true(share->beneath == 0);
	story_end(&s);
}

static void test_undrain_at_once(void **state)
{
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_DRAIN, "www/us-east");
	story_order(&s, COMMAND_UNDRAIN, "www/us-east");
	story_has_share(&s, "us-east", 1);
	assert_int_equal(s.plan->command_count, 0);
	c = steer_command(&s.w, COMMAND_UNDRAIN, "www/us-east");
	story_refused(&s, &c, "neither drained");
	c = steer_command(&s.w, COMMAND_UNDRAIN, "us-east");
	story_refused(&s, &c, "is not drained");
	assert_true(story_was_told(&s, "refused", "undrain us-east"));
	story_end(&s);
}

static void test_failover_weight_cancel(void **state)
{
	struct story s;
	struct command f, w, c;

	(void)state;
	story_begin(&s);
	story_without_residency(&s);
	f = steer_command(&s.w, COMMAND_FAILOVER, "www");
	snprintf(f.to, sizeof(f.to), "us-west");
	story_say(&s, &f);
	story_has_share(&s, "us-east", 0);
	story_has_share(&s, "us-west", 1);
	story_has_share(&s, "eu-west", 0);
	assert_null(plan_find_share(s.plan, "api", "us-east"));
	/* A second failover takes the place of the first. */
	f = steer_command(&s.w, COMMAND_FAILOVER, "www");
	snprintf(f.to, sizeof(f.to), "eu-west");
	story_say(&s, &f);
	story_has_share(&s, "us-west", 0);
	story_has_share(&s, "eu-west", 1);
	assert_int_equal(s.plan->command_count, 1);
	w = steer_command(&s.w, COMMAND_WEIGHT, "www/eu-west");
	w.weight = 7;
	story_say(&s, &w);
	assert_int_equal(plan_find_share(s.plan, "www", "eu-west")->weight, 7);
	c = steer_command(&s.w, COMMAND_CANCEL, "nobody");
	story_refused(&s, &c, "no command nobody");
	story_order(&s, COMMAND_CANCEL, f.id);
	story_has_share(&s, "us-west", 1);
	story_order(&s, COMMAND_CANCEL, w.id);
	assert_null(plan_find_share(s.plan, "www", "eu-west"));
	f = story_order(&s, COMMAND_DRAIN, "us-east");
	c = steer_command(&s.w, COMMAND_CANCEL, f.id);
	story_refused(&s, &c, "undrain us-east");
	story_end(&s);
}

static void test_refusals(void **state)
{
	struct story s;
	struct command c, seen;

	(void)state;
	story_begin(&s);
	story_without_residency(&s);
	c = steer_command(&s.w, COMMAND_DRAIN, "us-east");
	c.wall_made_ms -= AGENT_FRESH_MS + 1;
	story_refused(&s, &c, "ago");
	c.wall_made_ms += 2 * (int64_t)AGENT_FRESH_MS + 2;
	story_refused(&s, &c, "in the future");
	c = steer_command(&s.w, COMMAND_DRAIN, "mars");
	story_refused(&s, &c, "mars");
	c = steer_command(&s.w, COMMAND_DRAIN, "us-east");
	c.wall_expires_ms = c.wall_made_ms + 25 * INT64_C(3600000);
	story_refused(&s, &c, "max_override");
	story_order(&s, COMMAND_DRAIN, "api/eu-west");
	c = steer_command(&s.w, COMMAND_DRAIN, "us-east");
	story_refused(&s, &c, "last endpoint");
	/* Its copy, while it is in force and after it was ended. */
	seen = story_order(&s, COMMAND_DRAIN, "www/us-east");
	story_refused(&s, &seen, "seen before");
	story_order(&s, COMMAND_UNDRAIN, "www/us-east");
	story_pass(&s, 30000);
	story_refused(&s, &seen, "seen before");
	story_succeed(&s);
	story_refused(&s, &seen, "s before this agent took over");
	story_end(&s);
}

/* Past a rule that yields, and told; never past one that does not. */
static void test_forced(void **state)
{
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	s.w.policy.safety.max_capacity_removed_pct = 20;
	c = steer_command(&s.w, COMMAND_DRAIN, "us-east");
	story_refused(&s, &c, "max_capacity_removed is 20%");
	s.w.policy.safety.force = false;
	c = steer_command(&s.w, COMMAND_DRAIN, "us-east");
	c.force = true;
	story_refused(&s, &c, "max_capacity_removed is 20%");
	s.w.policy.safety.force = true;
	c = steer_command(&s.w, COMMAND_DRAIN, "us-east");
	c.force = true;
	story_say(&s, &c);
	story_has_share(&s, "us-east", 0);
	assert_true(s.plan->commands[0].force);
	assert_true(story_was_told(&s, "forced", "drain us-east"));
	/* Where no rule is against it, it is a command like others. */
	s.w.policy.safety.max_capacity_removed_pct = 100;
	c = steer_command(&s.w, COMMAND_DRAIN, "www/eu-north");
	c.force = true;
	story_say(&s, &c);
	assert_false(s.plan->commands[1].force);
	assert_false(story_was_told(&s, "forced", "drain www/eu-north"));
	c = steer_command(&s.w, COMMAND_DRAIN, "www/eu-west");
	c.force = true;
	story_refused(&s, &c, "residency");
	story_end(&s);
}

static void test_canary_story(void **state)
{
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	story_has_share(&s, "v2-us-east", 0);
	story_order(&s, COMMAND_CANARY_START, "v2");
	story_has_share(&s, "v2-us-east", 0.01);
	story_order(&s, COMMAND_CANARY_PROMOTE, "v2");
	story_has_share(&s, "v2-us-east", 0.05);
	story_order(&s, COMMAND_CANARY_PAUSE, "v2");
	story_succeed(&s);
	story_has_share(&s, "v2-us-east", 0.05);
	c = steer_command(&s.w, COMMAND_CANARY_PROMOTE, "v2");
	story_refused(&s, &c, "is paused");
	story_order(&s, COMMAND_CANARY_RESUME, "v2");
	story_order(&s, COMMAND_CANARY_PROMOTE, "v2");
	story_order(&s, COMMAND_CANARY_PROMOTE, "v2");
	story_has_share(&s, "v2-us-east", 1);
	story_has_share(&s, "v2-eu-west", 0.1);
	/* A drain takes the canary's endpoint, too. */
	story_order(&s, COMMAND_DRAIN, "us-east");
	story_has_share(&s, "v2-us-east", 0);
	assert_int_equal(story_cause_of(&s, "v2-us-east"), PLAN_CANARY);
	story_order(&s, COMMAND_UNDRAIN, "us-east");
	story_succeed(&s);
	story_has_share(&s, "v2-eu-west", 0.1);
	story_order(&s, COMMAND_CANARY_ABORT, "v2");
	story_has_share(&s, "v2-us-east", 0);
	story_has_share(&s, "v2-eu-west", 0);
	story_succeed(&s);
	c = steer_command(&s.w, COMMAND_CANARY_PROMOTE, "v2");
	story_refused(&s, &c, "is aborted");
	story_end(&s);
}

/* Its endpoint fails: back to nothing at once, told, acknowledged, for good. */
static void test_canary_takes_itself_back(void **state)
{
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_CANARY_START, "v2");
	story_has_share(&s, "v2-us-east", 0.01);
	/* All of the region is down: that is not the canary's fault. */
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	steer_health(&s.w, WWW, V2_US_EAST, VERDICT_DOWN);
	story_pass(&s, 1000);
	story_has_share(&s, "v2-us-east", 0.01);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, 250);
	story_has_share(&s, "v2-us-east", 0);
	assert_int_equal(s.plan->canaries[0].state, CANARY_ABORTED);
	assert_int_equal(s.plan->canaries[0].phase, CANARY_ROLLBACK);
	assert_true(story_was_told(&s, "canary", "canary v2"));
	/* A node has an older plan; then all have this one. */
	s.w.in.acked.epoch = s.plan->epoch;
	s.w.in.acked.sequence = s.plan->sequence - 1;
	story_pass(&s, 1000);
	assert_int_equal(s.plan->canaries[0].phase, CANARY_ROLLBACK);
	s.w.in.acked.sequence++;
	story_pass(&s, 1000);
	assert_int_equal(s.plan->canaries[0].phase, CANARY_ROLLED);
	steer_health(&s.w, WWW, V2_US_EAST, VERDICT_UP);
	story_succeed(&s);
	c = steer_command(&s.w, COMMAND_CANARY_START, "v2");
	story_refused(&s, &c, "another revision");
	story_pass(&s, 60000);
	story_has_share(&s, "v2-us-east", 0);
	story_end(&s);
}

/* Who takes over in the middle of a bake waits for the rest of it. */
static void test_canary_bake_is_handed_on(void **state)
{
	struct story s;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_CANARY_START, "v2");
	story_pass(&s, 40000);
	assert_int_equal(s.plan->canaries[0].phase, CANARY_BAKE);
	/* The plan is up to its period old. */
	story_succeed(&s);
	story_pass(&s, 19000);
	assert_int_equal(s.plan->canaries[0].phase, CANARY_BAKE);
	story_pass(&s, 2000 + AGENT_PERIOD_MS);
	assert_int_equal(s.plan->canaries[0].phase, CANARY_WAIT);
	story_has_share(&s, "v2-us-east", 0.01);
	story_end(&s);
}

static void test_failed_commit_is_taken_back(void **state)
{
	struct story s;
	struct plan *stored;
	struct command c;
	struct error err;

	(void)state;
	story_begin(&s);
	stored = plan_copy(s.plan);
	c = steer_command(&s.w, COMMAND_DRAIN, "us-east");
	assert_true(agent_command(s.agent, &c, &s.w.in, &err));
	story_tick(&s);
	story_has_share(&s, "us-east", 0);
	assert_true(agent_adopt(s.agent, stored, s.w.in.now));
	story_tick(&s); /* with a higher sequence: take_plan() looks */
	story_has_share(&s, "us-east", 1);
	assert_int_equal(s.plan->sequence, 3);
	plan_free(stored);
	story_end(&s);
}

/* The policy's own weight is 0, and the command that hid it expires. */
static void test_never_empty(void **state)
{
	struct story s;
	struct command c;

	(void)state;
	story_begin(&s);
	story_without_residency(&s);
	s.w.api[0].weight = 0;
	c = steer_command(&s.w, COMMAND_WEIGHT, "api/us-east");
	c.weight = 5;
	c.wall_expires_ms = c.wall_made_ms + 60000;
	story_say(&s, &c);
	story_order(&s, COMMAND_DRAIN, "www/us-west");
	story_order(&s, COMMAND_DRAIN, "api/eu-west");
	story_order(&s, COMMAND_DRAIN, "www/us-east");
	story_pass(&s, 61000);
	assert_true(story_api_share(&s) >= 1);
	story_has_share(&s, "us-east", 0);
	story_has_share(&s, "us-west", 0);
	assert_true(story_was_told(&s, "dropped", "drain api/eu-west"));
	story_end(&s);
}

/* A drain that has expired since the last tick is not what takes eu-west's
 * clients away: the next one is. */
static void test_expired_is_no_excuse(void **state)
{
	struct story s;
	struct agent_preview p;
	struct command c;
	struct error err;

	(void)state;
	story_begin(&s);
	c = steer_command(&s.w, COMMAND_DRAIN, "www/eu-west");
	c.wall_expires_ms = c.wall_made_ms + 10000;
	story_say(&s, &c);
	steer_health(&s.w, WWW, EU_NORTH, VERDICT_DOWN);
	story_tick(&s);
	steer_pass(&s.w, 10001);
	c = steer_command(&s.w, COMMAND_DRAIN, "www/eu-west");
	assert_true(agent_preview(s.agent, &c, &s.w.in, &p, &err));
	assert_non_null(strstr(p.refused, "no healthy endpoint left"));
	assert_true(plan_share_of(p.before, "eu-west") >= 1);
	plan_free(p.before);
	plan_free(p.after);
	assert_false(agent_command(s.agent, &c, &s.w.in, &err));
	assert_non_null(strstr(err.text, "no healthy endpoint left"));
	story_tick(&s);
	story_has_share(&s, "eu-west", 1);
	assert_true(story_was_told(&s, "expired", "drain www/eu-west"));
	story_end(&s);
}

static void test_preview_changes_nothing(void **state)
{
	struct story s;
	struct agent_preview p;
	struct command c;
	struct error err;

	(void)state;
	story_begin(&s);
	c = steer_command(&s.w, COMMAND_DRAIN, "us-east");
	c.over_ms = 100000;
	assert_true(agent_preview(s.agent, &c, &s.w.in, &p, &err));
	assert_string_equal(p.refused, "");
	assert_true(plan_share_of(p.before, "us-east") >= 1);
	assert_true(plan_share_of(p.after, "us-east") <= 0);
	plan_free(p.before);
	plan_free(p.after);
	story_tick(&s);
	assert_int_equal(s.plans, 1);
	s.w.policy.safety.min_regions_in_service = 4;
	assert_true(agent_preview(s.agent, &c, &s.w.in, &p, &err));
	assert_non_null(strstr(p.refused, "min_regions_in_service"));
	plan_free(p.before);
	plan_free(p.after);
	story_refused(&s, &c, "min_regions_in_service");
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drain_expires),
		cmocka_unit_test(test_drain_and_undrain_ramp),
		cmocka_unit_test(test_a_ramp_beneath_a_drain),
		cmocka_unit_test(test_undrain_at_once),
		cmocka_unit_test(test_failover_weight_cancel),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_forced),
		cmocka_unit_test(test_canary_story),
		cmocka_unit_test(test_canary_takes_itself_back),
		cmocka_unit_test(test_canary_bake_is_handed_on),
		cmocka_unit_test(test_failed_commit_is_taken_back),
		cmocka_unit_test(test_never_empty),
		cmocka_unit_test(test_expired_is_no_excuse),
		cmocka_unit_test(test_preview_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
