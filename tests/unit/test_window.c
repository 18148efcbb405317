/* SPDX-License-Identifier: Apache-2.0 */
/* window: hours of days where clocks are put forward and back. */
#include "policy/language/window.h"

#include "policy/base/arena.h"
#include "policy/base/civil.h"
#include "policy/language/policy.h"
#include "zone_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR = 60, SUNDAY = 0x40, MON_FRI = 0x1f };

static int64_t instant(const char *text)
{
	int64_t at_s;

	if (!civil_parse(text, &at_s))
		fail_msg("%s", text);
	return at_s;
}

/* clang-format off */
/*
 * Of the span that begins on such days, whether it is open just before and just
 * after an instant at which it opens or closes.
 */
static const struct edge_row {
	const char *zone;
	uint32_t days;
	struct window_span span;
	const char *opens, *closes; /* the first after `from` */
	const char *from;
} edges[] = {
	{ "UTC", MON_FRI, { 8 * HOUR, 18 * HOUR }, "2026-07-06T08:00Z", "2026-07-06T18:00Z", "2026-07-04T00:00Z" },
	{ "Berlin", MON_FRI, { 8 * HOUR, 18 * HOUR }, "2026-01-05T07:00Z", "2026-01-05T17:00Z", "2026-01-03T00:00Z" },
	{ "Berlin", MON_FRI, { 8 * HOUR, 18 * HOUR }, "2026-07-06T06:00Z", "2026-07-06T16:00Z", "2026-07-04T00:00Z" },
	/* Over midnight: it belongs to the day that it begins on. */
	{ "Berlin", 0x10, { 22 * HOUR, 6 * HOUR }, "2026-07-10T20:00Z", "2026-07-11T04:00Z", "2026-07-06T00:00Z" },
	{ "New_York", SUNDAY, { 0, 24 * HOUR }, "2026-11-01T04:00Z", "2026-11-02T05:00Z", "2026-10-30T00:00Z" },
	{ "New_York", SUNDAY, { 12 * HOUR, 12 * HOUR }, "2026-03-08T16:00Z", "2026-03-09T16:00Z", "2026-03-06T00:00Z" },
	/* Put forward over its beginning, over its end, over all of it. */
	{ "Berlin", SUNDAY, { 2 * HOUR + 30, 5 * HOUR }, "2026-03-29T01:00Z", "2026-03-29T03:00Z", "2026-03-27T00:00Z" },
	{ "Berlin", SUNDAY, { 1 * HOUR, 2 * HOUR + 30 }, "2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-27T00:00Z" },
	{ "Berlin", SUNDAY, { 2 * HOUR, 3 * HOUR }, "2026-04-05T00:00Z", "2026-04-05T01:00Z", "2026-03-27T00:00Z" },
	/* Set back into its beginning, and its end: the first time counts. */
	{ "Berlin", SUNDAY, { 2 * HOUR + 30, 5 * HOUR }, "2026-10-25T00:30Z", "2026-10-25T04:00Z", "2026-10-23T00:00Z" },
	{ "Berlin", SUNDAY, { 0, 2 * HOUR + 30 }, "2026-10-24T22:00Z", "2026-10-25T00:30Z", "2026-10-23T00:00Z" },
	{ "Berlin", SUNDAY, { 2 * HOUR, 3 * HOUR }, "2026-10-25T00:00Z", "2026-10-25T02:00Z", "2026-10-23T00:00Z" },
	/* By half an hour. */
	{ "Lord_Howe", SUNDAY, { 1 * HOUR + 45, 4 * HOUR }, "2026-04-04T14:45Z", "2026-04-04T17:30Z", "2026-04-03T00:00Z" },
	{ "Lord_Howe", SUNDAY, { 2 * HOUR + 15, 4 * HOUR }, "2026-10-03T15:30Z", "2026-10-03T17:00Z", "2026-10-02T00:00Z" },
	/* Ramadan. */
	{ "Casablanca", SUNDAY, { 2 * HOUR + 30, 4 * HOUR }, "2026-02-15T01:30Z", "2026-02-15T04:00Z", "2026-02-13T00:00Z" },
	{ "Casablanca", SUNDAY, { 2 * HOUR + 30, 4 * HOUR }, "2026-03-22T02:00Z", "2026-03-22T03:00Z", "2026-03-20T00:00Z" },
};
/* clang-format on */

static struct policy_window window_of(struct arena *arena, const char *zone,
				      uint32_t days, struct window_span *span)
{
	return (struct policy_window){
		.name = "w",
		.zone_name = zone,
		.zone = zone_file(arena, zone),
		.days = days,
		.spans = span,
		.span_count = 1,
	};
}

static void test_edges(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		const struct edge_row *row = &edges[i];
		struct window_span span = row->span;
		const struct policy_window w =
			window_of(arena, row->zone, row->days, &span);
		int64_t opens_s = instant(row->opens);
		int64_t closes_s = instant(row->closes);
		char a[CIVIL_TEXT_SIZE];

		if (!window_is_open(&w, opens_s) ||
		    window_is_open(&w, opens_s - 1) ||
		    !window_is_open(&w, closes_s - 1) ||
		    window_is_open(&w, closes_s))
			fail_msg("row %zu, %s from %s", i, row->zone,
				 row->from);
		/* A span of no length, skipped by the clock, is an edge of no
		 * consequence. */
		for (int64_t at_s = instant(row->from); at_s < opens_s;) {
			assert_false(window_is_open(&w, at_s));
			at_s = window_next_s(&w, at_s);
			if (at_s > opens_s)
				fail_msg("row %zu: %s", i, civil_text(at_s, a));
		}
		assert_int_equal(window_next_s(&w, opens_s), closes_s);
	}
	arena_free(arena);
}

