/* SPDX-License-Identifier: Apache-2.0 */
/* rounds and reporter: endpoints on loopback die and come back, and a reader
 * of a memory bus learns of it. */
#include "health/roster.h"
#include "health/status.h"
#include "health/watch.h"
#include "policy/base/error.h"
#include "tests/unit/rounds_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>

static void test_first_round(void **state)
{
	struct rounds_world *w = *state;
	int64_t took_ms;

	rounds_world_begin(w);
	took_ms = rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	assert_true(w->first_abstained);
	assert_false(w->newest->mistrusts);
	assert_string_equal(w->newest->policy_digest, "0123456789abcdef");
	assert_string_equal(w->node.name, "health-here");
	assert_int_equal(w->node.role, NODE_HEALTH);
	assert_string_equal(w->node.trouble, "");
	/* Twelve targets, six probes: one an interval, jittered by a tenth. */
	assert_int_equal(w->roster->job_count, ROUNDS_ENDPOINTS);
	assert_true(canned_accepted(w->canned[0]) <=
		    2 + took_ms * 10 / (9 * w->check.interval_ms));
}

static void test_dies_and_comes_back(void **state)
{
	struct rounds_world *w = *state;
	const struct report_entry *e;

	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	canned_fall(w->canned[2]);
	rounds_world_await(w, REPORT_OPEN, 2);
	e = report_find(w->newest, "www-too", "c");
	assert_int_equal(e->state, REPORT_OPEN);
	assert_string_equal(e->failure, "connect-refused");
	assert_true(e->failing);
	assert_false(w->newest->abstains);
	canned_rise(w->canned[2]);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	assert_true(w->trials > 0);
	e = report_find(w->newest, "www", "c");
	assert_false(e->failing);
	assert_string_equal(e->failure, "connect-refused");
	assert_false(w->out_of_order);
}

/* An open breaker makes no probe before its time; the others go on. */
static void test_open_means_left_alone(void **state)
{
	struct rounds_world *w = *state;
	const struct canned_say say = {
		.octets = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
		.len = strlen("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"),
	};
	unsigned before, others;

	w->check.breaker.open_for_ms = 60000;
	w->check.breaker.max_open_for_ms = 60000;
	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	canned_set(w->canned[0], &say);
	rounds_world_await(w, REPORT_OPEN, 2);
	assert_string_equal(report_find(w->newest, "www", "a")->failure,
			    "status-503");
	before = canned_accepted(w->canned[0]);
	others = canned_accepted(w->canned[1]);
	while (canned_accepted(w->canned[1]) < others + 4)
		event_base_loop(w->loop, EVLOOP_ONCE);
	assert_int_equal(canned_accepted(w->canned[0]), before);
}

/* What is kept over a reload, and what is not. */
static void test_rounds_take_over(void **state)
{
	struct rounds_world *w = *state;
	struct rounds_config config = {
		.means = { .loop = w->loop, .http = w->http },
		.in_flight_max = w->in_flight_max,
		.on_change = rounds_world_on_change,
		.arg = w,
	};
	struct account subject = { .vantage = "here",
				   .name = "health-here",
				   .policy = &w->policy,
				   .trouble = "" };
	struct error err;
	struct rounds *next;
	struct roster *roster;

	w->check.breaker.open_for_ms = 60000;
	w->check.breaker.max_open_for_ms = 60000;
	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	canned_fall(w->canned[1]);
	rounds_world_await(w, REPORT_OPEN, 2);
	/* The last endpoint goes, the first gets another port. */
	w->services[0].endpoint_count = w->services[1].endpoint_count = 5;
	w->endpoints[0].port = canned_port(w->canned[5]);
	roster = roster_new(&w->policy);
	config.roster = subject.roster = roster;
	next = rounds_start(&config, w->rounds, &err);
	assert_non_null(next);
	subject.rounds = next;
	rounds_stop(w->rounds);
	roster_free(w->roster);
	w->rounds = next;
	w->roster = roster;
	w->account = subject;
	reporter_turn(w->reporter, &subject);
	assert_false(rounds_unfinished(next));
	w->opened = 0;
	rounds_world_await(w, REPORT_CLOSED, 8);
	/* It did not have to open again. */
	assert_int_equal(rounds_world_count_state(w, REPORT_OPEN), 2);
	assert_int_equal(report_find(w->newest, "www", "b")->state,
			 REPORT_OPEN);
}

/* One at a time: all are probed nevertheless, and who waits says so. */
static void test_waits_for_room(void **state)
{
	struct rounds_world *w = *state;
	struct rounds_load load;
	bool waited = false;

	w->in_flight_max = 1;
	/* All slots at once. */
	w->check.interval_ms = 10;
	w->check.timeout_ms = 5000;
	rounds_world_begin(w);
	while (rounds_world_count_state(w, REPORT_CLOSED) !=
	       2 * ROUNDS_ENDPOINTS) {
		event_base_loop(w->loop, EVLOOP_ONCE);
		load = rounds_load(w->rounds);
		assert_true(load.in_flight <= 1);
		waited |= load.waiting > 0;
	}
	assert_true(waited);
	assert_true(load.late_p99_ms > 0);
	assert_true(load.late_p99_ms >= load.late_p50_ms);
	assert_true(load.late_max_ms >= load.late_p99_ms);
	assert_int_equal(load.in_flight_max, 1);
}

static void test_room(void **state)
{
	(void)state;
	assert_int_equal(rounds_in_flight(0), ROUNDS_IN_FLIGHT_LEAST);
	assert_int_equal(rounds_in_flight(1024), 512);
	assert_int_equal(rounds_in_flight(1048576), ROUNDS_IN_FLIGHT_MOST);
	assert_int_equal(rounds_in_flight(UINT64_MAX), ROUNDS_IN_FLIGHT_MOST);
}

static void test_status(void **state)
{
	struct rounds_world *w = *state;
	json_t *status, *target;

	rounds_world_begin(w);
	rounds_world_await(w, REPORT_CLOSED, 2 * ROUNDS_ENDPOINTS);
	status = status_write(&w->account, 0);
	assert_true(json_is_true(json_object_get(status, "ok")));
	assert_string_equal(json_string_value(
				    json_object_get(status, "vantage")),
			    "here");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(status, "load"), "probes")),
			 ROUNDS_ENDPOINTS);
	target = json_array_get(json_object_get(status, "targets"), 6);
	assert_string_equal(json_string_value(
				    json_object_get(target, "service")),
			    "www-too");
	assert_string_equal(json_string_value(json_object_get(target, "state")),
			    "closed");
	assert_string_equal(json_string_value(json_object_get(target, "last")),
			    "ok");
	json_decref(status);
}

int main(void)
{
#define WITH_WORLD(test)                                          \
	cmocka_unit_test_setup_teardown(test, rounds_world_setup, \
					rounds_world_teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_first_round),
		WITH_WORLD(test_dies_and_comes_back),
		WITH_WORLD(test_open_means_left_alone),
		WITH_WORLD(test_rounds_take_over),
		WITH_WORLD(test_waits_for_room),
		cmocka_unit_test(test_room),
		WITH_WORLD(test_status),
	};

	return cmocka_run_group_tests_name("rounds", tests, NULL, NULL);
}
