/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollout: walks through the phases, a second and a measure at a time, and
 * what they come to.
 */
#include "steering/canary.h"
#include "steering/rollout.h"

#include "policy/base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
	DOWN = 1,      /* its endpoint is */
	UNREADY = 2,   /* that of the stage is not up yet */
	ALONE = 4,     /* the stable version has no clients there */
	SLOW = 8,      /* each of its requests takes ten times as long */
	SILENT = 16,   /* no measure comes at all */
	RESTARTS = 32, /* its counters begin anew with this walk */
	SUCCEED = 64,  /* before it, another agent takes over from the plan */
	ACKED = 128,   /* every node has it at 0 */
	ASLEEP = 256,  /* the whole walk is one tick */
};

/* Requests a second of both versions and how many of 1000 fail, for so long. */
struct walk {
	int s;
	unsigned canary, fail, stable, stable_fail;
	enum measure_outcome outcome; /* of the canary's; NONE counts as OK */
	unsigned flags;
	enum command_kind order; /* before it; COMMAND_NONE: none */
};

enum { WALKS = 6, BAKE_S = 20, SETTLE_S = 4, NO_DATA_S = 30 };

/* clang-format off */
#define FEW { .s = 1 }
/* A settled and baked step of a healthy canary, up to where it ends. */
#define GOOD_STEP { 25, 20, 1, 100, 1, 0, 0, 0 }