/* Spans that meet on the clock meet: at any moment one of them is open, also
 * where the clock is moved; and nothing changes between edges. */
static void test_spans_meet(void **state)
{
	static const char *const zones[] = { "Berlin", "New_York", "Lord_Howe",
					     "Casablanca", "UTC" };
	struct arena *arena = arena_new();
	unsigned moments = 0;

	(void)state;
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++)
		for (uint16_t cut = 15; cut < 6 * HOUR; cut += 45) {
			struct window_span one = { cut, 13 * HOUR };
			struct window_span two = { 13 * HOUR, cut };
			const struct policy_window a =
				window_of(arena, zones[z], WINDOW_EVERY_DAY,
					  &one);
			const struct policy_window b =
				window_of(arena, zones[z], WINDOW_EVERY_DAY,
					  &two);

			for (int64_t at_s = instant("2026-01-01T00:00Z");
			     at_s < instant("2027-01-01T00:00Z");
			     at_s = window_next_s(&a, at_s), moments++) {
				int64_t last_s = window_next_s(&a, at_s) - 1;

				assert_true(window_is_open(&a, at_s) !=
					    window_is_open(&b, at_s));
				assert_true(window_is_open(&a, at_s) ==
					    window_is_open(&a, last_s));
				assert_true(window_is_open(&b, at_s) ==
					    window_is_open(&b, last_s));
				assert_int_equal(window_next_s(&b, at_s),
						 last_s + 1);
			}
		}
	assert_true(moments > 20000);
	arena_free(arena);
}

/* Two offices and one that is always there. */
struct offices {
	struct policy policy;
	struct policy_window windows[2];
	struct window_span spans[2];
	struct policy_service service;
	struct policy_endpoint endpoints[3];
};

static void offices_init(struct offices *o, struct arena *arena)
{
	*o = (struct offices){
		.spans = { { 8 * HOUR, 16 * HOUR }, { 8 * HOUR, 17 * HOUR } },
	};
	o->windows[0] = window_of(arena, "Berlin", MON_FRI, &o->spans[0]);
	o->windows[1] = window_of(arena, "New_York", MON_FRI, &o->spans[1]);
	o->endpoints[0].open = 1;
	o->endpoints[1].open = 2;
	o->service = (struct policy_service){ .steer = STEER_SCHEDULE,
					      .endpoints = o->endpoints,
					      .endpoint_count = 3 };
	o->policy = (struct policy){ .windows = o->windows,
				     .window_count = 2,
				     .services = &o->service,
				     .service_count = 1 };
}

static void test_opening(void **state)
{
	/* Europe changes its clocks three weeks after America: in between they
	 * are an hour closer. */
	static const struct {
		const char *at;
		uint64_t open;
		const char *until;
	} rows[] = {
		{ "2026-01-05T06:59:59Z", 0, "2026-01-05T07:00Z" },
		{ "2026-01-05T07:00Z", 1, "2026-01-05T13:00Z" },
		{ "2026-01-05T13:00Z", 3, "2026-01-05T15:00Z" },
		{ "2026-01-05T15:00Z", 2, "2026-01-05T22:00Z" },
		{ "2026-03-09T12:00Z", 3, "2026-03-09T15:00Z" },
		{ "2026-03-09T20:59Z", 2, "2026-03-09T21:00Z" },
		{ "2026-03-30T12:00Z", 3, "2026-03-30T14:00Z" },
		{ "2026-01-09T22:00Z", 0, "2026-01-12T07:00Z" },
	};
	struct arena *arena = arena_new();
	struct offices o;

	(void)state;
	offices_init(&o, arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct window_opening is = window_opening(&o.policy, &o.service,
							  instant(rows[i].at));

		assert_int_equal(is.open, rows[i].open);
		assert_int_equal(is.windows, rows[i].open);
		assert_int_equal(is.until_s, instant(rows[i].until));
	}
	/* What is always open, or has no windows, never changes. */
	o.windows[0].days = o.windows[1].days = WINDOW_EVERY_DAY;
	o.spans[0] = o.spans[1] = (struct window_span){ 0, 24 * HOUR };
	assert_true(window_opening(&o.policy, &o.service,
				   instant("2026-03-09T12:00Z"))
			    .until_s == INT64_MAX);
	o.endpoints[0].open = o.endpoints[1].open = 0;
	assert_true(window_opening(&o.policy, &o.service, 0).until_s ==
		    INT64_MAX);
	arena_free(arena);
}

static void test_gap(void **state)
{
	struct arena *arena = arena_new();
	int64_t from_s, to_s;
	struct offices o;

	(void)state;
	offices_init(&o, arena);
	assert_true(window_gap(&o.policy, &o.service, &from_s, &to_s));
	assert_int_equal(from_s, instant("2026-01-01T00:00Z"));
	o.windows[0].days = o.windows[1].days = WINDOW_EVERY_DAY;
	o.spans[0] = (struct window_span){ 8 * HOUR, 18 * HOUR };
	/* Berlin's 08:00 is New York's 02:00, but for the weeks in which it is
	 * 03:00: a gap that nobody sees in summer or winter. */
	o.spans[1] = (struct window_span){ 12 * HOUR, 2 * HOUR };
	assert_true(window_gap(&o.policy, &o.service, &from_s, &to_s));
	o.spans[1] = (struct window_span){ 12 * HOUR, 3 * HOUR };
	assert_false(window_gap(&o.policy, &o.service, &from_s, &to_s));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_spans_meet),
		cmocka_unit_test(test_opening),
		cmocka_unit_test(test_gap),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
