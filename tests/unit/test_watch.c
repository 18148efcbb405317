/* SPDX-License-Identifier: Apache-2.0 */
/* watch: what is reported of an endpoint and when it is probed next. */
#include "health/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct policy_check check = {
	.name = "web",
	.interval_ms = 5000,
	.timeout_ms = 1000,
	.confirm_ms = 1000,
	.breaker = { .window = 20,
		     .failure_rate_pct = 50,
		     .consecutive = 3,
		     .slow_ms = 200,
		     .slow_rate_pct = 80,
		     .open_for_ms = 10000,
		     .max_open_for_ms = 300000,
		     .half_open_probes = 2 },
};

/* clang-format off */
/*
 * Script: p pass, s slow pass, f timeout, l local trouble, F a timeout while
 * the vantage mistrusts itself, P a pass then; D it begins to do so, for what
 * began to fail in the last minute, E for what does now.  Each is seen when the
 * watch wants its next probe.
 */
static const struct story {
	const char *title;
	const char *script;
	enum report_state state;
	int64_t wait_ms; /* from the last outcome to the next probe: at most */
	bool failing;
	const char *failure;
} stories[] = {
	{ "nothing seen",             "",     REPORT_UNKNOWN, 5000, false, "" },
	{ "one pass",                 "p",    REPORT_CLOSED, 5500, false, "" },
	{ "never passed: unknown",    "ff",   REPORT_UNKNOWN, 1000, true,
	  "timeout" },
	{ "never passed, then down",  "fff",  REPORT_OPEN, 10000, true,
	  "timeout" },
	{ "a failure is confirmed",   "pf",   REPORT_CLOSED, 1000, true,
	  "timeout" },
	{ "and again",                "pff",  REPORT_CLOSED, 1000, true,
	  "timeout" },
	{ "opens",                    "pfff", REPORT_OPEN, 10000, true,
	  "timeout" },
	{ "on trial",                 "pfffp", REPORT_HALF_OPEN, 1000, false,
	  "timeout" },
	{ "closes",                   "pfffpp", REPORT_CLOSED, 5500, false,
	  "timeout" },
	{ "fails on trial: for longer", "pffff", REPORT_OPEN, 20000, true,
	  "timeout" },
	{ "slow is not failing",      "ps",   REPORT_CLOSED, 5500, false,
	  "slow" },
	{ "local trouble is nothing", "lll",  REPORT_UNKNOWN, 5500, false, "" },
	{ "nor does it end a streak", "pffl", REPORT_CLOSED, 5500, true,
	  "timeout" },
	{ "which goes on",            "pfflf", REPORT_OPEN, 10000, true,
	  "timeout" },
	{ "mistrust counts no failure", "pFFFFFF", REPORT_CLOSED, 5500, true,
	  "timeout" },
	{ "nor those before it began", "pffDf", REPORT_CLOSED, 5500, true,
	  "timeout" },
	{ "but of what failed for long", "pffEf", REPORT_OPEN, 10000, true,
	  "timeout" },
	{ "but passes",               "PFP",  REPORT_CLOSED, 5500, false,
	  "timeout" },
};
/* clang-format on */

static struct observation observation_of(char letter)
{
	struct observation seen = { .outcome = OUTCOME_OK,
				    .latency_ms = 20,
				    .total_ms = 60 };

	if (letter == 'f' || letter == 'F')
		seen.outcome = OUTCOME_TIMEOUT;
	else if (letter == 'l')
		seen.outcome = OUTCOME_LOCAL;
	else if (letter == 's')
		seen.total_ms = 201;
	return seen;
}

/* Plays script; *wait_ms: until the next probe after its end. */
static struct watch play(const char *script, int64_t *wait_ms)
{
	struct watch_moment at = { .now_ms = 70000, .wall_ms = 1000000 };
	struct watch w = watch_init("k", &check, &at);

	for (const char *c = script; *c != '\0'; c++) {
		struct observation seen = observation_of(*c);
		int64_t due_ms = watch_next_ms(&w, &check, &at);

		if (*c == 'D' || *c == 'E') {
			watch_doubt(&w, at.now_ms - (*c == 'D' ? 60000 : 0));
			continue;
		}

		at.wall_ms += due_ms - at.now_ms;
		at.now_ms = due_ms;
		at.mistrusts = *c == 'F' || *c == 'P';
		watch_tick(&w, &check, &at);
		watch_observe(&w, &check, &seen, &at);
	}
	*wait_ms = watch_next_ms(&w, &check, &at) - at.now_ms;
	return w;
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *s = &stories[i];
		int64_t wait_ms;
		struct watch w = play(s->script, &wait_ms);
		struct report_entry e = { 0 };

