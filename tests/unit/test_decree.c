/* SPDX-License-Identifier: Apache-2.0 */
/* decree: what plans and commands leave to endpoints, and what is left when a
 * command is over. */
#include "policy/decide/view.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_expired_commands_end_without_an_agent(void **state)
{
	struct scene s;
	const struct view_service *www;
	struct plan_share *share;

	(void)state;
	scene_init(&s);
	share = scene_add_share(&s, "eu-west", 0, PLAN_COMMAND);
	snprintf(share->ref, sizeof(share->ref), "c-1");
	s.commands[0] = (struct command){
		.id = "c-1",
		.kind = COMMAND_DRAIN,
		.target = "eu-west",
		.wall_expires_ms = SCENE_WALL_MS + 1000,
	};
	s.plan.command_count = 1;
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].accept, ACCEPT_NONE);
	assert_int_equal(www->endpoints[2].cause, SHARE_COMMAND);
	assert_string_equal(www->endpoints[2].cause_ref, "c-1");
	scene_pass(&s, 999);
	assert_int_equal(scene_reduce(&s)->endpoints[2].accept, ACCEPT_NONE);
	scene_pass(&s, 1);
	assert_int_equal(scene_reduce(&s)->endpoints[2].accept, ACCEPT_ALL);
	s.commands[0].wall_expires_ms = 0; /* an undrain under way */
	assert_int_equal(scene_reduce(&s)->endpoints[2].accept, ACCEPT_NONE);
	scene_fini(&s);
}

static void test_local_commands(void **state)
{
	struct command local[2] = {
		{ .id = "here",
		  .kind = COMMAND_DRAIN,
		  .target = "eu-west",
		  .wall_expires_ms = SCENE_WALL_MS + 60000,
		  .wall_made_ms = SCENE_WALL_MS,
		  .over_ms = 10000 },
		{ .id = "gone",
		  .kind = COMMAND_DRAIN,
		  .target = "us-east",
		  .wall_expires_ms = SCENE_WALL_MS },
	};
	struct scene s;
	const struct view_service *www;

	(void)state;
	scene_init(&s);
	scene_add_share(&s, "eu-west", 0.5, PLAN_RAMP);
	s.in.local = local;
	s.in.local_count = 2;
	scene_pass(&s, 5000);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].accept, UINT32_C(1) << 30);
	assert_int_equal(www->endpoints[2].cause, SHARE_COMMAND);
	assert_string_equal(www->endpoints[2].cause_ref, "here");
	assert_int_equal(www->endpoints[0].accept, ACCEPT_ALL);
	scene_pass(&s, 54999);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].accept, ACCEPT_NONE);
	assert_true(www->changing);
	scene_pass(&s, 1);
	www = scene_reduce(&s);
	assert_int_equal(www->endpoints[2].accept, UINT32_C(1) << 31);
	scene_fini(&s);
}

/* eu-west is drained for a second, in a plan of ten before. */
static struct plan_share *drain(struct scene *s)
{
	struct plan_share *share =
		scene_add_share(s, "eu-west", 0, PLAN_COMMAND);

	snprintf(share->ref, sizeof(share->ref), "c-1");
	s->commands[0] = (struct command){
		.id = "c-1",
		.kind = COMMAND_DRAIN,
		.target = "eu-west",
		.wall_expires_ms = SCENE_WALL_MS + 1000,
	};
	s->plan.command_count = 1;
	return share;
}

/* It was coming back slowly when it was drained, and goes on so. */
static void test_a_ramp_goes_on_beneath(void **state)
{
	const struct view_endpoint *e;
	struct scene s;

	(void)state;
	scene_init(&s);
	drain(&s)->beneath = 0.25;
	e = &scene_reduce(&s)->endpoints[2];
	assert_int_equal(e->accept, ACCEPT_NONE);
	scene_pass(&s, 1000);
	e = &scene_reduce(&s)->endpoints[2];
	assert_int_equal(e->accept, UINT32_C(1) << 30);
	assert_int_equal(e->cause, SHARE_RAMP);
	scene_fini(&s);
}

