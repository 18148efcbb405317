/* SPDX-License-Identifier: Apache-2.0 */
/* outage: the last one of an endpoint that is up, by what vantages remember;
 * and the panic that a view makes of several. */
#include "policy/decide/outage.h"

#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Vantages of two votes: up all the time; up for up after an outage; down. */
#define U               \
	{               \
		0, 0, 0 \
	}
static const struct memory {
	const char *title;
	struct {
		uint32_t up, outage, down; /* seconds */
	} says[3];
	uint32_t up_s, lasted_s;
} memories[] = {
	/* clang-format off */
	{ "none was down",       { U, U, U }, 0, 0 },
	{ "one is no quorum",    { { 5, 9, 0 }, U, U }, 0, 0 },
	{ "two are",             { { 5, 9, 0 }, { 5, 9, 0 }, U }, 5, 9 },
	{ "while both said so",  { { 5, 9, 0 }, { 3, 9, 0 }, U }, 5, 7 },
	{ "not at the same time", { { 5, 9, 0 }, { 15, 9, 0 }, U }, 0, 0 },
	{ "one says so still",   { { 5, 9, 0 }, { 0, 0, 10 }, U }, 5, 5 },
	{ "since later",         { { 5, 9, 0 }, { 0, 0, 4 }, U }, 0, 0 },
	{ "the second outage of three", { { 5, 9, 0 }, { 4, 3, 0 }, { 6, 20, 0 } }, 5, 9 },
	/* clang-format on */
};

static void say_up(struct scene *s, int v, int endpoint, int64_t up_ms,
		   int64_t outage_ms)
{
	s->entries[v][endpoint].state = REPORT_CLOSED;
	s->entries[v][endpoint].down_ms = 0;
	s->entries[v][endpoint].up_ms = up_ms;
	s->entries[v][endpoint].outage_ms = outage_ms;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(memories) / sizeof(memories[0]); i++) {
		struct outage got;
		struct scene s;

		scene_init(&s);
		s.w.policy.vantage_count = 3;
		for (int v = 0; v < 3; v++) {
			say_up(&s, v, 0, memories[i].says[v].up * INT64_C(1000),
			       memories[i].says[v].outage * INT64_C(1000));
			if (memories[i].says[v].down == 0)
				continue;
			scene_say(&s, 1u << v, 0, REPORT_OPEN);
			s.entries[v][0].down_ms =
				memories[i].says[v].down * INT64_C(1000);
		}
		got = scene_reduce(&s)->endpoints[0].outage;
		if (got.up_ms != memories[i].up_s * 1000 ||
		    got.lasted_ms != memories[i].lasted_s * 1000)
			fail_msg("%s: up for %u ms after %u ms",
				 memories[i].title, got.up_ms, got.lasted_ms);
		scene_fini(&s);
	}
}

static void say_all(struct scene *s, int count, bool down, int64_t ms)
{
	for (int e = 0; e < count; e++)
		for (int v = 0; v < WORLD_VANTAGES; v++) {
			say_up(s, v, e, down ? 0 : ms, down ? 0 : 5000);
			if (!down)
				continue;
			s->entries[v][e].state = REPORT_OPEN;
			s->entries[v][e].down_ms = ms;
		}
}

/* Who starts now says what who was there all the time says. */
static bool in_panic(struct scene *s)
{
	const struct view_service *www = scene_reduce(s);
	struct view_input in = s->in;
	struct view *joined;

	in.previous = NULL;
	joined = view_reduce(&s->w.policy, &in);
	assert_non_null(joined);
	assert_int_equal(joined->services[0].panic.anywhere,
			 www->panic.anywhere);
	view_free(joined);
	assert_int_equal(www->changing && www->panic.anywhere,
			 www->panic.anywhere);
	return www->panic.anywhere;
}

static void test_panic_of_a_view(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	for (int i = 0; i < WORLD_REGIONS; i++)
		s.w.regions[i].capacity = 1;
	assert_false(in_panic(&s));
	assert_false(s.view->services[0].panic.turned);
	say_all(&s, 3, true, 1000);
	assert_false(in_panic(&s));
	say_all(&s, 4, true, 1000);
	assert_true(in_panic(&s));
	assert_true(s.view->services[0].panic.turned);
	assert_int_equal(panic_left_pct(&s.view->services[0].panic), 33);
	assert_true(in_panic(&s));
	assert_false(s.view->services[0].panic.turned);
	say_all(&s, 4, false, 0);
	assert_true(in_panic(&s));
	say_all(&s, 4, false, 59000);
	assert_true(in_panic(&s));
	say_all(&s, 4, false, 60000);
	assert_false(in_panic(&s));
	assert_true(s.view->services[0].panic.turned);
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_panic_of_a_view),
	};

	return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