		watch_report(&w, 0, &e);
		if (e.state != s->state || e.failing != s->failing ||
		    strcmp(e.failure, s->failure) != 0)
			fail_msg("%s: %s, failing %d, \"%s\"", s->title,
				 report_state_name(e.state), e.failing,
				 e.failure);
		if (wait_ms > s->wait_ms || wait_ms < 0)
			fail_msg("%s: waits %ld ms", s->title, (long)wait_ms);
	}
}

/* The promise of the brief interval: 2 s probes, three failures, under 10 s. */
static void test_out_within_ten_seconds(void **state)
{
	struct policy_check two = check;

	(void)state;
	two.interval_ms = 2000;
	for (int64_t died_ms = 0; died_ms < 4000; died_ms += 100) {
		struct watch_moment at = { .draw = UINT32_MAX };
		struct watch w = watch_init("any", &two, &at);

		while (watch_state(&w) != REPORT_OPEN) {
			struct observation seen = observation_of('p');

			at.now_ms = watch_next_ms(&w, &two, &at);
			if (at.now_ms >= died_ms) {
				seen = observation_of('f');
				at.now_ms += two.timeout_ms;
			}
			watch_observe(&w, &two, &seen, &at);
		}
		assert_in_range(at.now_ms - died_ms, 1, 9999);
	}
}

static void test_report_times(void **state)
{
	struct watch_moment at = { .now_ms = 100, .wall_ms = 5000 };
	struct watch w = watch_init("k", &check, &at);
	struct observation seen = observation_of('p');
	struct report_entry e;

	(void)state;
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.wall_probed_ms, 0);
	assert_float_equal(e.latency_ms, 0, 0);
	at.wall_ms = 6000;
	assert_true(watch_observe(&w, &check, &seen, &at));
	at.wall_ms = 7000;
	assert_false(watch_observe(&w, &check, &seen, &at));
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.wall_since_ms, 6000);
	assert_int_equal(e.wall_probed_ms, 7000);
	assert_int_equal(e.samples, 2);
	assert_float_equal(e.latency_ms, 20, 0.001);
	assert_float_equal(e.p50_ms, 20, 20.0 / 16);
}

/* A failure is remembered with its time; a local one is none. */
static void test_failure_is_dated(void **state)
{
	struct watch_moment at = { .now_ms = 100, .wall_ms = 5000 };
	struct watch w = watch_init("k", &check, &at);

	(void)state;
	for (const char *c = "pfplp"; *c != '\0'; c++) {
		struct observation seen = observation_of(*c);

		at.wall_ms += 1000;
		watch_observe(&w, &check, &seen, &at);
		assert_int_equal(w.wall_failed_ms,
				 at.wall_ms < 7000 ? 0 : 7000);
	}
	assert_string_equal(w.failure, "timeout");
}

/* Damped is down for everyone else, said, and probed at the usual pace. */
static void test_damped(void **state)
{
	struct policy_check flappy = check;
	struct watch_moment at = { .now_ms = 70000 };
	struct watch w = watch_init("k", &flappy, &at);
	struct report_entry e;

	(void)state;
	flappy.breaker.damp_openings = 2;
	flappy.breaker.half_life_ms = 600000;
	for (const char *c = "pfffppfffpppp"; *c != '\0'; c++) {
		struct observation seen = observation_of(*c);

		at.now_ms = watch_next_ms(&w, &flappy, &at);
		watch_tick(&w, &flappy, &at);
		watch_observe(&w, &flappy, &seen, &at);
	}
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.state, REPORT_HALF_OPEN);
	assert_true(e.damped);
	assert_true(watch_next_ms(&w, &flappy, &at) - at.now_ms >
		    flappy.confirm_ms);
	/* Forgiven: the next probe is one of a trial, and that is news. */
	at.now_ms += 1300000;
	assert_true(watch_tick(&w, &flappy, &at));
	watch_report(&w, at.now_ms, &e);
	assert_false(e.damped);
	assert_int_equal(e.state, REPORT_HALF_OPEN);
}