static const struct row {
	const char *title;
	struct walk walks[WALKS];
	enum plan_canary_state state;
	enum plan_canary_phase phase;
	uint32_t stage, step;
	const char *why;
} rows[] = {
	{ "waits for healthy endpoints", { { 60, 0, 0, 100, 1, 0, UNREADY, 0 } },
	  CANARY_RUNNING, CANARY_PRECHECK, 0, 0, "canary-start" },
	{ "and goes on with them", { { 60, 0, 0, 100, 1, 0, UNREADY, 0 }, { 1, 0, 0, 100, 1, 0, 0, 0 } },
	  CANARY_RUNNING, CANARY_SETTLE, 0, 0, "10 % of the clients" },
	{ "a person does not wait", { { 1, 0, 0, 100, 1, 0, UNREADY, 0 }, { 1, 0, 0, 100, 1, 0, UNREADY, COMMAND_CANARY_PROMOTE } },
	  CANARY_RUNNING, CANARY_SETTLE, 0, 0, "10 %" },
	{ "waits for a measure of the stable version", { { 20, 0, 0, 100, 1, 0, SILENT, 0 } },
	  CANARY_RUNNING, CANARY_PRECHECK, 0, 0, NULL },
	{ "never measured", { { NO_DATA_S + 2, 0, 0, 100, 1, 0, SILENT, 0 } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "no data for too long: nothing" },
	{ "settles", { { SETTLE_S, 20, 0, 100, 0, 0, 0, 0 } },
	  CANARY_RUNNING, CANARY_SETTLE, 0, 0, NULL },
	{ "bakes", { { SETTLE_S + 4, 20, 0, 100, 0, 0, 0, 0 } },
	  CANARY_RUNNING, CANARY_BAKE, 0, 0, "run out" },
	{ "errors while it settles do not count", { { 5, 20, 900, 100, 0, 0, 0, 0 }, { 15, 20, 0, 100, 0, 0, 0, 0 } },
	  CANARY_RUNNING, CANARY_BAKE, 0, 0, NULL },
	{ "the next step", { GOOD_STEP, FEW },
	  CANARY_RUNNING, CANARY_SETTLE, 0, 1, "50 %" },
	{ "the next stage", { GOOD_STEP, GOOD_STEP, FEW },
	  CANARY_RUNNING, CANARY_SETTLE, 1, 0, "100 %" },
	{ "all of it, nothing left to compare with", { GOOD_STEP, GOOD_STEP, { 27, 100, 1, 0, 0, 0, ALONE, 0 } },
	  CANARY_DONE, CANARY_PLANNED, 1, 0, "baked" },
	{ "too few requests hold", { { 150, 1, 0, 100, 0, 0, 0, 0 } },
	  CANARY_RUNNING, CANARY_HOLD, 0, 0, "too few requests" },
	{ "too few requests of the stable version hold", { { 150, 20, 0, 1, 0, 0, 0, 0 } },
	  CANARY_RUNNING, CANARY_HOLD, 0, 0, "too few requests" },
	{ "until there are enough", { { 60, 1, 0, 100, 0, 0, 0, 0 }, { 11, 20, 0, 100, 0, 0, 0, 0 } },
	  CANARY_RUNNING, CANARY_SETTLE, 0, 1, NULL },
	{ "too many errors", { { 12, 20, 50, 100, 1, 0, 0, 0 }, { 12, 20, 50, 100, 1, 0, 0, 0 } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "too many errors" },
	{ "as many as the stable version", { { 26, 20, 50, 100, 50, 0, 0, 0 }, FEW },
	  CANARY_RUNNING, CANARY_SETTLE, 0, 1, NULL },
	{ "while paused, too", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 30, 20, 100, 100, 1, 0, 0, COMMAND_CANARY_PAUSE } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "too many errors" },
	{ "paused, it goes no further", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 300, 20, 0, 100, 0, 0, 0, COMMAND_CANARY_PAUSE } },
	  CANARY_PAUSED, CANARY_BAKE, 0, 0, "canary-pause" },
	{ "nor counts the time", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 300, 20, 0, 100, 0, 0, 0, COMMAND_CANARY_PAUSE }, { 8, 20, 0, 100, 0, 0, 0, COMMAND_CANARY_RESUME } },
	  CANARY_RUNNING, CANARY_BAKE, 0, 0, "canary-resume" },
	{ "too slow", { { 20, 20, 0, 100, 0, 0, SLOW, 0 } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "too slow" },
	{ "its endpoint is down", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 1, 20, 0, 100, 0, 0, DOWN, 0 } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "v2/us fails its checks" },
	{ "no data holds", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 20, 20, 0, 100, 0, MEASURE_TIMEOUT, 0, 0 } },
	  CANARY_RUNNING, CANARY_HOLD, 0, 0, "no data: canary: timeout" },
	{ "and goes on when it is back", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 20, 20, 0, 100, 0, MEASURE_TIMEOUT, 0, 0 }, { 2, 20, 0, 100, 0, 0, 0, 0 } },
	  CANARY_RUNNING, CANARY_BAKE, 0, 0, "goes on" },
	{ "rolls back at the deadline", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { NO_DATA_S + 1, 20, 0, 100, 0, MEASURE_EMPTY, 0, 0 } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "no data for too long: canary: no series" },
	{ "no measures at all, the same", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { NO_DATA_S + 1, 20, 0, 100, 0, 0, SILENT, 0 } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "no data for too long" },
	{ "while paused, too", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { NO_DATA_S + 1, 20, 0, 100, 0, MEASURE_NAN, 0, COMMAND_CANARY_PAUSE } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "not a number" },
	{ "counters that begin anew give no failures", { { 15, 20, 200, 100, 200, 0, 0, 0 }, { 12, 20, 0, 100, 200, 0, RESTARTS, 0 } },
	  CANARY_RUNNING, CANARY_SETTLE, 0, 1, NULL },
	{ "a sleep of an hour is no bake", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 3600, 20, 0, 100, 0, 0, ASLEEP, 0 } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "no data" },
	{ "aborted", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 5, 20, 0, 100, 0, 0, 0, COMMAND_CANARY_ABORT } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "canary-abort" },
	{ "and every node has it", { { 10, 20, 0, 100, 0, 0, 0, 0 }, { 5, 20, 0, 100, 0, 0, ACKED, COMMAND_CANARY_ABORT } },
	  CANARY_ABORTED, CANARY_ROLLED, 0, 0, "canary-abort" },
	{ "rolled back, it stays so", { { 20, 20, 100, 100, 1, 0, 0, 0 }, { 100, 0, 0, 100, 0, 0, ACKED, 0 } },
	  CANARY_ABORTED, CANARY_ROLLED, 0, 0, "too many errors" },
	{ "a successor goes on with the bake", { { 15, 20, 0, 100, 0, 0, 0, 0 }, { 7, 20, 0, 100, 0, 0, SUCCEED, 0 } },
	  CANARY_RUNNING, CANARY_BAKE, 0, 0, NULL },
	{ "and finishes it", { { 15, 20, 0, 100, 0, 0, 0, 0 }, { 13, 20, 0, 100, 0, 0, SUCCEED, 0 } },
	  CANARY_RUNNING, CANARY_SETTLE, 0, 1, NULL },
	{ "with the evidence of its predecessor", { { 13, 20, 100, 100, 1, 0, 0, 0 }, { 1, 20, 0, 100, 1, 0, SUCCEED, 0 }, { 3, 20, 400, 100, 1, 0, 0, 0 } },
	  CANARY_ABORTED, CANARY_ROLLBACK, 0, 0, "too many errors" },
};
/* clang-format on */

