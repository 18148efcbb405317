/* SPDX-License-Identifier: Apache-2.0 */
/* watch and roster: what is reported of an endpoint and when it is probed
 * next; what a policy asks to be probed. */
#include "health/roster.h"
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
 * the vantage mistrusts itself, P a pass then.  Each is seen when the watch
 * wants its next probe.
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

		watch_report(&w, &e);
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
	watch_report(&w, &e);
	assert_int_equal(e.wall_probed_ms, 0);
	assert_float_equal(e.latency_ms, 0, 0);
	at.wall_ms = 6000;
	assert_true(watch_observe(&w, &check, &seen, &at));
	at.wall_ms = 7000;
	assert_false(watch_observe(&w, &check, &seen, &at));
	watch_report(&w, &e);
	assert_int_equal(e.wall_since_ms, 6000);
	assert_int_equal(e.wall_probed_ms, 7000);
	assert_int_equal(e.samples, 2);
	assert_float_equal(e.latency_ms, 20, 0.001);
	assert_float_equal(e.p50_ms, 20, 20.0 / 16);
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
	watch_report(&w, &e);
	assert_int_equal(e.state, REPORT_HALF_OPEN);
	assert_true(e.damped);
	assert_true(watch_next_ms(&w, &flappy, &at) - at.now_ms >
		    flappy.confirm_ms);
	/* Forgiven: the next probe is one of a trial, and that is news. */
	at.now_ms += 1300000;
	assert_true(watch_tick(&w, &flappy, &at));
	watch_report(&w, &e);
	assert_false(e.damped);
	assert_int_equal(e.state, REPORT_HALF_OPEN);
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

/* Two services that share two of three addresses, and one without a check. */
struct sample {
	struct net_addr a[3], aaaa;
	struct policy_endpoint one[3], two[3];
	struct policy_service services[3];
	struct policy_check checks[2];
	struct policy policy;
};

static void fill_sample(struct sample *s)
{
	*s = (struct sample){ 0 };
	net_addr_parse("192.0.2.1", &s->a[0]);
	net_addr_parse("192.0.2.2", &s->a[1]);
	net_addr_parse("192.0.2.3", &s->a[2]);
	net_addr_parse("2001:db8::1", &s->aaaa);
	for (int i = 0; i < 3; i++) {
		s->one[i].name = s->two[i].name =
			(const char *[]){ "a", "b", "c" }[i];
		s->one[i].a = s->two[i].a = &s->a[i];
		s->one[i].a_count = s->two[i].a_count = 1;
	}
	s->one[2].aaaa = s->two[2].aaaa = &s->aaaa;
	s->one[2].aaaa_count = s->two[2].aaaa_count = 1;
	s->two[2].a_count = 0;
	s->two[1].port = 8443;
	s->checks[0] = check;
	s->checks[0].port = 443;
	s->checks[1] = check;
	s->checks[1].name = "db";
	s->checks[1].type = CHECK_TCP;
	s->checks[1].port = 5432;
	s->services[0] = (struct policy_service){ .name = "www",
						  .fqdn = "www.example.test.",
						  .endpoints = s->one,
						  .endpoint_count = 3 };
	s->services[1] = s->services[0];
	s->services[1].name = "also";
	s->services[1].endpoints = s->two;
	s->services[2] = s->services[0];
	s->services[2].check = POLICY_NONE;
	s->policy.checks = s->checks;
	s->policy.check_count = 2;
	s->policy.services = s->services;
	s->policy.service_count = 3;
}

static void test_equal_probes_run_once(void **state)
{
	struct sample s;
	struct roster *r;

	(void)state;
	fill_sample(&s);
	r = roster_new(&s.policy);
	assert_non_null(r);
	assert_int_equal(r->target_count, 6);
	/* www/a = also/a; b differs by port, c by address family. */
	assert_int_equal(r->job_count, 5);
	assert_int_equal(r->targets[0].job, r->targets[3].job);
	assert_int_not_equal(r->targets[1].job, r->targets[4].job);
	assert_string_equal(r->jobs[0].key,
			    "web 192.0.2.1 443 www.example.test");
	assert_string_equal(r->jobs[r->targets[4].job].key,
			    "web 192.0.2.2 8443 www.example.test");
	/* IPv4 first, IPv6 when that is all there is. */
	assert_string_equal(r->jobs[r->targets[2].job].key,
			    "web 192.0.2.3 443 www.example.test");
	assert_string_equal(r->jobs[r->targets[5].job].key,
			    "web 2001:db8::1 443 www.example.test");
	assert_int_equal(roster_find(r, r->jobs[4].key), 4);
	assert_true(roster_find(r, "web 192.0.2.9 443 www.example.test") ==
		    SIZE_MAX);
	assert_int_equal(r->longest_ms, 6000);
	roster_free(r);
	roster_free(NULL);
}

static void test_host_of_check_and_tcp_without(void **state)
{
	struct sample s;
	struct roster *r;

	(void)state;
	fill_sample(&s);
	s.checks[0].host = "health.example.test.";
	s.services[1].fqdn = "also.example.test.";
	r = roster_new(&s.policy);
	/* Another service name, but the check's host: still one job. */
	assert_int_equal(r->job_count, 5);
	assert_string_equal(r->jobs[0].spec.host, "health.example.test");
	roster_free(r);
	s.services[0].check = s.services[1].check = 1;
	r = roster_new(&s.policy);
	assert_string_equal(r->jobs[0].key, "db 192.0.2.1 5432");
	assert_int_equal(r->job_count, 5);
	roster_free(r);
	s.services[0].check = s.services[1].check = POLICY_NONE;
	r = roster_new(&s.policy);
	assert_int_equal(r->target_count, 0);
	assert_true(roster_find(r, "x") == SIZE_MAX);
	roster_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_out_within_ten_seconds),
		cmocka_unit_test(test_report_times),
		cmocka_unit_test(test_damped),
		cmocka_unit_test(test_reload_keeps_state_and_slots),
		cmocka_unit_test(test_equal_probes_run_once),
		cmocka_unit_test(test_host_of_check_and_tcp_without),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
