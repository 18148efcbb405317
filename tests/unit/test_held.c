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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_persons),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
