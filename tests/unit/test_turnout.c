/* SPDX-License-Identifier: Apache-2.0 */
/* turnout: a ramp goes on while clients come as it intends, and else stands. */
#include "steering/turnout.h"

#include "steering/burden.h"
#include "steering/counted.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STEP_MS = 10000, EVERY_MS = 1000 };

/* An edge that counts, and responders that do. */
struct scene {
	struct story s;
	struct counted counted;
	struct demand_rates rates[2];
	double intended; /* part of us-east, which the fixed view does not
			  * change */
	uint64_t told, own, all;
};

static void hear(struct scene *c)
{
	static const char *const names[] = { "us-east", "eu-west" };
	struct served *served = calloc(1, sizeof(*served));

	snprintf(served->node, sizeof(served->node), "edge1");
	served->sequence = ++c->told;
	served->wall_start_ms = 1;
	served->rows = calloc(2, sizeof(*served->rows));
	for (size_t i = 0; i < 2; i++) {
		struct served_row *row = &served->rows[served->count++];

		snprintf(row->service, sizeof(row->service), "www");
		snprintf(row->endpoint, sizeof(row->endpoint), "%s", names[i]);
		row->count.requests = i == 0 ? c->own : c->all - c->own;
	}
	served_sort(served);
	assert_true(counted_take(&c->counted, served, c->s.w.in.now.now_ms));
}

/* us-east gets so much of what it should, of so many requests a second. */
static void pass(struct scene *c, int64_t ms, double of_intended, uint64_t all)
{
	for (int64_t t = 0; t < ms; t += EVERY_MS) {
		c->all += all;
		c->own += (uint64_t)(of_intended * c->intended * (double)all);
		hear(c);
		story_pass(&c->s, EVERY_MS);
	}
}

static void begin(struct scene *c)
{
	struct burden_case of;
	struct burden burden;

	*c = (struct scene){ .told = 0 };
	story_begin(&c->s);
	c->s.w.services[WWW].failback_step_ms = STEP_MS;
	assert_true(counted_adopt(&c->counted, &c->s.w.policy));
	for (size_t i = 0; i < DEMAND_HOMES; i++)
		c->rates[WWW].home[i] = 100;
	c->s.w.in.rates = c->rates;
	c->s.w.in.counted = &c->counted;
	of = (struct burden_case){ &c->s.w.policy, &c->s.w.view,
				   c->s.w.in.classes, c->rates };
	assert_true(burden_of(&of, WWW, &burden) && burden.known);
	c->intended = burden.load[US_EAST] / burden.demand;
	assert_true(c->intended > 0.1 && c->intended < 0.2);
	steer_health(&c->s.w, WWW, US_EAST, VERDICT_DOWN);
	story_tick(&c->s);
	steer_health(&c->s.w, WWW, US_EAST, VERDICT_UP);
	pass(c, STEER_HOLD_MS + EVERY_MS, 1, 1000);
	assert_int_equal(story_cause_of(&c->s, "us-east"), PLAN_RAMP);
}

static void end(struct scene *c)
{
	counted_fini(&c->counted);
	story_end(&c->s);
}

/* clang-format off */
static const struct turnout_row {
	double of_intended;
	uint64_t all; /* requests a second */
	double share; /* three steps later */
} rows[] = {
	{ 1,   1000, 0.3 },
	{ 0.9, 1000, 0.3 },
	{ 1.1, 1000, 0.3 },
	{ 0.7, 1000, 0.05 },
	{ 1.3, 1000, 0.05 },
	{ 0,   1000, 0.05 },
	{ 0.5, 100,  0.3 },  /* too few to tell */
	{ 1,   0,    0.3 },
};
/* clang-format on */

static void test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene c;
		double share;

		begin(&c);
		pass(&c, 3 * STEP_MS, rows[i].of_intended, rows[i].all);
		share = plan_share_of(c.s.plan, "us-east");
		if (share < rows[i].share - 0.001 ||
		    share > rows[i].share + 0.001)
			fail_msg("row %zu: %g", i, share);
		end(&c);
	}
}

/* It stands, is told so once, and goes on when clients come; the last step too
 * waits for them. */
static void test_stands_and_goes_on(void **state)
{
	struct scene c;
	const struct audit *audit;
	size_t told = 0;

	(void)state;
	begin(&c);
	pass(&c, 5 * STEP_MS, 0.5, 1000);
	audit = agent_audit(c.s.agent);
	for (size_t i = 0; i < audit->count; i++)
		told += audit->list[i].after[0] == 's';
	assert_int_equal(told, 1);
	story_has_share(&c.s, "us-east", 0.05);
	pass(&c, 9 * STEP_MS, 1, 1000);
	story_has_share(&c.s, "us-east", 0.9);
	pass(&c, 3 * STEP_MS, 2, 1000);
	story_has_share(&c.s, "us-east", 0.9);
	pass(&c, 3 * STEP_MS, 1, 1000);
	story_has_share(&c.s, "us-east", 1);
	end(&c);
}

/* Edges may see others than who asks, for good: it is late then, not stuck. */
static void test_never_for_good(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	pass(&c, STEER_RAMP_MS, 0.5, 1000);
	story_has_share(&c.s, "us-east", 0.05);
	pass(&c, 2 * STEP_MS, 0.5, 1000);
	assert_true(plan_share_of(c.s.plan, "us-east") > 0.06);
	end(&c);
}

/* Going down is no step. */
static void test_down_is_down(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	pass(&c, 3 * STEP_MS, 1, 1000);
	steer_health(&c.s.w, WWW, US_EAST, VERDICT_DOWN);
	pass(&c, EVERY_MS, 0, 1000);
	assert_int_equal(story_cause_of(&c.s, "us-east"), PLAN_HOLD);
	story_has_share(&c.s, "us-east", 0.05);
	end(&c);
}

/* Nothing known of it, or of what edges served. */
static void test_unknown(void **state)
{
	struct scene c;

	(void)state;
	begin(&c);
	pass(&c, 3 * STEP_MS, 1, 1000);
	story_has_share(&c.s, "us-east", 0.3);
	steer_health(&c.s.w, WWW, US_EAST, VERDICT_UNKNOWN);
	pass(&c, 3 * STEP_MS, 1, 1000);
	story_has_share(&c.s, "us-east", 0.3);
	steer_health(&c.s.w, WWW, US_EAST, VERDICT_UP);
	c.s.w.in.counted = NULL;
	pass(&c, 3 * STEP_MS, 0, 1000);
	story_has_share(&c.s, "us-east", 0.6);
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_stands_and_goes_on),
		cmocka_unit_test(test_never_for_good),
		cmocka_unit_test(test_down_is_down),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
