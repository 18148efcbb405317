/* SPDX-License-Identifier: Apache-2.0 */
/* reason: the words for what a whole service is under; for its endpoints see
 * test_rationale. */
#include "policy/decide/reason.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WALL_MS INT64_C(1770000060000) /* 2026-02-02T02:41:00Z */

static void test_freezes(void **state)
{
	struct command c = {
		.id = "c-7",
		.kind = COMMAND_FREEZE,
		.target = "www",
		.author = "ann",
		.reason = "INC-7",
		.wall_expires_ms = WALL_MS,
	};
	char text[REASON_SIZE];

	(void)state;
	assert_string_equal(reason_freeze(&c, text, sizeof(text)),
			    "www by command c-7 of ann (INC-7) until "
			    "2026-02-02T02:41:00Z: nothing comes back, ramps "
			    "or steps by itself");
	strcpy(c.target, "www/v2");
	assert_non_null(strstr(reason_freeze(&c, text, sizeof(text)),
			       "www/v2 by command c-7 of ann"));
	assert_non_null(strstr(text, "this canary takes no step by itself"));
}

/* clang-format off */
static const struct demand_row {
	struct plan_demand demand;
	const char *words;
} demands[] = {
	{ { .demand = 1000 },
	  "1000 as the policy states, shared out by address space" },
	{ { .demand = 41.25, .edges = 1 },
	  "41.25 as 1 edge counted, shared out by address space" },
	{ { .demand = 1000, .responders = 1, .wall_counted_ms = WALL_MS },
	  "1000 as the policy states, shared out as 1 responder counted until 2026-02-02T02:41:00Z" },
	{ { .demand = 1e9, .responders = 3, .edges = 2, .wall_counted_ms = WALL_MS },
	  "1e+09 as 2 edges counted, shared out as 3 responders counted until 2026-02-02T02:41:00Z" },
};
/* clang-format on */

static void test_demands(void **state)
{
	char text[REASON_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++)
		assert_string_equal(reason_demand(&demands[i].demand, text,
						  sizeof(text)),
				    demands[i].words);
}

/* Two are down, and one of them is served all the same. */
static void test_health(void **state)
{
	struct chain_trace trace;
	struct world w;
	struct row row;
	struct reasons reasons = { .view = &w.view,
				   .row = &row,
				   .trace = &trace };
	char text[REASON_SIZE];

	(void)state;
	world_init(&w);
	for (size_t i = 2; i < 4; i++)
		w.view_endpoints[i].health =
			(struct quorum_result){ .verdict = VERDICT_DOWN,
						.up = 1,
						.down = 2,
						.up_by = 4,
						.down_by = 3 };
	w.view_endpoints[3].deferred = true;
	row = chain_row(&w.policy, &w.view, 0, &w.class, &trace);
	assert_string_equal(reason_text(&reasons, 2, text, sizeof(text)),
			    "down: 2 of 3 votes of vantages say "
			    "down (iad, dub)");
	assert_non_null(strstr(reason_text(&reasons, 3, text, sizeof(text)),
			       "down, and with it more than health may take "
			       "out, weight 1"));
	assert_null(
		strstr(reason_text(&reasons, 4, text, sizeof(text)), "down"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freezes),
		cmocka_unit_test(test_demands),
		cmocka_unit_test(test_health),
	};

	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
