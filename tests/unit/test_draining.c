/* SPDX-License-Identifier: Apache-2.0 */
/* draining: the two clocks, by what a command takes away. */
#include "steering/draining.h"

#include "steer_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct row {
	enum command_kind kind;
	const char *target, *to;
	int64_t over_ms;
	int64_t moved_ms, drained_ms; /* after it was made; -1: takes nobody */
} rows[] = {
	{ COMMAND_DRAIN, "www/us-east", "", 0, 0, 60000 },
	{ COMMAND_DRAIN, "api/us-east", "", 0, 0, 300000 },
	{ COMMAND_DRAIN, "us-east", "", 0, 0, 300000 },
	{ COMMAND_DRAIN, "us-west", "", 600000, 600000, 660000 },
	{ COMMAND_FAILOVER, "www", "us-east", 0, 0, 60000 },
	{ COMMAND_WEIGHT, "www/us-east", "", 0, 0, 60000 },
	{ COMMAND_FREEZE, "www", "", 0, -1, -1 },
	{ COMMAND_UNDRAIN, "us-east", "", 0, -1, -1 },
};
/* clang-format on */

static void test_rows(void **state)
{
	struct steer_world w;

	(void)state;
	steer_init(&w);
	w.services[WWW].ttl = (struct policy_ttl){ 60, 20, 10 };
	w.services[API].ttl = (struct policy_ttl){ 20, 300, 10 };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct command c = steer_command(&w, row->kind, row->target);
		struct draining d = { .wall_moved_ms = -1 };
		int64_t from_ms = c.wall_made_ms;

		snprintf(c.to, sizeof(c.to), "%s", row->to);
		c.over_ms = row->over_ms;
		if (draining_of(&c, &w.policy, &d) != (row->moved_ms >= 0))
			fail_msg("%s: %d", row->target, (int)row->kind);
		if (row->moved_ms < 0) {
			assert_int_equal(d.wall_moved_ms, -1);
			continue;
		}
		assert_int_equal(d.wall_moved_ms - from_ms, row->moved_ms);
		assert_int_equal(d.wall_drained_ms - from_ms, row->drained_ms);
		assert_int_equal(d.wall_gone_ms - d.wall_drained_ms,
				 DRAINING_TAIL_MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests_name("draining", tests, NULL, NULL);
}
