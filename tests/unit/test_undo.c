/* SPDX-License-Identifier: Apache-2.0 */
/* undo: each change and its way back, and when there is none. */
#include "steering/undo.h"

#include "policy/base/error.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void undo(struct story *s, const char *id)
{
	story_order(s, COMMAND_UNDO, id);
}

static void not_undone(struct story *s, const char *id, const char *why)
{
	struct command c = steer_command(&s->w, COMMAND_UNDO, id);

	story_refused(s, &c, why);
}

static const char *last_id(const struct story *s)
{
	assert_true(s->plan->change_count > 0);
	return s->plan->changes[s->plan->change_count - 1].id;
}

static void test_a_drain_and_back(void **state)
{
	struct command drain;
	struct story s;

	(void)state;
	story_begin(&s);
	not_undone(&s, UNDO_LAST, "no change of a person is kept");
	drain = story_order(&s, COMMAND_DRAIN, "us-east");
	undo(&s, drain.id);
	story_has_share(&s, "us-east", 1);
	assert_true(story_was_told(&s, "command",
				   "undo of c2: drain us-east by alice"));
	not_undone(&s, drain.id, "c2 (drain us-east by alice) is not in force");
	/* Undone, it is done again. */
	undo(&s, UNDO_LAST);
	story_has_share(&s, "us-east", 0);
	assert_string_equal(s.plan->commands[0].id, drain.id);
	not_undone(&s, "c77", "none of the last changes");
	story_end(&s);
}

static void test_what_went_comes_back_with_its_end(void **state)
{
	struct command drain, undrain, other;
	struct story s;

	(void)state;
	story_begin(&s);
	drain = story_order(&s, COMMAND_DRAIN, "us-east");
	story_pass(&s, 1000);
	undrain = story_order(&s, COMMAND_UNDRAIN, "us-east");
	/* Who takes over can undo it, too. */
	story_succeed(&s);
	undo(&s, undrain.id);
	story_has_share(&s, "us-east", 0);
	assert_true(s.plan->commands[0].wall_expires_ms ==
		    drain.wall_expires_ms);
	undrain = story_order(&s, COMMAND_UNDRAIN, "us-east");
	other = story_order(&s, COMMAND_DRAIN, "us-east");
	not_undone(&s, undrain.id, "has taken the place of c1 since");
	story_order(&s, COMMAND_UNDRAIN, other.target);
	story_pass(&s, 3600000);
	not_undone(&s, undrain.id, "would have ended by itself");
	story_end(&s);
}

static void test_one_in_place_of_another(void **state)
{
	struct command first, second, freeze;
	struct story s;

	(void)state;
	story_begin(&s);
	first = steer_command(&s.w, COMMAND_WEIGHT, "www/us-east");
	first.weight = 5;
	story_say(&s, &first);
	second = steer_command(&s.w, COMMAND_WEIGHT, "www/us-east");
	second.weight = 9;
	story_say(&s, &second);
	not_undone(&s, first.id, "is not in force any more");
	undo(&s, second.id);
	assert_int_equal(plan_find_share(s.plan, "www", "us-east")->weight, 5);
	freeze = story_order(&s, COMMAND_FREEZE, "www");
	undo(&s, freeze.id);
	assert_int_equal(s.plan->command_count, 1);
	story_end(&s);
}

/* What an undo puts in force again is judged as a command of now. */
static void test_safety_rules_hold(void **state)
{
	struct command undrain;
	struct story s;

	(void)state;
	story_begin(&s);
	story_order(&s, COMMAND_DRAIN, "www/eu-west");
	undrain = story_order(&s, COMMAND_UNDRAIN, "www/eu-west");
	story_order(&s, COMMAND_DRAIN, "www/eu-north");
	not_undone(&s, undrain.id, "residency");
	story_end(&s);
}

