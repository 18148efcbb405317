/* SPDX-License-Identifier: Apache-2.0 */
/* held: who may approve what, for how long. */
#include "policy/base/error.h"
#include "steering/held.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MADE_MS = 1000000, WITHIN_MS = 600000 };

static const char *const confirm[] = { "failover", "weight" };
static const struct policy policy = {
	.safety = { .confirm = (const char **)(uintptr_t)confirm,
		    .confirm_count = 2,
		    .approval_within_ms = WITHIN_MS },
};

static struct plan_held drain_by(const char *author, const char *key)
{
	struct plan_held h = {
		.command = { .id = "c-1",
			     .kind = COMMAND_DRAIN,
			     .target = "us-east",
			     .wall_made_ms = MADE_MS,
			     .wall_expires_ms = MADE_MS + 3600000 },
		.why = "a rule",
	};

	snprintf(h.command.author, sizeof(h.command.author), "%s", author);
	snprintf(h.key, sizeof(h.key), "%s", key);
	return h;
}

static void test_wanted(void **state)
{
	(void)state;
	assert_true(held_wanted(&policy, COMMAND_FAILOVER));
	assert_true(held_wanted(&policy, COMMAND_WEIGHT));
	assert_false(held_wanted(&policy, COMMAND_DRAIN));
}

/* clang-format off */
static const struct row {
	const char *title, *id, *author, *key, *held_key;
	const char *refused; /* a part; NULL: it is approved */
} rows[] = {
	{ "by another person", "c-1", "bob", "kb", "ka", NULL },
	{ "of what came unsigned", "c-1", "bob", "kb", "", NULL },
	{ "another id", "c-2", "bob", "kb", "ka", "no command c-2 waits" },
	{ "the same key under another name", "c-1", "bob", "ka", "ka", "key ka sent c-1 itself" },
	{ "the same name with another key", "c-1", "alice", "kb", "ka", "alice asked for c-1" },
	{ "unsigned", "c-1", "bob", "", "ka", "sign it" },
	{ "unsigned, of what came unsigned", "c-1", "bob", "", "", "sign it" },
};
/* clang-format on */

static void test_persons(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct held held = { .count = 0 };
		struct plan_held h = drain_by("alice", row->held_key);
		struct command approval = { .kind = COMMAND_APPROVE };
		struct error err = { .text = "" };
		bool ok;

		snprintf(approval.target, sizeof(approval.target), "%s",
			 row->id);
		snprintf(approval.author, sizeof(approval.author), "%s",
			 row->author);
		assert_true(held_add(&held, &policy, &h, MADE_MS, &err));
		ok = held_find(&held, &approval, row->key, &err) != NULL;
		if (ok != (row->refused == NULL) ||
		    (!ok && strstr(err.text, row->refused) == NULL))
			fail_msg("%s: %s", row->title, ok ? "ok" : err.text);
	}
}

static void test_times(void **state)
{
	struct held held = { .count = 0 };
	struct plan_held h = drain_by("alice", "ka"), out;
	struct command renewed;
	struct error err;

	(void)state;
	assert_true(held_add(&held, &policy, &h, MADE_MS, &err));
	assert_false(held_add(&held, &policy, &h, MADE_MS, &err));
	renewed = held_renew(&held.list[0], MADE_MS + 5000);
	assert_int_equal(renewed.wall_made_ms, MADE_MS + 5000);
	assert_int_equal(renewed.wall_expires_ms, MADE_MS + 3605000);
	assert_false(held_expire(&held, MADE_MS + WITHIN_MS - 1, &out));
	assert_true(held_expire(&held, MADE_MS + WITHIN_MS, &out));
	assert_string_equal(out.command.id, "c-1");
	assert_int_equal(held.count, 0);
	for (int i = 0; i < PLAN_HELD_MAX; i++) {
		snprintf(h.command.id, sizeof(h.command.id), "c-%d", i);
		assert_true(held_add(&held, &policy, &h, MADE_MS, &err));
	}
	strcpy(h.command.id, "one-more");
	assert_false(held_add(&held, &policy, &h, MADE_MS, &err));
	held_remove(&held, "c-7");
	assert_int_equal(held.count, PLAN_HELD_MAX - 1);
	assert_string_equal(held.list[7].command.id, "c-8");
	assert_true(held_add(&held, &policy, &h, MADE_MS, &err));
}

/* "ab": held are a and b, in this order. */
static void hold(struct held *held, const char *letters)
{
	held->count = 0;
	for (size_t i = 0; letters[i] != '\0'; i++) {
		held->list[held->count] = drain_by("alice", "ka");
		snprintf(held->list[held->count++].command.id,
			 COMMAND_NAME_SIZE, "%c", letters[i]);
	}
}

/* clang-format off */
static const struct restore_row {
	const char *title, *has, *stored, *in_force, *then;
} restores[] = {
	{ "the same", "ab", "ab", "", "ab" },
	{ "one that was approved, in a plan that did not get there", "ac", "abc", "", "abc" },
	{ "the first and the last", "b", "abc", "", "abc" },
	{ "one that came since", "abz", "ab", "", "abz" },
	{ "one in whose place another came", "bz", "abc", "", "abcz" },
	{ "one that is in force after all", "abz", "a", "b", "az" },
	{ "none", "", "", "a", "" },
};
/* clang-format on */

static void test_goes_back_to_what_is_stored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(restores) / sizeof(restores[0]); i++) {
		const struct restore_row *row = &restores[i];
		struct held held, stored;
		struct command in_force = { .kind = COMMAND_DRAIN };
		struct plan plan = { .commands = &in_force };

		hold(&held, row->has);
		hold(&stored, row->stored);
		snprintf(in_force.id, sizeof(in_force.id), "%s", row->in_force);
		plan.command_count = strlen(row->in_force);
		plan.held = stored.list;
		plan.held_count = stored.count;
		held_restore(&held, NULL);
		assert_int_equal(held.count, strlen(row->has));
		held_restore(&held, &plan);
		for (size_t k = 0; k < held.count; k++)
			if (held.list[k].command.id[0] != row->then[k])
				fail_msg("%s: %s at %zu", row->title,
					 held.list[k].command.id, k);
		if (held.count != strlen(row->then))
			fail_msg("%s: %zu are held", row->title, held.count);
	}
}

/* There is room for no more. */
static void test_goes_back_to_what_there_is_room_for(void **state)
{
	struct held held = { .count = 0 };
	struct plan_held old = drain_by("bob", "kb");
	const struct plan plan = { .held = &old, .held_count = 1 };
	struct error err;

	(void)state;
	for (int i = 0; i < PLAN_HELD_MAX; i++) {
		struct plan_held h = drain_by("alice", "ka");

		snprintf(h.command.id, sizeof(h.command.id), "n-%d", i);
		assert_true(held_add(&held, &policy, &h, MADE_MS, &err));
	}
	held_restore(&held, &plan);
	assert_int_equal(held.count, PLAN_HELD_MAX);
	assert_string_equal(held.list[0].command.id, "n-0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_persons),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_goes_back_to_what_is_stored),
		cmocka_unit_test(test_goes_back_to_what_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
