/* SPDX-License-Identifier: Apache-2.0 */
/* generations: which plans are kept, and which is meant. */
#include "policy/base/error.h"
#include "steer_world.h"
#include "steering/generations.h"
#include "steering/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* A plan with one command per letter. */
static enum generations_take add(struct generations *g, uint64_t sequence,
				 const char *ids, int64_t wall_expires_ms)
{
	struct command commands[8];
	struct plan plan = { .epoch = 5,
			     .sequence = sequence,
			     .agent = "a",
			     .commands = commands,
			     .command_count = strlen(ids) };

	for (size_t i = 0; i < plan.command_count; i++)
		commands[i] = (struct command){
			.id = { ids[i] },
			.kind = COMMAND_DRAIN,
			.target = "us-east",
			.wall_expires_ms = wall_expires_ms,
		};
	return generations_add(g, &plan, "sealed", 6);
}

static uint64_t found(const struct generations *g, const char *name)
{
	struct error err = { .text = "" };
	const struct plan *plan = generations_find(g, name, &err);

	assert_true((plan == NULL) == (err.text[0] != '\0'));
	return plan == NULL ? 0 : plan->sequence;
}

static void test_what_is_kept(void **state)
{
	struct generations g = { .count = 0 };
	json_t *told;

	(void)state;
	assert_int_equal(found(&g, "previous"), 0);
	assert_int_equal(found(NULL, "previous"), 0);
	assert_int_equal(add(&g, 1, "", 9), GENERATIONS_NEW);
	assert_int_equal(found(&g, "previous"), 0);
	assert_int_equal(add(&g, 2, "", 9), GENERATIONS_SAME);
	assert_int_equal(add(&g, 3, "a", 9), GENERATIONS_NEW);
	assert_int_equal(add(&g, 4, "a", 9), GENERATIONS_SAME);
	assert_int_equal(add(&g, 5, "a", 8), GENERATIONS_NEW);
	assert_int_equal(add(&g, 6, "b", 8), GENERATIONS_NEW);
	assert_int_equal(add(&g, 7, "bc", 8), GENERATIONS_NEW);
	assert_int_equal(g.count, 5);
	assert_int_equal(found(&g, "previous"), 6);
	assert_int_equal(found(&g, "5/3"), 3);
	assert_int_equal(found(&g, "5/7"), 7);
	assert_int_equal(found(&g, "5/4"), 0);
	assert_int_equal(found(&g, "4/3"), 0);
	assert_int_equal(found(&g, ""), 0);
	told = generations_tell(&g);
	assert_int_equal(json_array_size(told), 5);
	assert_string_equal(json_string_value(
				    json_object_get(json_array_get(told, 0),
						    "plan")),
			    "5/7");
	assert_int_equal(json_array_size(
				 json_object_get(json_array_get(told, 0),
						 "commands")),
			 2);
	json_decref(told);
	generations_fini(&g);
	assert_int_equal(g.count, 0);
}

static void test_how_many(void **state)
{
	struct generations g = { .count = 0 };

	(void)state;
	for (uint64_t i = 1; i <= GENERATIONS_MAX + 3; i++)
		assert_int_equal(add(&g, i, i % 2 == 0 ? "a" : "b", 9),
				 GENERATIONS_NEW);
	assert_int_equal(g.count, GENERATIONS_MAX);
	assert_int_equal(g.list[0].plan->sequence, GENERATIONS_MAX + 3);
	assert_int_equal(g.list[GENERATIONS_MAX - 1].plan->sequence, 4);
	assert_string_equal(g.list[0].envelope, "sealed");
	generations_fini(&g);
}

/* Of what was in force then, what has ended since stays ended, and what the
 * policy does not know any more is left out. */
static void test_roll_back(void **state)
{
	struct generations past = { .count = 0 };
	struct steer_world w;
	struct command then[3], back;
	struct plan plan = {
		.epoch = 5, .sequence = 9, .commands = then, .command_count = 3
	};
	struct state now;
	struct error err = { .text = "" };

	(void)state;
	steer_init(&w);
	then[0] = steer_command(&w, COMMAND_DRAIN, "www/us-east");
	then[0].wall_expires_ms = w.in.now.wall_ms;
	then[1] = steer_command(&w, COMMAND_DRAIN, "eu-west");
	then[2] = steer_command(&w, COMMAND_DRAIN, "atlantis");
	assert_int_equal(generations_add(&past, &plan, "", 0), GENERATIONS_NEW);
	assert_true(state_init(&now, &w.policy));
	then[0] = steer_command(&w, COMMAND_DRAIN, "us-west");
	state_append(&now, &then[0]);
	back = steer_command(&w, COMMAND_ROLLBACK, "5/9");
	assert_true(order_apply(&now, &back, &past, w.in.now, &err));
	assert_int_equal(now.command_count, 1);
	assert_string_equal(now.commands[0].target, "eu-west");
	assert_false(order_apply(&now, &back, &past, w.in.now, &err));
	assert_non_null(strstr(err.text, "is in force, and nothing else"));
	assert_false(order_apply(&now, &back, NULL, w.in.now, &err));
	assert_int_equal(now.command_count, 1);
	state_fini(&now);
	generations_fini(&past);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test(test_how_many),
		cmocka_unit_test(test_roll_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