/* Trials begin a state anew, but it is down all the while. */
static void test_down_since_it_was_closed(void **state)
{
	struct watch_moment at = { .now_ms = 100, .wall_ms = 5000 };
	struct watch w = watch_init("k", &check, &at);
	struct observation fails = observation_of('f');
	struct report_entry e;

	(void)state;
	for (int i = 0; i < 20 && watch_state(&w) != REPORT_OPEN; i++)
		watch_observe(&w, &check, &fails, &at);
	watch_report(&w, 400, &e);
	assert_int_equal(e.down_ms, 300);
	for (int i = 0; i < 3; i++) {
		at.now_ms = w.breaker.retry_ms;
		assert_true(watch_tick(&w, &check, &at));
		watch_report(&w, at.now_ms, &e);
		assert_int_equal(e.state, REPORT_HALF_OPEN);
		assert_int_equal(e.down_ms, at.now_ms - 100);
		assert_true(watch_observe(&w, &check, &fails, &at));
	}
	at.now_ms = w.breaker.retry_ms;
	watch_tick(&w, &check, &at);
	fails = observation_of('p');
	for (int i = 0; i < 20 && watch_state(&w) != REPORT_CLOSED; i++)
		watch_observe(&w, &check, &fails, &at);
	watch_report(&w, at.now_ms + 5, &e);
	assert_int_equal(e.down_ms, 0);
	/* Of the outage it tells for an hour. */
	assert_int_equal(e.up_ms, 5);
	assert_int_equal(e.outage_ms, at.now_ms - 100);
	watch_report(&w, at.now_ms + REPORT_OUTAGE_MS - 1, &e);
	assert_int_equal(e.outage_ms, at.now_ms - 100);
	watch_report(&w, at.now_ms + REPORT_OUTAGE_MS, &e);
	assert_int_equal(e.up_ms, 0);
	assert_int_equal(e.outage_ms, 0);
	/* Not of one in which it mistrusted itself. */
	watch_force(&w, &check, BREAKER_FORCE_OPEN, INT64_MAX, &at);
	at.now_ms += 1000;
	at.doubts = true;
	watch_force(&w, &check, BREAKER_FORCE_CLOSED, INT64_MAX, &at);
	watch_report(&w, at.now_ms + 5, &e);
	assert_int_equal(e.state, REPORT_CLOSED);
	assert_int_equal(e.outage_ms, 0);
}

/* Where a probe has no latency none is made up, and it passes as any does. */
static void test_passes_without_latency(void **state)
{
	struct watch_moment at = { .now_ms = 100, .wall_ms = 5000 };
	struct watch w = watch_init("k", &check, &at);
	struct observation seen = { .outcome = OUTCOME_OK, .total_ms = 60 };
	struct report_entry e = { 0 };

	(void)state;
	assert_true(watch_observe(&w, &check, &seen, &at));
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.state, REPORT_CLOSED);
	assert_int_equal(w.latency.samples, 0);
	assert_int_equal(w.histogram.total, 0);
	assert_float_equal(e.latency_ms, 0, 0);
}

/* What the last probe took, and what it saw of the certificate. */
static void test_reports_the_last_probe(void **state)
{
	struct watch_moment at = { .now_ms = 100, .wall_ms = 5000 };
	struct watch w = watch_init("k", &check, &at);
	struct observation seen = { .outcome = OUTCOME_STATUS,
				    .resolve_ms = 1,
				    .connect_ms = 2,
				    .tls_ms = 3,
				    .first_byte_ms = 4,
				    .certificate_left_s = -5 };
	struct report_entry e = { 0 };

	(void)state;
	watch_observe(&w, &check, &seen, &at);
	watch_report(&w, at.now_ms, &e);
	assert_float_equal(e.resolve_ms, 1, 0);
	assert_float_equal(e.connect_ms, 2, 0);
	assert_float_equal(e.tls_ms, 3, 0);
	assert_float_equal(e.first_byte_ms, 4, 0);
	assert_int_equal(e.certificate_left_s, -5);
}

