/* SPDX-License-Identifier: Apache-2.0 */
/* opening, tiers: services that are steered by schedule, and by cost. */
#include "policy/decide/opening.h"

#include "policy/base/arena.h"
#include "policy/base/civil.h"

#include "decide_scene.h"
#include "zone_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Endpoints us-east and us-west open in the morning, eu-west and eu-central in
 * the afternoon, UTC; ap-south and sa-east have no windows. */
struct day {
	struct scene s;
	struct arena *arena;
	struct policy_window windows[2];
	struct window_span spans[2];
};

static int64_t instant_ms(const char *text)
{
	int64_t at_s;

	assert_true(civil_parse(text, &at_s));
	return at_s * 1000;
}

static void day_init(struct day *d)
{
	*d = (struct day){ .spans = { { 360, 720 }, { 720, 1080 } } };
	d->arena = arena_new();
	scene_init(&d->s);
	for (size_t i = 0; i < 2; i++)
		d->windows[i] = (struct policy_window){
			.name = i == 0 ? "morning" : "afternoon",
			.zone = zone_file(d->arena, "UTC"),
			.days = WINDOW_EVERY_DAY,
			.spans = &d->spans[i],
			.span_count = 1,
		};
	for (size_t e = 0; e < 4; e++)
		d->s.w.endpoints[e].open = e < 2 ? 1 : 2;
	d->s.w.policy.windows = d->windows;
	d->s.w.policy.window_count = 2;
	d->s.w.service.steer = STEER_SCHEDULE;
}

static void day_fini(struct day *d)
{
	scene_fini(&d->s);
	arena_free(d->arena);
}

static struct chain_trace trace_at(struct day *d, const char *at)
{
	struct chain_trace trace;

	d->s.in.wall_ms = instant_ms(at);
	scene_reduce(&d->s);
	chain_row(&d->s.w.policy, d->s.view, 0, &d->s.w.class, &trace);
	return trace;
}

static void expect_tiers(struct day *d, const char *at, const char *tiers)
{
	struct chain_trace trace = trace_at(d, at);
	char got[7] = "";

	for (size_t e = 0; e < 6; e++)
		got[e] = trace.endpoints[e].step != STEP_KEPT
				 ? '-'
				 : (char)('0' + trace.endpoints[e].tier);
	if (strcmp(got, tiers) != 0)
		fail_msg("at %s: %s, not %s", at, got, tiers);
}

/* Open, always there, closed as listed. */
static void test_order(void **state)
{
	struct day d;

	(void)state;
	day_init(&d);
	expect_tiers(&d, "2026-07-06T05:59:59Z", "123400");
	expect_tiers(&d, "2026-07-06T06:00Z", "002311");
	expect_tiers(&d, "2026-07-06T11:59:59Z", "002311");
	expect_tiers(&d, "2026-07-06T12:00Z", "230011");
	expect_tiers(&d, "2026-07-06T18:00Z", "123400");
	/* What is down is passed over, what is drained too. */
	scene_say(&d.s, 0xf, 0, REPORT_OPEN);
	expect_tiers(&d, "2026-07-07T06:00Z", "-02311");
	scene_say(&d.s, 0xf, 1, REPORT_OPEN);
	expect_tiers(&d, "2026-07-07T06:00Z", "--1200");
	day_fini(&d);
}

/* What all clients are sent to is not deferred. */
static void test_no_deferral(void **state)
{
	struct day d;

	(void)state;
	day_init(&d);
	for (int e = 0; e < 5; e++)
		scene_say(&d.s, 0xf, e, REPORT_OPEN);
	expect_tiers(&d, "2026-07-06T06:00Z", "-----0");
	assert_int_equal(d.s.view->deferred, 0);
	d.s.w.service.steer = STEER_COST;
	expect_tiers(&d, "2026-07-06T06:00Z", "-----0");
	day_fini(&d);
}

static uint32_t ttl_at(struct day *d, const char *at)
{
	trace_at(d, at);
	return opening_ttl_s(d->s.view, 0);
}

/* Never beyond what remains, and two seconds for who answers late. */
static void test_ttl(void **state)
{
	struct day d;

	(void)state;
	day_init(&d);
	assert_int_equal(ttl_at(&d, "2026-07-06T06:00Z"), 6 * 3600 - 2);
	assert_int_equal(ttl_at(&d, "2026-07-06T11:59:00Z"), 58);
	assert_int_equal(ttl_at(&d, "2026-07-06T11:59:56Z"), 2);
	assert_int_equal(ttl_at(&d, "2026-07-06T11:59:59Z"), 1);
	assert_int_equal(ttl_at(&d, "2026-07-06T12:00:00Z"), 6 * 3600 - 2);
	assert_int_equal(d.s.view->opening_until_ms,
			 instant_ms("2026-07-06T18:00Z"));
	d.s.w.service.steer = STEER_WEIGHTED;
	assert_true(ttl_at(&d, "2026-07-06T11:59:59Z") == UINT32_MAX);
	assert_int_equal(d.s.view->opening_until_ms, 0);
	day_fini(&d);
}

/* A change is news for a while; between changes views are the same; a clock
 * that is set back is believed. */
static void test_views(void **state)
{
	struct day d;
	uint64_t since;

	(void)state;
	day_init(&d);
	trace_at(&d, "2026-07-06T10:00Z");
	assert_false(d.s.view->services[0].changing);
	since = d.s.view->services[0].since;
	trace_at(&d, "2026-07-06T11:59:59Z");
	assert_int_equal(d.s.view->services[0].since, since);
	trace_at(&d, "2026-07-06T12:00Z");
	assert_true(d.s.view->services[0].changing);
	assert_true(d.s.view->services[0].since > since);
	assert_int_equal(d.s.view->services[0].opening.open, 0xc);
	trace_at(&d, "2026-07-06T11:00Z");
	assert_int_equal(d.s.view->services[0].opening.open, 0x3);
	opening_move(d.s.view, instant_ms("2026-07-06T13:00Z"));
	assert_int_equal(d.s.view->services[0].opening.open, 0xc);
	day_fini(&d);
}

static void test_cost(void **state)
{
	static const double costs[] = { 2, 1, 3, 1, 0, 2.5 };
	struct day d;

	(void)state;
	day_init(&d);
	d.s.w.service.steer = STEER_COST;
	for (size_t r = 0; r < 6; r++)
		d.s.w.regions[r].cost = costs[r];
	expect_tiers(&d, "2026-07-06T06:00Z", "214103");
	scene_say(&d.s, 0xf, 4, REPORT_OPEN);
	expect_tiers(&d, "2026-07-06T06:00Z", "1030-2");
	day_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_no_deferral),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests_name("opening", tests, NULL, NULL);
}
