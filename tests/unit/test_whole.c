/* SPDX-License-Identifier: Apache-2.0 */
/* whole: what several checks make of an endpoint at one vantage. */
#include "health/whole.h"

#include "good_policy.h"
#include "health/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(10000000)
#define WALL_MS INT64_C(1770000000000)

/* The watches of one endpoint of a service of expressions.yaml. */
struct scene {
	struct policy *policy;
	struct watch watches[EXPRESSION_PARTS_MAX];
	struct whole_parts parts;
	struct whole whole;
	int64_t now_ms;
};

static void scene_init(struct scene *s, const char *service)
{
	const struct policy_service *declared;

	*s = (struct scene){ .policy = good_policy("expressions.yaml"),
			     .now_ms = NOW_MS };
	declared =
		&s->policy->services[policy_find_service(s->policy, service)];
	s->parts.expression = declared->expression;
	s->parts.checks = s->policy->checks;
	for (size_t i = 0; i < declared->expression->check_count; i++) {
		s->parts.watches[i] = &s->watches[i];
		if (declared->expression->checks[i] == declared->check)
			s->parts.first = &s->watches[i];
	}
}

/* u: not known, c: closed, f: closed and failing, o: open, h: on trial, t: with
 * users, x: the same, and silent for too long, s: closed, and silent for too
 * long, j: closed unjudged. */
static void say(struct scene *s, const char *letters)
{
	for (size_t i = 0; letters[i] != '\0'; i++) {
		char c = letters[i];
		bool stale = c == 's' || c == 'x';

		s->watches[i] = (struct watch){
			.known = c != 'u',
			.finished = true,
			.failing = c == 'f' || c == 'o',
			.wall_probed_ms = WALL_MS - 1000 + (int64_t)i,
			.probed_ms = s->now_ms - (stale ? 6000000 : 1000),
			.breaker.state = c == 'o'   ? BREAKER_OPEN
					 : c == 'h' ? BREAKER_HALF_OPEN
					 : c == 't' || c == 'x'
						 ? BREAKER_TRICKLE
						 : BREAKER_CLOSED,
			.breaker.by_users = c == 't' || c == 'x',
			.breaker.unjudged = c == 'j',
			.failed_users = { .requests = 100 + i, .errors = 90 },
			.latency.settled_ms = 10 + (float)i,
		};
		snprintf(s->watches[i].failure, sizeof(s->watches[i].failure),
			 "status-50%zu", i);
	}
}

static bool step(struct scene *s)
{
	return whole_step(&s->whole, &s->parts, s->now_ms,
			  WALL_MS + s->now_ms - NOW_MS);
}

static struct report_entry report(const struct scene *s)
{
	struct report_entry e = { .service = "w", .endpoint = "e" };

	whole_report(&s->whole, &s->parts, s->now_ms, &e);
	return e;
}

static const struct row {
	const char *service, *said;
	enum report_state state;
	bool failing;
	const char *failure; /* the culprit's; NULL: not looked at */
} rows[] = {
	{ "both", "cc", REPORT_CLOSED, false, NULL },
	{ "both", "cf", REPORT_CLOSED, true, "status-501" },
	{ "both", "co", REPORT_OPEN, true, "status-501" },
	{ "both", "oc", REPORT_OPEN, true, "status-500" },
	{ "both", "oo", REPORT_OPEN, true, "status-500" },
	{ "both", "ch", REPORT_HALF_OPEN, false, "status-501" },
	{ "both", "oh", REPORT_OPEN, true, "status-500" },
	{ "both", "uc", REPORT_UNKNOWN, false, NULL },
	{ "both", "uo", REPORT_OPEN, true, "status-501" },
	{ "both", "us", REPORT_UNKNOWN, false, NULL },
	{ "both", "cs", REPORT_UNKNOWN, false, NULL },
	{ "both", "so", REPORT_OPEN, true, "status-501" },
	{ "either", "cc", REPORT_CLOSED, false, NULL },
	{ "either", "of", REPORT_CLOSED, true, "status-500" },
	{ "either", "oc", REPORT_CLOSED, false, "status-500" },
	{ "either", "fc", REPORT_CLOSED, false, "status-500" },
	{ "either", "ff", REPORT_CLOSED, true, "status-500" },
	{ "either", "oo", REPORT_OPEN, true, "status-500" },
	{ "either", "oh", REPORT_HALF_OPEN, false, "status-500" },
	{ "either", "ou", REPORT_UNKNOWN, false, NULL },
	{ "either", "os", REPORT_UNKNOWN, false, NULL },
	{ "either", "cu", REPORT_CLOSED, false, NULL },
	{ "two", "ccoo", REPORT_CLOSED, false, NULL },
	{ "two", "coco", REPORT_CLOSED, false, NULL },
	{ "two", "coou", REPORT_UNKNOWN, false, NULL },
	{ "two", "oocc", REPORT_OPEN, true, "status-500" },
	{ "two", "oocu", REPORT_OPEN, true, "status-500" },
	{ "nested", "cocc", REPORT_CLOSED, false, NULL },
	{ "nested", "cocf", REPORT_CLOSED, true, "status-501" },
	{ "nested", "coch", REPORT_HALF_OPEN, false, "status-501" },
	/* What is in shadow: cache first, trial last. */
	{ "shadowed", "occo", REPORT_CLOSED, false, NULL },
	{ "shadowed", "coco", REPORT_OPEN, true, "status-501" },
	{ "shadowed", "ucc", REPORT_CLOSED, false, NULL },
	{ "shadowed", "fccf", REPORT_CLOSED, false, NULL },
	/* Measured, reported, and counted by nobody. */
	{ "unseen", "oc", REPORT_OPEN, true, "status-500" },
	{ "unseen", "co", REPORT_CLOSED, false, NULL },
};