struct trip {
	struct policy_canary canary;
	struct canary_stage stages[2];
	uint32_t percents[2][2];
	struct plan_canary c;
	struct rollout r;
	struct measure measure;
	double failures[ARMS]; /* due, with their fractions */
	int64_t now_ms;
};

static void trip_init(struct trip *t)
{
	memset(t, 0, sizeof(*t));
	t->percents[0][0] = 10;
	t->percents[0][1] = 50;
	t->percents[1][0] = 100;
	t->stages[0] = (struct canary_stage){ 1, t->percents[0], 2,
					      BAKE_S * 1000, GATE_AUTO };
	t->stages[1] = (struct canary_stage){ 2, t->percents[1], 1,
					      BAKE_S * 1000, GATE_AUTO };
	t->canary = (struct policy_canary){
		.name = "v2",
		.stages = t->stages,
		.stage_count = 2,
		.metrics = { .prometheus = "http://prom",
			     .interval_ms = 1000,
			     .timeout_ms = 500 },
		.rollback = { 2, 1.5, 200, NO_DATA_S * 1000 },
	};
	snprintf(t->c.name, sizeof(t->c.name), "v2");
	t->now_ms = 5000;
}

static void order(struct trip *t, enum command_kind kind)
{
	struct error err;

	if (!canary_command(&t->canary, kind, &t->c, 1, &err))
		fail_msg("%s", err.text);
}

/* What one version did in that time. */
static void serve(struct trip *t, enum arm arm, double requests, double fail,
		  bool slow)
{
	struct measure_arm *a = &t->measure.arms[arm];

	t->failures[arm] += requests * fail / 1000;
	a->total.requests += (uint64_t)requests;
	a->total.failures = (uint64_t)t->failures[arm];
	a->latencies.count = 3;
	a->latencies.upto_s[0] = 0.01;
	a->latencies.upto_s[1] = 0.1;
	a->latencies.upto_s[2] = INFINITY;
	a->latencies.requests[slow ? 1 : 0] += (uint64_t)requests;
}

static void tick(struct trip *t, const struct walk *w, int64_t passed_ms)
{
	enum measure_outcome outcome =
		w->outcome == MEASURE_NONE ? MEASURE_OK : w->outcome;
	struct rollout_input in = {
		.canary = &t->canary,
		.health = { (w->flags & UNREADY) == 0,
			    (w->flags & DOWN) != 0 ? "v2/us" : NULL,
			    (w->flags & ALONE) == 0 },
		.measure = &t->measure,
		.settle_ms = SETTLE_S * 1000,
		.acknowledged = (w->flags & ACKED) != 0,
		.wall_ms = 1,
	};
	double s = (double)passed_ms / 1000;
	unsigned turns = 0;

	t->now_ms += passed_ms;
	in.now_ms = t->now_ms;
	serve(t, ARM_CANARY, w->canary * s, w->fail, (w->flags & SLOW) != 0);
	serve(t, ARM_STABLE, w->stable * s, w->stable_fail, false);
	if ((w->flags & (SILENT | ASLEEP)) == 0) {
		t->measure.number++;
		t->measure.taken_ms = t->now_ms;
		t->measure.arms[ARM_CANARY].outcome =
			w->canary == 0 ? MEASURE_EMPTY : outcome;
		t->measure.arms[ARM_STABLE].outcome = MEASURE_OK;
	}
	if (t->measure.number == 0)
		in.measure = NULL;
	rollout_hear(&in, &t->c, &t->r);
	while (rollout_turn(&in, &t->c, &t->r))
		assert_true(++turns < CANARY_PHASES);
}

