/* SPDX-License-Identifier: Apache-2.0 */
/* frozen: which freezes of the plan are told of a service. */
#include "policy/decide/frozen.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LEFT_MS = 60000 };

/* clang-format off */
static const struct freeze_row {
	const char *title;
	enum command_kind kind;
	const char *target;
	int64_t left_ms;
	bool told;
} rows[] = {
	{ "all",                   COMMAND_FREEZE, "all",    LEFT_MS, true  },
	{ "the service",           COMMAND_FREEZE, "www",    LEFT_MS, true  },
	{ "its canary",            COMMAND_FREEZE, "www/v2", LEFT_MS, true  },
	{ "a canary that is none", COMMAND_FREEZE, "www/v3", LEFT_MS, false },
	{ "another service",       COMMAND_FREEZE, "ww",     LEFT_MS, false },
	{ "a longer name",         COMMAND_FREEZE, "www2",   LEFT_MS, false },
	{ "another's canary",      COMMAND_FREEZE, "api/v2", LEFT_MS, false },
	{ "it is over",            COMMAND_FREEZE, "all",    0,       false },
	{ "no freeze",             COMMAND_DRAIN,  "all",    LEFT_MS, false },
};
/* clang-format on */

static struct command command_of(const struct freeze_row *row)
{
	struct command c = {
		.id = "c-7",
		.kind = row->kind,
		.author = "ann",
		.reason = "INC-7",
		.wall_expires_ms = SCENE_WALL_MS + row->left_ms,
	};

	snprintf(c.target, sizeof(c.target), "%s", row->target);
	return c;
}

static void test_what_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct command *found;
		struct scene s;

		scene_init(&s);
		world_add_canary(&s.w, 1);
		s.commands[0] = command_of(&rows[i]);
		s.plan.command_count = 1;
		s.in.plan = &s.plan;
		scene_reduce(&s);
		memset(s.commands, 'x', sizeof(s.commands));
		found = frozen_next(s.view, 0, NULL);
		if ((found != NULL) != rows[i].told)
			fail_msg("%s", rows[i].title);
		if (found != NULL) {
			assert_string_equal(found->target, rows[i].target);
			assert_null(frozen_next(s.view, 0, found));
			s.view->wall_made_ms += LEFT_MS;
			assert_null(frozen_next(s.view, 0, NULL));
		}
		scene_fini(&s);
	}
}

/* All of them, in the plan's order; the next plan has none. */
static void test_several(void **state)
{
	const struct command *first, *second;
	struct scene s;

	(void)state;
	scene_init(&s);
	world_add_canary(&s.w, 1);
	s.commands[0] = command_of(&rows[2]);
	s.commands[1] = command_of(&rows[0]);
	s.plan.command_count = 2;
	s.in.plan = &s.plan;
	scene_reduce(&s);
	first = frozen_next(s.view, 0, NULL);
	assert_non_null(first);
	second = frozen_next(s.view, 0, first);
	assert_non_null(second);
	assert_string_equal(first->target, "www/v2");
	assert_string_equal(second->target, "all");
	assert_null(frozen_next(s.view, 0, second));
	s.plan.command_count = 0;
	scene_reduce(&s);
	assert_null(frozen_next(s.view, 0, NULL));
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests_name("frozen", tests, NULL, NULL);
}
