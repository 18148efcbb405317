/* SPDX-License-Identifier: Apache-2.0 */
/* canary: every command in every state, shares by region, same or not. */
#include "policy/base/error.h"
#include "steer_world.h"
#include "steering/canary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NO (-1)

/* clang-format off */
static const struct row {
	const char *title;
	enum plan_canary_state in;
	uint32_t stage, step;
	enum command_kind on;
	int out; /* enum plan_canary_state, or NO: refused */
	uint32_t stage_out, step_out;
} rows[] = {
	{ "start", CANARY_OFF, 0, 0, COMMAND_CANARY_START, CANARY_RUNNING, 0, 0 },
	{ "promote before start", CANARY_OFF, 0, 0, COMMAND_CANARY_PROMOTE, NO, 0, 0 },
	{ "pause before start", CANARY_OFF, 0, 0, COMMAND_CANARY_PAUSE, NO, 0, 0 },
	{ "resume before start", CANARY_OFF, 0, 0, COMMAND_CANARY_RESUME, NO, 0, 0 },
	{ "abort before start", CANARY_OFF, 0, 0, COMMAND_CANARY_ABORT, NO, 0, 0 },
	{ "start twice", CANARY_RUNNING, 0, 1, COMMAND_CANARY_START, NO, 0, 0 },
	{ "next step", CANARY_RUNNING, 0, 1, COMMAND_CANARY_PROMOTE, CANARY_RUNNING, 0, 2 },
	{ "next stage", CANARY_RUNNING, 0, 2, COMMAND_CANARY_PROMOTE, CANARY_RUNNING, 1, 0 },
	{ "past the last", CANARY_RUNNING, 1, 1, COMMAND_CANARY_PROMOTE, CANARY_DONE, 1, 1 },
	{ "pause", CANARY_RUNNING, 1, 0, COMMAND_CANARY_PAUSE, CANARY_PAUSED, 1, 0 },
	{ "resume what runs", CANARY_RUNNING, 1, 0, COMMAND_CANARY_RESUME, NO, 0, 0 },
	{ "abort", CANARY_RUNNING, 1, 0, COMMAND_CANARY_ABORT, CANARY_ABORTED, 1, 0 },
	{ "promote what is paused", CANARY_PAUSED, 0, 1, COMMAND_CANARY_PROMOTE, NO, 0, 0 },
	{ "start what is paused", CANARY_PAUSED, 0, 1, COMMAND_CANARY_START, NO, 0, 0 },
	{ "resume", CANARY_PAUSED, 0, 1, COMMAND_CANARY_RESUME, CANARY_RUNNING, 0, 1 },
	{ "abort what is paused", CANARY_PAUSED, 0, 1, COMMAND_CANARY_ABORT, CANARY_ABORTED, 0, 1 },
	{ "start over what is done", CANARY_DONE, 1, 1, COMMAND_CANARY_START, NO, 0, 0 },
	{ "promote what is done", CANARY_DONE, 1, 1, COMMAND_CANARY_PROMOTE, NO, 0, 0 },
	{ "abort what is done", CANARY_DONE, 1, 1, COMMAND_CANARY_ABORT, CANARY_ABORTED, 1, 1 },
	{ "abort is sticky", CANARY_ABORTED, 0, 0, COMMAND_CANARY_PROMOTE, NO, 0, 0 },
	{ "resume does not undo it", CANARY_ABORTED, 0, 0, COMMAND_CANARY_RESUME, NO, 0, 0 },
	{ "abort twice", CANARY_ABORTED, 0, 0, COMMAND_CANARY_ABORT, NO, 0, 0 },
	{ "start again, from the first step", CANARY_ABORTED, 1, 1, COMMAND_CANARY_START, CANARY_RUNNING, 0, 0 },
};

static const struct share_row {
	const char *title;
	enum plan_canary_state in;
	uint32_t stage, step;
	double us_east, eu_west, eu_north;
} share_rows[] = {
	{ "off", CANARY_OFF, 0, 0, 0, 0, 0 },
	{ "first step", CANARY_RUNNING, 0, 0, 0.01, 0, 0 },
	{ "second step", CANARY_RUNNING, 0, 1, 0.05, 0, 0 },
	{ "last of the stage", CANARY_RUNNING, 0, 2, 1, 0, 0 },
	{ "next stage keeps the first", CANARY_RUNNING, 1, 0, 1, 0.1, 0 },
	{ "paused holds where it is", CANARY_PAUSED, 1, 0, 1, 0.1, 0 },
	{ "done", CANARY_DONE, 1, 1, 1, 1, 0 },
	{ "aborted", CANARY_ABORTED, 1, 1, 0, 0, 0 },
};
/* clang-format on */

