/* SPDX-License-Identifier: Apache-2.0 */
/* rounds and anchors: when a vantage on loopback believes what it sees. */
#include "health/roster.h"
#include "health/watch.h"
#include "policy/base/clock.h"
#include "tests/unit/rounds_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <event2/event.h>

/* Everything dead at once is believed of ourselves, not of the world. */
static void test_all_at_once_abstains(void **state)
{
	struct rounds_world *w = *state;

	/* Slow enough that the first to fail would open, counted alone, long
	 * before the last would be probed in its own slot. */
	w->check.interval_ms = 2000;
	w->check.confirm_ms = 400;
	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	for (size_t i = 0; i < ROUNDS_ENDPOINTS; i++)
		canned_fall(w->canned[i]);
	rounds_world_await_abstention(w, true);
	assert_non_null(strstr(w->node.trouble, "mistrusts itself"));
	/* Nor is what failed before most had. */
	for (size_t i = 0; i < w->roster->job_count; i++)
		assert_int_equal(rounds_watch(w->rounds, i)->breaker.streak, 0);
	for (size_t i = 0; i < ROUNDS_ENDPOINTS; i++)
		canned_rise(w->canned[i]);
	rounds_world_await_abstention(w, false);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	assert_int_equal(w->opened, 0);
	assert_string_equal(w->node.trouble, "");
}

/* All dead and an anchor there: believed at once, no minute is lost. */
static void test_all_dead_is_believed_with_an_anchor(void **state)
{
	struct rounds_world *w = *state;

	w->vantage.anchor_count = 1;
	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	for (size_t i = 0; i < ROUNDS_ENDPOINTS; i++)
		canned_fall(w->canned[i]);
	rounds_world_await(w, REPORT_OPEN, 2 * ROUNDS_ENDPOINTS);
	assert_false(w->newest->mistrusts);
	assert_string_equal(w->node.trouble, "");
}

/* The anchor gone: nothing that fails is believed, however few and long. */
static void test_adrift_abstains(void **state)
{
	struct rounds_world *w = *state;
	unsigned before;

	w->vantage.anchor_count = 1;
	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	canned_fall(w->anchor);
	/* It is asked at once when a probe fails. */
	canned_fall(w->canned[0]);
	rounds_world_await_abstention(w, true);
	assert_non_null(strstr(w->node.trouble, "none of its 1 anchors"));
	before = canned_accepted(w->canned[1]);
	while (canned_accepted(w->canned[1]) < before + 8)
		event_base_loop(w->loop, EVLOOP_ONCE);
	assert_int_equal(w->opened, 0);
	canned_rise(w->anchor);
	rounds_world_await_abstention(w, false);
	rounds_world_await(w, REPORT_OPEN, 2);
}

/* A check on trial may fail everywhere: that is no reason to abstain. */
static void test_shadow_is_no_reason_for_doubt(void **state)
{
	struct rounds_world *w = *state;

	w->check.shadow = true;
	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	for (size_t i = 0; i < ROUNDS_ENDPOINTS; i++)
		canned_fall(w->canned[i]);
	rounds_world_await(w, REPORT_OPEN, 2 * ROUNDS_ENDPOINTS);
	assert_false(w->newest->mistrusts);
}

static void test_stalled(void **state)
{
	const struct observation timeout = { .outcome = OUTCOME_TIMEOUT };
	const struct observation refused = { .outcome = OUTCOME_REFUSED };
	const struct observation waited = { .outcome = OUTCOME_TIMEOUT,
					    .waited_ms = 5000 };

	(void)state;
	assert_false(outcome_stalled(&timeout, 2000, 2000));
	assert_false(outcome_stalled(&timeout, 2150, 2000));
	assert_true(outcome_stalled(&timeout, 2151, 2000));
	assert_false(outcome_stalled(&refused, 9000, 2000));
	assert_false(outcome_stalled(&waited, 7150, 2000));
	assert_true(outcome_stalled(&waited, 7151, 2000));
}

/* An endpoint that cannot be probed from here is no vote, and told. */
static void test_unmade_is_told(void **state)
{
	int64_t deadline_ms = clock_now_ms() + ROUNDS_DEADLINE_MS;
	struct rounds_world *w = *state;
	struct net_addr nowhere;

	net_addr_parse("255.255.255.255", &nowhere);
	w->endpoints[1].a = &nowhere;
	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS - 2);
	while (w->node.trouble[0] == '\0' && clock_now_ms() < deadline_ms)
		event_base_loop(w->loop, EVLOOP_ONCE);
	assert_non_null(strstr(w->node.trouble,
			       "1 of 6 probes cannot be made from here: web "
			       "255.255.255.255 "));
	assert_false(w->newest->abstains);
	assert_int_equal(report_find(w->newest, "www", "b")->state,
			 REPORT_UNKNOWN);
}

/* This process stands still while a probe's deadline passes. */
static void test_standing_still_is_no_timeout(void **state)
{
	const struct timespec still = { .tv_nsec = 400 * 1000000 };
	struct rounds_world *w = *state;

	w->check.timeout_ms = 140;
	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	while (rounds_load(w->rounds).in_flight == 0)
		event_base_loop(w->loop, EVLOOP_ONCE);
	nanosleep(&still, NULL);
	while (rounds_load(w->rounds).in_flight > 0)
		event_base_loop(w->loop, EVLOOP_ONCE);
	for (size_t i = 0; i < ROUNDS_ENDPOINTS; i++)
		assert_false(rounds_watch(w->rounds, i)->failing);
}

int main(void)
{
#define WITH_WORLD(test)                                          \
	cmocka_unit_test_setup_teardown(test, rounds_world_setup, \
					rounds_world_teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_all_at_once_abstains),
		WITH_WORLD(test_all_dead_is_believed_with_an_anchor),
		WITH_WORLD(test_adrift_abstains),
		WITH_WORLD(test_shadow_is_no_reason_for_doubt),
		cmocka_unit_test(test_stalled),
		WITH_WORLD(test_unmade_is_told),
		WITH_WORLD(test_standing_still_is_no_timeout),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
