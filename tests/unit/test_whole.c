/* SPDX-License-Identifier: Apache-2.0 */
/* whole: what several checks make of an endpoint at one vantage. */
#include "health/whole.h"

#include "good_policy.h"
#include "health/watch.h"
#include "policy/language/reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(10000000)
#define WALL_MS INT64_C(1770000000000)

/* The watches of the first endpoint of a service. */
struct scene {
	struct policy *policy;
	struct watch watches[EXPRESSION_PROBES_MAX];
	struct whole_parts parts;
	struct whole whole;
	int64_t now_ms;
};

static void add_probes(struct scene *s, size_t check)
{
	const struct policy_service *service = s->parts.service;
	const struct policy_endpoint *e = &service->endpoints[0];
	const struct policy_check *is =
		reach_check(s->policy->checks, service, check);
	size_t count = reach_count(is, e);

	if (is == &s->policy->checks[service->check])
		s->parts.first = &s->watches[s->parts.count];
	for (size_t i = 0; i < count; i++, s->parts.count++)
		s->parts.probes[s->parts.count] = (struct whole_probe){
			.watch = &s->watches[s->parts.count],
			.addr = count > 1 ? reach_addr(e, i) : NULL,
			.check = check,
		};
}

static void scene_init_of(struct scene *s, const char *file,
			  const char *service)
{
	int at;

	*s = (struct scene){ .policy = good_policy(file), .now_ms = NOW_MS };
	at = policy_find_service(s->policy, service);
	assert_int_not_equal(at, POLICY_NONE);
	s->parts.service = &s->policy->services[at];
	s->parts.checks = s->policy->checks;
	for (size_t i = 0; i < reach_checks(s->parts.service); i++)
		add_probes(s, i);
}

static void scene_init(struct scene *s, const char *service)
{
	scene_init_of(s, "expressions.yaml", service);
}

/* u: not known, c: closed, b: closed since now, after an outage, f: closed and
 * failing, o: open, h: on trial, t: with users, x: the same, and silent for too
 * long, s: closed, and silent for too long, j: closed unjudged. */