/* The other command is in the plan, too, and is not over. */
static void test_another_command_goes_on(void **state)
{
	const struct view_endpoint *e;
	struct scene s;

	(void)state;
	scene_init(&s);
	drain(&s)->beneath = 0.5;
	s.commands[1] = (struct command){
		.id = "c-2",
		.kind = COMMAND_DRAIN,
		.target = "www/eu-west",
		.wall_expires_ms = SCENE_WALL_MS + 2000,
	};
	s.plan.command_count = 2;
	scene_pass(&s, 1000);
	e = &scene_reduce(&s)->endpoints[2];
	assert_int_equal(e->accept, ACCEPT_NONE);
	assert_int_equal(e->cause, SHARE_COMMAND);
	assert_string_equal(e->cause_ref, "c-2");
	assert_int_equal(scene_reduce(&s)->endpoints[0].accept, ACCEPT_ALL);
	scene_pass(&s, 1000);
	e = &scene_reduce(&s)->endpoints[2];
	assert_int_equal(e->accept, UINT32_C(1) << 31);
	scene_fini(&s);
}

static struct command pin_of(const char *id, const char *clients,
			     const char *to, int64_t made_ms)
{
	struct command c = {
		.kind = COMMAND_PIN,
		.target = "www",
		.author = "ann",
		.reason = "INC-414",
		.wall_made_ms = SCENE_WALL_MS + made_ms,
		.wall_expires_ms = SCENE_WALL_MS + 1000,
	};

	snprintf(c.id, sizeof(c.id), "%s", id);
	snprintf(c.clients, sizeof(c.clients), "%s", clients);
	snprintf(c.to, sizeof(c.to), "%s", to);
	return c;
}

/* From the plan and from people here, newest first; each ends by itself, and
 * what the policy does not name is none. */
static void test_pins(void **state)
{
	struct command local = pin_of("here", "uk", "us-east", -10);
	const struct view_service *www;
	struct scene s;

	(void)state;
	scene_init(&s);
	s.commands[0] = pin_of("p-1", "eea", "eu-west", -20);
	s.commands[1] = pin_of("p-2", "mars", "eu-west", 0);
	s.plan.command_count = 2;
	s.in.plan = &s.plan;
	s.in.local = &local;
	s.in.local_count = 1;
	local.wall_expires_ms += 500;
	www = scene_reduce(&s);
	assert_int_equal(www->pin_count, 2);
	assert_string_equal(www->pins[0].ref, "here");
	assert_int_equal(www->pins[0].set, 1);
	assert_int_equal(www->pins[0].endpoints, 1);
	assert_string_equal(www->pins[1].ref, "p-1");
	assert_string_equal(www->pins[1].author, "ann");
	assert_string_equal(www->pins[1].reason, "INC-414");
	assert_true(www->pins[1].ref != s.commands[0].id);
	assert_int_equal(www->endpoints[0].accept, ACCEPT_ALL);
	assert_true(www->changing);
	scene_pass(&s, 999);
	assert_int_equal(scene_reduce(&s)->pin_count, 2);
	scene_pass(&s, 1);
	www = scene_reduce(&s);
	assert_int_equal(www->pin_count, 1);
	assert_string_equal(www->pins[0].ref, "here");
	scene_pass(&s, 500);
	assert_int_equal(scene_reduce(&s)->pin_count, 0);
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expired_commands_end_without_an_agent),
		cmocka_unit_test(test_local_commands),
		cmocka_unit_test(test_a_ramp_goes_on_beneath),
		cmocka_unit_test(test_another_command_goes_on),
		cmocka_unit_test(test_pins),
	};

	return cmocka_run_group_tests_name("decree", tests, NULL, NULL);
}
