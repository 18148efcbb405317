/* SPDX-License-Identifier: Apache-2.0 */
/* agent: clients come back in a window of the policy. */
#include "policy/base/civil.h"
#include "policy/base/tzif.h"
#include "policy/language/window.h"
#include "story.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MINUTE_MS = 60000 };

/* A window that opens in so many minutes, for an hour, by UTC. */
struct nightly {
	struct tzif zone;
	struct window_span span;
	struct policy_window window;
};

static void open_in(struct nightly *n, struct story *s, int64_t minutes)
{
	int64_t minute = s->w.in.now.wall_ms / MINUTE_MS + minutes;
	int64_t of_day = minute % WINDOW_DAY_MIN;

	n->zone = tzif_utc();
	n->span = (struct window_span){
		(uint16_t)of_day,
		(uint16_t)((of_day + 60) % WINDOW_DAY_MIN),
	};
	n->window = (struct policy_window){ .name = "night",
					    .zone = &n->zone,
					    .days = WINDOW_EVERY_DAY,
					    .spans = &n->span,
					    .span_count = 1 };
	s->w.policy.windows = &n->window;
	s->w.policy.window_count = 1;
	s->w.services[API].failback = FAILBACK_WINDOW;
	s->w.services[API].failback_windows = 1;
}

static bool is_held(const struct story *s)
{
	return fabs(story_api_share(s) - 0.05) < 1e-9;
}

static void go_down_and_up(struct story *s)
{
	steer_health(&s->w, API, 1, VERDICT_DOWN);
	story_tick(s);
	steer_health(&s->w, API, 1, VERDICT_UP);
	story_tick(s);
	assert_true(is_held(s));
}

/* Well since long, it waits; it begins as the window opens, and what has begun
 * goes on when it closes. */
static void test_in_a_window(void **state)
{
	struct nightly n;
	struct story s;

	(void)state;
	story_begin(&s);
	open_in(&n, &s, 20);
	go_down_and_up(&s);
	story_pass(&s, 19 * MINUTE_MS);
	assert_true(is_held(&s));
	n.span.to_min = (uint16_t)(n.span.from_min + 2);
	story_pass(&s, MINUTE_MS / 2);
	story_pass(&s, STEER_RAMP_MS / 2);
	assert_true(story_api_share(&s) > 0.4 && story_api_share(&s) < 0.7);
	story_pass(&s, 2 * MINUTE_MS);
	assert_true(story_api_share(&s) >= 1);
	story_end(&s);
}

/* The hold is to be over, too; and a person need not wait. */
static void test_hold_and_person(void **state)
{
	struct nightly n;
	struct story s;

	(void)state;
	story_begin(&s);
	open_in(&n, &s, 0);
	go_down_and_up(&s);
	story_pass(&s, STEER_HOLD_MS - 500);
	assert_true(is_held(&s));
	story_pass(&s, 10000);
	assert_false(is_held(&s));
	open_in(&n, &s, 600);
	go_down_and_up(&s);
	story_pass(&s, 5 * MINUTE_MS);
	assert_true(is_held(&s));
	story_order(&s, COMMAND_UNDRAIN, "api/eu-west");
	story_pass(&s, STEER_RAMP_MS / 2);
	assert_true(story_api_share(&s) > 0.4);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_a_window),
		cmocka_unit_test(test_hold_and_person),
	};

	return cmocka_run_group_tests_name("failback", tests, NULL, NULL);
}