static void check(bool ok, const char *title)
{
	if (!ok)
		fail_msg("%s", title);
}

/* In the middle of a bake, where it is on its way. */
static struct plan_canary at(enum plan_canary_state in, uint32_t stage,
			     uint32_t step)
{
	return (struct plan_canary){
		.name = "v2",
		.state = in,
		.stage = stage,
		.step = step,
		.wall_since_ms = 7,
		.phase = in == CANARY_RUNNING || in == CANARY_PAUSED
				 ? CANARY_BAKE
				 : CANARY_PLANNED,
	};
}

static void test_commands(void **state)
{
	struct steer_world w;

	(void)state;
	steer_init(&w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct plan_canary c = at(row->in, row->stage, row->step);
		const struct plan_canary was = c;
		struct error err = { .text = "" };
		bool ok = canary_command(&w.canary, row->on, &c, 99, &err);

		check(ok == (row->out != NO), row->title);
		if (!ok) {
			check(memcmp(&c, &was, sizeof(c)) == 0, row->title);
			check(strstr(err.text, "v2") != NULL, row->title);
			continue;
		}
		check((int)c.state == row->out, row->title);
		check(c.stage == row->stage_out, row->title);
		check(c.step == row->step_out, row->title);
		check(c.wall_since_ms == 99, row->title);
	}
}

static void test_shares(void **state)
{
	struct steer_world w;

	(void)state;
	steer_init(&w);
	for (size_t i = 0; i < sizeof(share_rows) / sizeof(share_rows[0]);
	     i++) {
		const struct share_row *row = &share_rows[i];
		const struct plan_canary c = at(row->in, row->stage, row->step);
		double a = canary_share(&w.canary, &c, US_EAST);
		double b = canary_share(&w.canary, &c, EU_WEST);
		double n = canary_share(&w.canary, &c, EU_NORTH);

		check(fabs(a - row->us_east) < 1e-9, row->title);
		check(fabs(b - row->eu_west) < 1e-9, row->title);
		check(fabs(n - row->eu_north) < 1e-9, row->title);
	}
}

/* What a command makes of the phase. */
/* clang-format off */
static const struct phase_row {
	const char *title;
	enum plan_canary_state in;
	enum plan_canary_phase phase;
	uint32_t stage, step;
	enum command_kind on;
	enum plan_canary_phase out;
	uint32_t stage_out, step_out;
} phase_rows[] = {
	{ "start", CANARY_OFF, CANARY_PLANNED, 0, 0, COMMAND_CANARY_START, CANARY_PRECHECK, 0, 0 },
	{ "a step of the stage", CANARY_RUNNING, CANARY_BAKE, 0, 0, COMMAND_CANARY_PROMOTE, CANARY_STEP, 0, 1 },
	{ "the next stage", CANARY_RUNNING, CANARY_WAIT, 0, 2, COMMAND_CANARY_PROMOTE, CANARY_PRECHECK, 1, 0 },
	{ "no wait for health", CANARY_RUNNING, CANARY_PRECHECK, 1, 0, COMMAND_CANARY_PROMOTE, CANARY_STEP, 1, 0 },
	{ "done", CANARY_RUNNING, CANARY_BAKE, 1, 1, COMMAND_CANARY_PROMOTE, CANARY_PLANNED, 1, 1 },
	{ "pause", CANARY_RUNNING, CANARY_HOLD, 0, 1, COMMAND_CANARY_PAUSE, CANARY_HOLD, 0, 1 },
	{ "resume", CANARY_PAUSED, CANARY_HOLD, 0, 1, COMMAND_CANARY_RESUME, CANARY_HOLD, 0, 1 },
	{ "abort", CANARY_PAUSED, CANARY_SETTLE, 0, 1, COMMAND_CANARY_ABORT, CANARY_ROLLBACK, 0, 1 },
};
/* clang-format on */

static void test_phases(void **state)
{
	struct steer_world w;
	struct error err;

	(void)state;
	steer_init(&w);
	for (size_t i = 0; i < sizeof(phase_rows) / sizeof(phase_rows[0]);
	     i++) {
		const struct phase_row *row = &phase_rows[i];
		struct plan_canary c = at(row->in, row->stage, row->step);

		c.phase = row->phase;
		check(canary_command(&w.canary, row->on, &c, 99, &err),
		      row->title);
		check(c.phase == row->out, row->title);
		check(c.stage == row->stage_out && c.step == row->step_out,
		      row->title);
	}
}