/* A person's word holds until its time, probed on all the while. */
static void test_forced(void **state)
{
	struct watch_moment at = { .now_ms = 70000 };
	struct watch w = watch_init("k", &check, &at);
	const struct observation pass = observation_of('p');
	struct report_entry e;

	(void)state;
	assert_true(watch_force(&w, &check, BREAKER_FORCE_OPEN, 72000, &at));
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.state, REPORT_OPEN);
	assert_true(e.forced);
	assert_true(watch_next_ms(&w, &check, &at) <= 72000);
	at.now_ms = 71000;
	assert_false(watch_tick(&w, &check, &at));
	assert_false(watch_observe(&w, &check, &pass, &at));
	assert_float_equal(w.last.latency_ms, 20, 0.001);
	at.now_ms = 71999;
	assert_false(watch_tick(&w, &check, &at));
	at.now_ms = 72000;
	assert_true(watch_tick(&w, &check, &at));
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.state, REPORT_HALF_OPEN);
	assert_false(e.forced);
	assert_true(watch_force(&w, &check, BREAKER_FORCE_CLOSED, 99000, &at));
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.state, REPORT_CLOSED);
	assert_true(watch_force(&w, &check, BREAKER_RELEASE, 0, &at));
	assert_int_equal(watch_state(&w), REPORT_CLOSED);
}

static void test_reload_keeps_state_and_slots(void **state)
{
	struct watch_moment at = { .now_ms = 99999 };
	struct policy_check slower = check;
	struct schedule before;
	int64_t wait_ms;
	struct watch w = play("pfff", &wait_ms);

	(void)state;
	before = w.schedule;
	watch_move(&w, "k", &check, &at);
	assert_memory_equal(&before, &w.schedule, sizeof(before));
	slower.interval_ms = 60000;
	watch_move(&w, "k", &slower, &at);
	assert_int_equal(w.schedule.interval_ms, 60000);
	assert_int_equal(watch_state(&w), REPORT_OPEN);
}

/* Green probes, failing users; what the breaker does, test_breaker tells. */
static void test_users(void **state)
{
	struct policy_check passive = check;
	struct watch_moment at = { .now_ms = 70000, .wall_ms = 1000000 };
	struct evidence_word word = { .event = BREAKER_USERS_FAIL,
				      .users = { .watched = true,
						 .weight = 20,
						 .failure_rate_pct = 50 },
				      .requests = 412,
				      .errors = 37,
				      .edges = "a, b" };
	const struct observation pass = observation_of('p');
	struct watch w = watch_init("k", &passive, &at);
	struct report_entry e = { 0 };
	char text[REPORT_USERS_SIZE];

	(void)state;
	watch_observe(&w, &passive, &pass, &at);
	assert_true(watch_users(&w, &passive, &word, &at));
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.state, REPORT_OPEN);
	assert_string_equal(report_users_text(&e, text),
			    "opened by users: 37 of 412 requests failed at "
			    "edges a, b");
	word = (struct evidence_word){ .event = BREAKER_TICK,
				       .users = word.users };
	at.now_ms = w.breaker.retry_ms;
	/* Time leads to a trial when a probe is due, not before. */
	assert_false(watch_users(&w, &passive, &word, &at));
	assert_true(watch_tick(&w, &passive, &at));
	assert_false(watch_observe(&w, &passive, &pass, &at));
	assert_true(watch_observe(&w, &passive, &pass, &at));
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.state, REPORT_HALF_OPEN);
	assert_true(e.trickle && e.by_users);
	assert_int_equal(e.user_requests, 412);
	assert_non_null(strstr(report_users_text(&e, text), "on trial"));
	word.users.watched = false;
	assert_true(watch_users(&w, &passive, &word, &at));
	watch_report(&w, at.now_ms, &e);
	assert_int_equal(e.state, REPORT_CLOSED);
	assert_false(e.trickle || e.by_users);
	assert_string_equal(report_users_text(&e, text),
			    "closed unjudged: no edge told of its users");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_out_within_ten_seconds),
		cmocka_unit_test(test_report_times),
		cmocka_unit_test(test_failure_is_dated),
		cmocka_unit_test(test_damped),
		cmocka_unit_test(test_down_since_it_was_closed),
		cmocka_unit_test(test_passes_without_latency),
		cmocka_unit_test(test_reports_the_last_probe),
		cmocka_unit_test(test_forced),
		cmocka_unit_test(test_reload_keeps_state_and_slots),
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