static void say(struct scene *s, const char *letters)
{
	for (size_t i = 0; letters[i] != '\0'; i++) {
		char c = letters[i];
		bool stale = c == 's' || c == 'x';

		s->watches[i] = (struct watch){
			.known = c != 'u',
			.finished = true,
			.failing = c == 'f' || c == 'o' || c == 'k',
			.wall_probed_ms = WALL_MS - 1000 + (int64_t)i,
			.probed_ms = s->now_ms - (stale ? 6000000 : 1000),
			.breaker.state = c == 'o'   ? BREAKER_OPEN
					 : c == 'h' ? BREAKER_HALF_OPEN
					 : c == 't' || c == 'x' || c == 'k'
						 ? BREAKER_TRICKLE
						 : BREAKER_CLOSED,
			.breaker.by_users = c == 't' || c == 'x' || c == 'k',
			.breaker.unjudged = c == 'j',
			.up_since_ms = s->now_ms,
			.outage_ms = c == 'b' ? 1 : 0,
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
		int64_t up_ms, outage_ms;
	} steps[] = {
		{ "uu", false, 0, 0, 0, 0 },
		{ "cc", true, 1000, 0, 0, 0 },
		{ "co", true, 2000, 0, 0, 0 },
		{ "oo", false, 2000, 1000, 0, 0 },
		{ "oc", false, 2000, 2000, 0, 0 },
		{ "hc", true, 5000, 3000, 0, 0 },
		{ "sc", true, 6000, 4000, 0, 0 },
		{ "oc", true, 7000, 5000, 0, 0 },
		{ "bc", true, 8000, 0, 0, 6000 },
		{ "bf", false, 8000, 0, 1000, 6000 },
		{ "oc", true, 10000, 0, 0, 0 },
		{ "oc", false, 10000, 1000, 0, 0 },
		/* A doubted outage, and one that was a part's alone. */
		{ "cc", true, 12000, 0, 0, 0 },
		{ "bc", false, 12000, 0, 0, 0 },
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
		assert_int_equal(e.up_ms, steps[i].up_ms);
		assert_int_equal(e.outage_ms, steps[i].outage_ms);
	}
	policy_free(s.policy);
}

/* What is one check's, and what is of all. */
static void test_members(void **state)
{
	struct report_part parts[4];
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
	assert_int_equal(whole_report_parts(&s.parts, s.now_ms, parts), 2);
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

/* Of services of addresses.yaml.  Every probes three addresses, all of which
 * have to be up; some two, any; mixed is all of one, (any of every, some), the
 * latter with two each.  k: as t, and its probe fails. */
static const struct address_row {
	const char *service, *said;
	enum report_state state;
	bool failing;
	const char *failure; /* NULL: not looked at */
	unsigned latency_of; /* whose it is */
} address_rows[] = {
	{ "every", "ccc", REPORT_CLOSED, false, NULL, 0 },
	{ "every", "ccf", REPORT_CLOSED, true, "status-502", 0 },
	{ "every", "cco", REPORT_OPEN, true, "status-502", 0 },
	{ "every", "coc", REPORT_OPEN, true, "status-501", 0 },
	{ "every", "occ", REPORT_OPEN, true, "status-500", 1 },
	{ "every", "chc", REPORT_HALF_OPEN, false, "status-501", 0 },
	{ "every", "cho", REPORT_OPEN, true, NULL, 0 },
	/* A vantage without IPv6: it never says up. */
	{ "every", "ccu", REPORT_UNKNOWN, false, NULL, 0 },
	{ "every", "ccs", REPORT_UNKNOWN, false, NULL, 0 },
	{ "every", "cou", REPORT_OPEN, true, "status-501", 0 },
	{ "some", "cc", REPORT_CLOSED, false, NULL, 0 },
	{ "some", "oc", REPORT_CLOSED, false, "status-500", 1 },
	{ "some", "co", REPORT_CLOSED, false, "status-501", 0 },
	{ "some", "ff", REPORT_CLOSED, true, "status-500", 0 },
	{ "some", "oo", REPORT_OPEN, true, "status-500", 0 },
	{ "some", "oh", REPORT_HALF_OPEN, false, "status-500", 0 },
	{ "some", "ou", REPORT_UNKNOWN, false, NULL, 0 },
	{ "some", "cu", REPORT_CLOSED, false, NULL, 0 },
	{ "mixed", "ccccc", REPORT_CLOSED, false, NULL, 0 },
	{ "mixed", "occcc", REPORT_OPEN, true, "status-500", 0 },
	{ "mixed", "ccooc", REPORT_CLOSED, false, "status-502", 0 },
	{ "mixed", "ccoco", REPORT_CLOSED, false, "status-502", 0 },
	{ "mixed", "ccooo", REPORT_OPEN, true, "status-502", 0 },
	{ "mixed", "cccoo", REPORT_CLOSED, false, "status-503", 0 },
	{ "mixed", "ccouo", REPORT_UNKNOWN, false, NULL, 0 },
	{ "mixed", "ccohh", REPORT_HALF_OPEN, false, NULL, 0 },
	/* Measured, and not counted. */
	{ "tried", "ooc", REPORT_CLOSED, false, NULL, 2 },
	{ "tried", "cco", REPORT_OPEN, true, "status-502", 2 },
	{ "unseen", "oc", REPORT_OPEN, true, "status-500", 0 },
	/* What users met at the first address is of them all. */
	{ "some", "tc", REPORT_HALF_OPEN, false, NULL, 0 },
	{ "some", "tu", REPORT_HALF_OPEN, false, NULL, 0 },
	{ "some", "kc", REPORT_CLOSED, false, NULL, 1 },
	{ "every", "tcc", REPORT_HALF_OPEN, false, NULL, 0 },
	{ "every", "tco", REPORT_OPEN, true, NULL, 0 },
	{ "mixed", "ctcoo", REPORT_HALF_OPEN, false, NULL, 0 },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(address_rows) / sizeof(address_rows[0]);
	     i++) {
		const struct address_row *row = &address_rows[i];
		struct report_entry e;
		struct scene s;

		scene_init_of(&s, "addresses.yaml", row->service);
		assert_int_equal(s.parts.count, strlen(row->said));
		say(&s, row->said);
		step(&s);
		e = report(&s);
		if (e.state != row->state || e.failing != row->failing ||
		    e.latency_ms != 10 + (float)row->latency_of)
			fail_msg("%s %s: %s%s, latency %g", row->service,
				 row->said, report_state_name(e.state),
				 e.failing ? ", failing" : "",
				 (double)e.latency_ms);
		if (row->failure != NULL)
			assert_string_equal(e.failure, row->failure);
		if (e.trickle != (e.state == REPORT_HALF_OPEN &&
				  strchr(row->said, 't') != NULL))
			fail_msg("%s %s: trickle %d", row->service, row->said,
				 e.trickle);
		policy_free(s.policy);
	}
}

/* Which address it is, and how it failed. */
static void test_addresses_told(void **state)
{
	static const struct {
		const char *check, *address; /* "": the check */
		enum report_state state;
		const char *failure;
	} wanted[] = {
		{ "one", "", REPORT_CLOSED, "" },
		{ "every", "", REPORT_OPEN, "status-502" },
		{ "every", "192.0.2.1", REPORT_CLOSED, "" },
		{ "every", "192.0.2.2", REPORT_OPEN, "status-502" },
		{ "some", "", REPORT_CLOSED, "" },
		{ "some", "192.0.2.1", REPORT_OPEN, "status-503" },
		{ "some", "192.0.2.2", REPORT_CLOSED, "" },
	};
	struct report_part parts[REPORT_PARTS_MAX];
	struct scene s;

	(void)state;
	scene_init_of(&s, "addresses.yaml", "mixed");
	say(&s, "ccooc");
	assert_int_equal(whole_report_parts(&s.parts, s.now_ms, parts), 7);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		char address[NET_TEXT_SIZE] = "";

		if (parts[i].addr.family != NET_NONE)
			net_addr_text(&parts[i].addr, address);
		assert_string_equal(parts[i].check, wanted[i].check);
		assert_string_equal(address, wanted[i].address);
		assert_int_equal(parts[i].state, wanted[i].state);
		assert_string_equal(parts[i].failure, wanted[i].failure);
	}
	policy_free(s.policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_addresses_told),
	};

	return cmocka_run_group_tests_name("whole", tests, NULL, NULL);
}