static void test_canaries(void **state)
{
	struct command start, pause, promote;
	struct story s;

	(void)state;
	story_begin(&s);
	start = story_order(&s, COMMAND_CANARY_START, "v2");
	promote = story_order(&s, COMMAND_CANARY_PROMOTE, "v2");
	story_has_share(&s, "v2-us-east", 0.05);
	not_undone(&s, start.id,
		   "has moved on: it is running, stage 1, step 2");
	undo(&s, promote.id);
	story_has_share(&s, "v2-us-east", 0.01);
	assert_int_equal(s.plan->canaries[0].state, CANARY_PAUSED);
	story_pass(&s, 600000);
	story_has_share(&s, "v2-us-east", 0.01);
	story_order(&s, COMMAND_CANARY_RESUME, "v2");
	pause = story_order(&s, COMMAND_CANARY_PAUSE, "v2");
	undo(&s, pause.id);
	assert_int_equal(s.plan->canaries[0].state, CANARY_RUNNING);
	undo(&s, start.id);
	story_has_share(&s, "v2-us-east", 0);
	assert_int_equal(s.plan->canaries[0].state, CANARY_ABORTED);
	not_undone(&s, UNDO_LAST, "start it again");
	story_end(&s);
}

/* What the agent did by itself has an id, too. */
static void test_a_failback(void **state)
{
	struct story s;
	char id[COMMAND_NAME_SIZE];

	(void)state;
	story_begin(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&s);
	steer_health(&s.w, WWW, US_EAST, VERDICT_UP);
	story_pass(&s, STEER_HOLD_MS + 20000);
	story_has_share(&s, "us-east", 0.2);
	assert_true(s.plan->changes[0].machine);
	assert_string_equal(s.plan->changes[0].what, "www/us-east");
	snprintf(id, sizeof(id), "%s", last_id(&s));
	not_undone(&s, UNDO_LAST, "no change of a person");
	undo(&s, id);
	story_has_share(&s, "us-east", 0.05);
	assert_int_equal(story_cause_of(&s, "us-east"), PLAN_HOLD);
	not_undone(&s, id, "www/us-east is waiting now");
	story_pass(&s, STEER_HOLD_MS + 20000);
	story_has_share(&s, "us-east", 0.2);
	story_end(&s);
}

/* An outage does not crowd out what people did. */
static void test_machine_changes_make_room_first(void **state)
{
	struct steer_world w;
	struct state st;
	struct error err;

	(void)state;
	steer_init(&w);
	assert_true(state_init(&st, &w.policy));
	for (unsigned i = 0; i < 3 * PLAN_CHANGES_MAX; i++) {
		struct audit_event event = { .wall_ms = 5, .who = "a1" };
		struct plan_change change = { .released = "www/us-east" };
		struct state before;

		assert_true(state_copy(&before, &st));
		if (i < 4) {
			struct command c =
				steer_command(&w, COMMAND_FREEZE, "api");

			state_append(&st, &c);
			snprintf(change.id, sizeof(change.id), "%s", c.id);
			undo_note(&st, &before, &change);
		} else {
			undo_note_machine(&st, &event, &change);
		}
		state_fini(&before);
	}
	assert_int_equal(st.change_count, PLAN_CHANGES_MAX);
	for (size_t i = 0; i < PLAN_CHANGES_MAX; i++) {
		const struct plan_change *c = &st.changes[i];

		assert_int_equal(c->machine, i >= 4);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(c->id, st.changes[j].id);
	}
	assert_string_equal(undo_find(&st, UNDO_LAST, &err)->id,
			    st.changes[3].id);
	state_fini(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_drain_and_back),
		cmocka_unit_test(test_what_went_comes_back_with_its_end),
		cmocka_unit_test(test_one_in_place_of_another),
		cmocka_unit_test(test_safety_rules_hold),
		cmocka_unit_test(test_canaries),
		cmocka_unit_test(test_a_failback),
		cmocka_unit_test(test_machine_changes_make_room_first),
	};

	return cmocka_run_group_tests_name("undo", tests, NULL, NULL);
}