static void test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct report_entry e;
		struct scene s;

		scene_init(&s, row->service);
		say(&s, row->said);
		step(&s);
		e = report(&s);
		if (e.state != row->state || e.failing != row->failing)
			fail_msg("%s %s: %s%s", row->service, row->said,
				 report_state_name(e.state),
				 e.failing ? ", failing" : "");
		if (row->failure != NULL)
			assert_string_equal(e.failure, row->failure);
		policy_free(s.policy);
	}
}

/* Since when: kept while it is not known, begun again once it was up. */
static void test_times(void **state)
{
	static const struct {
		const char *said;
		bool changes;
		int64_t since_ms, down_ms;
	} steps[] = {
		{ "uu", false, 0, 0 },       { "cc", true, 1000, 0 },
		{ "co", true, 2000, 0 },     { "oo", false, 2000, 1000 },
		{ "oc", false, 2000, 2000 }, { "hc", true, 5000, 3000 },
		{ "sc", true, 6000, 4000 },  { "oc", true, 7000, 5000 },
		{ "cc", true, 8000, 0 },     { "oc", true, 9000, 0 },
		{ "oc", false, 9000, 1000 },
	};
	struct scene s;

	(void)state;
	scene_init(&s, "both");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct report_entry e;

		s.now_ms = NOW_MS + 1000 * (int64_t)i;
		say(&s, steps[i].said);
		assert_int_equal(step(&s), steps[i].changes);
		e = report(&s);
		assert_int_equal(e.wall_since_ms, WALL_MS + steps[i].since_ms);
		assert_int_equal(e.down_ms, steps[i].down_ms);
	}
	policy_free(s.policy);
}

/* What is one check's, and what is of all. */
static void test_members(void **state)
{
	struct report_part parts[2];
	struct report_entry e;
	struct scene s;

	(void)state;
	scene_init(&s, "either"); /* app, gateway */
	say(&s, "oc");
	s.watches[0].breaker.damped = true;
	s.watches[0].last.certificate_left_s = 500;
	s.watches[1].last.certificate_left_s = -20;
	step(&s);
	e = report(&s);
	assert_false(e.damped);
	assert_false(e.forced);
	assert_int_equal(e.certificate_left_s, -20);
	assert_int_equal(e.wall_probed_ms, WALL_MS - 999);
	assert_true(e.latency_ms == 10.0F);
	s.watches[1].breaker.state = BREAKER_FORCED_OPEN;
	step(&s);
	e = report(&s);
	assert_int_equal(e.state, REPORT_OPEN);
	assert_true(e.damped && e.forced);
	whole_report_parts(&s.parts, s.now_ms, parts);
	assert_string_equal(parts[0].check, "app");
	assert_int_equal(parts[0].state, REPORT_OPEN);
	assert_true(parts[0].failing);
	assert_string_equal(parts[0].failure, "status-500");
	assert_string_equal(parts[1].check, "gateway");
	say(&s, "cs");
	whole_report_parts(&s.parts, s.now_ms, parts);
	assert_string_equal(parts[0].failure, "");
	assert_int_equal(parts[1].state, REPORT_UNKNOWN);
	policy_free(s.policy);
}

/* clang-format off */
static const struct users_row {
	const char *service, *said;
	bool trickle, by_users, unjudged;
	uint64_t requests; /* 0: nothing is told */
} users_rows[] = {
	{ "both",   "cc", false, false, false, 0 },
	{ "both",   "tc", true,  true,  false, 100 },
	{ "both",   "ct", true,  true,  false, 101 },
	{ "both",   "tt", true,  true,  false, 100 },
	{ "both",   "th", false, true,  false, 100 },
	{ "both",   "ht", false, true,  false, 101 },
	{ "both",   "to", false, true,  false, 100 },
	{ "both",   "ut", false, true,  false, 101 },
	{ "both",   "cx", false, false, false, 101 },
	{ "both",   "hc", false, false, false, 0 },
	{ "both",   "cj", false, false, true,  0 },
	{ "either", "tc", false, false, false, 100 },
	{ "either", "ot", true,  true,  false, 101 },
	{ "either", "ht", true,  true,  false, 101 },
	{ "two",    "ctoo", true,  true, false, 101 },
	{ "two",    "oott", false, true, false, 102 },
	{ "shadowed", "tcc", false, false, false, 0 },
	{ "shadowed", "ctc", true,  true,  false, 101 },
};
/* clang-format on */

/* Users come where nothing but a trial with them keeps them out. */
static void test_users(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(users_rows) / sizeof(users_rows[0]);
	     i++) {
		const struct users_row *row = &users_rows[i];
		struct report_entry e;
		struct scene s;

		scene_init(&s, row->service);
		say(&s, row->said);
		step(&s);
		e = report(&s);
		if (e.trickle != row->trickle || e.by_users != row->by_users ||
		    e.unjudged != row->unjudged ||
		    (e.by_users && e.user_requests != row->requests))
			fail_msg("%s %s: trickle %d, by users %d, unjudged %d, "
				 "of %d requests",
				 row->service, row->said, e.trickle, e.by_users,
				 e.unjudged, (int)e.user_requests);
		policy_free(s.policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests_name("whole", tests, NULL, NULL);
}