/* Nothing of an earlier run is left, and after a rollback there is no start. */
static void test_start(void **state)
{
	struct plan_canary c = at(CANARY_ABORTED, 1, 1);
	struct steer_world w;
	struct error err;

	(void)state;
	steer_init(&w);
	w.canary.revision = "r2";
	c.canary_errors = c.canary_requests = 9;
	c.blind_ms = c.spent_ms = 1000;
	c.log_e = 5;
	c.rolled_back = true;
	snprintf(c.reason, sizeof(c.reason), "too many errors");
	assert_false(
		canary_command(&w.canary, COMMAND_CANARY_START, &c, 99, &err));
	assert_non_null(strstr(err.text, "too many errors"));
	assert_non_null(strstr(err.text, "revision"));
	c.rolled_back = false;
	assert_true(
		canary_command(&w.canary, COMMAND_CANARY_START, &c, 99, &err));
	assert_string_equal(c.name, "v2");
	assert_string_equal(c.revision, "r2");
	assert_int_equal(c.canary_errors + c.canary_requests, 0);
	assert_int_equal(c.blind_ms + c.spent_ms, 0);
	assert_true(c.log_e <= 0);
}

static void test_precheck_has_no_clients(void **state)
{
	struct plan_canary c = at(CANARY_RUNNING, 1, 0);
	struct steer_world w;

	(void)state;
	steer_init(&w);
	c.phase = CANARY_PRECHECK;
	assert_true(canary_share(&w.canary, &c, EU_WEST) <= 0);
	assert_true(canary_share(&w.canary, &c, US_EAST) >= 1);
}

static void test_bake(void **state)
{
	struct steer_world w;
	struct plan_canary c = at(CANARY_RUNNING, 0, 0);

	(void)state;
	steer_init(&w);
	c.spent_ms = 20000;
	assert_int_equal(canary_bake_left_ms(&w.canary, &c), 40000);
	c.phase = CANARY_HOLD;
	assert_int_equal(canary_bake_left_ms(&w.canary, &c), 40000);
	c.phase = CANARY_SETTLE;
	assert_int_equal(canary_bake_left_ms(&w.canary, &c), 60000);
	c.phase = CANARY_WAIT;
	assert_int_equal(canary_bake_left_ms(&w.canary, &c), 0);
	c.phase = CANARY_BAKE;
	c.spent_ms = 61000;
	assert_int_equal(canary_bake_left_ms(&w.canary, &c), 0);
	c.state = CANARY_PAUSED;
	c.spent_ms = 0;
	assert_int_equal(canary_bake_left_ms(&w.canary, &c), 0);
}

static void test_fits(void **state)
{
	struct steer_world w;
	struct plan_canary c = at(CANARY_RUNNING, 1, 1);

	(void)state;
	steer_init(&w);
	assert_true(canary_state_fits(&w.canary, &c));
	w.canary.revision = "r2";
	assert_false(canary_state_fits(&w.canary, &c));
	w.canary.revision = NULL;
	c.step = 2;
	assert_false(canary_state_fits(&w.canary, &c));
	c.stage = 2;
	c.step = 0;
	assert_false(canary_state_fits(&w.canary, &c));
}

static void test_same(void **state)
{
	struct net_addr old_addr = net_from_v4(1), new_addr = net_from_v4(2);
	struct steer_world a, b;
	struct policy_region spare;

	(void)state;
	steer_init(&a);
	steer_init(&b);
	assert_true(canary_same(&a.policy, 0, &b.policy, 0));
	/* Regions in another order are the same regions. */
	spare = b.regions[US_EAST];
	b.regions[US_EAST] = b.regions[EU_WEST];
	b.regions[EU_WEST] = spare;
	assert_false(canary_same(&a.policy, 0, &b.policy, 0));
	b.stages[0].regions = 1 << EU_WEST;
	b.stages[1].regions = 1 << US_EAST;
	assert_true(canary_same(&a.policy, 0, &b.policy, 0));
	b.percents[1][0] = 11;
	assert_false(canary_same(&a.policy, 0, &b.policy, 0));
	steer_init(&b);
	a.www[V2_EU_WEST].a = &old_addr;
	a.www[V2_EU_WEST].a_count = 1;
	assert_false(canary_same(&a.policy, 0, &b.policy, 0));
	b.www[V2_EU_WEST].a = &new_addr;
	b.www[V2_EU_WEST].a_count = 1;
	assert_false(canary_same(&a.policy, 0, &b.policy, 0));
	new_addr = old_addr;
	assert_true(canary_same(&a.policy, 0, &b.policy, 0));
	b.canary.revision = "r2";
	assert_false(canary_same(&a.policy, 0, &b.policy, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_phases),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_precheck_has_no_clients),
		cmocka_unit_test(test_bake),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