static void walk(struct trip *t, const struct walk *w)
{
	if ((w->flags & SUCCEED) != 0) {
		rollout_adopt(&t->c, &t->r);
		t->measure.number = 1;
		t->now_ms -= 3000; /* another machine's clock */
	}
	if ((w->flags & RESTARTS) != 0) {
		t->measure.arms[ARM_CANARY].total = (struct trials){ 0, 0 };
		t->failures[ARM_CANARY] = 0;
		memset(&t->measure.arms[ARM_CANARY].latencies, 0,
		       sizeof(struct latencies));
	}
	if (w->order != COMMAND_NONE)
		order(t, w->order);
	if ((w->flags & ASLEEP) != 0)
		tick(t, w, w->s * INT64_C(1000));
	else
		for (int i = 0; i < w->s; i++)
			tick(t, w, 1000);
}

static void test_walks(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct trip t;

		trip_init(&t);
		order(&t, COMMAND_CANARY_START);
		for (size_t n = 0; n < WALKS && row->walks[n].s > 0; n++)
			walk(&t, &row->walks[n]);
		if (t.c.state == row->state && t.c.phase == row->phase &&
		    t.c.stage == row->stage && t.c.step == row->step &&
		    (row->why == NULL || strstr(t.c.reason, row->why) != NULL))
			continue;
		wrong++;
		print_error("%s: %s, %s, stage %u, step %u: %s\n", row->title,
			    plan_canary_state_name(t.c.state),
			    plan_canary_phase_name(t.c.phase), t.c.stage,
			    t.c.step, t.c.reason);
	}
	assert_int_equal(wrong, 0);
}

/* Nothing is measured of it: people take every step, health is watched. */
static void test_without_metrics(void **state)
{
	static const struct walk quiet = { .s = SETTLE_S + BAKE_S + 2 };
	struct trip t;

	(void)state;
	trip_init(&t);
	t.canary.metrics.prometheus = NULL;
	order(&t, COMMAND_CANARY_START);
	walk(&t, &quiet);
	assert_int_equal(t.c.phase, CANARY_WAIT);
	walk(&t, &(struct walk){ .s = 3600, .flags = SILENT });
	assert_int_equal(t.c.phase, CANARY_WAIT);
	order(&t, COMMAND_CANARY_PROMOTE);
	walk(&t, &quiet);
	assert_int_equal(t.c.phase, CANARY_WAIT);
	assert_int_equal(t.c.step, 1);
	walk(&t, &(struct walk){ .s = 1, .flags = DOWN });
	assert_int_equal(t.c.phase, CANARY_ROLLBACK);
}

/* A manual gate is behind the stage, not behind each step; errors count
 * there, too. */
static void test_gate(void **state)
{
	static const struct walk step = { 25, 20, 1, 100, 1, 0, 0, 0 };
	struct trip t;

	(void)state;
	trip_init(&t);
	t.stages[0].gate = GATE_MANUAL;
	order(&t, COMMAND_CANARY_START);
	walk(&t, &step);
	walk(&t, &step);
	walk(&t, &step);
	assert_int_equal(t.c.phase, CANARY_WAIT);
	assert_int_equal(t.c.step, 1);
	assert_non_null(strstr(t.c.reason, "manual"));
	walk(&t, &(struct walk){
			 .s = 20, .canary = 20, .fail = 100, .stable = 100 });
	assert_int_equal(t.c.state, CANARY_ABORTED);
}

/* A plan of an agent that knew no phases, or of one that knows more. */
static void test_adopts_unknown_phases(void **state)
{
	static const enum plan_canary_phase strange[] = { CANARY_PLANNED,
							  CANARY_ROLLBACK,
							  CANARY_ROLLED };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct plan_canary c = { .state = CANARY_RUNNING,
					 .phase = strange[i],
					 .spent_ms = 1000000 };
		struct rollout r;

		rollout_adopt(&c, &r);
		assert_int_equal(c.phase, CANARY_SETTLE);
		assert_int_equal(c.spent_ms, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_without_metrics),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_adopts_unknown_phases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
