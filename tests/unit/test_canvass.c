/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canvass: what becomes of a Prometheus' answer, or of none; who is asked, and
 * how often.
 */
#include "health/canvass.h"

#include "canned.h"
#include "health/evidence.h"
#include "health/roster.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n"
#define COUNT(value)                                                        \
	HEAD("200 OK")                                                      \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\","      \
	"\"result\":[{\"metric\":{\"service\":\"www\",\"endpoint\":\"x\"}," \
	"\"value\":[1,\"" value "\"]}]}}"

enum { SERVICES = 3, PATIENCE_MS = 20000 };

/* clang-format off */
static const struct row {
	const char *title, *say; /* NULL: nothing is said */
	size_t repeat;
	bool absent; /* nobody listens */
	const char *outcome;
} rows[] = {
	{ "counters", COUNT("7"), 0, false, "ok" },
	{ "none", HEAD("200 OK") "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}", 0, false, "no series" },
	{ "a refusal", HEAD("400 Bad Request") "{\"status\":\"error\",\"error\":\"parse error\"}", 0, false, "query refused" },
	{ "a gateway's error", HEAD("502 Bad Gateway") "<html>", 0, false, "HTTP error" },
	{ "a redirection", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n", 0, false, "HTTP error" },
	{ "no HTTP", "220 mail.example.com\r\n", 0, false, "malformed" },
	{ "no JSON", HEAD("200 OK") "<html>", 0, false, "malformed" },
	{ "too much", HEAD("200 OK"), 150000, false, "too large" },
	{ "silence", NULL, 0, false, "timeout" },
	{ "nobody", "", 0, true, "no connection" },
};
/* clang-format on */

/* Services that each have one endpoint and a check of their own. */
struct site {
	struct net_addr address;
	struct policy_endpoint endpoint;
	struct policy_service services[SERVICES];
	struct policy_check checks[SERVICES];
	struct policy policy;
	struct roster *roster;
	struct evidence *evidence;
	struct event_base *loop;
	struct canned *canned;
	struct canvass *canvass;
	char url[64];
};

static void init_policy(struct site *s)
{
	static const char *const names[] = { "www", "api", "db" };

	s->address.octets[0] = 1;
	s->endpoint = (struct policy_endpoint){ .name = "x",
						.a = &s->address,
						.a_count = 1 };
	for (int i = 0; i < SERVICES; i++) {
		s->services[i] = (struct policy_service){
			.name = names[i],
			.check = i,
			.endpoints = &s->endpoint,
			.endpoint_count = 1,
		};
		s->checks[i] = (struct policy_check){
			.name = names[i],
			.type = CHECK_TCP,
			.port = 80,
			.passive = { 5,
				     10,
				     50,
				     1,
				     { s->url, "r", "e", 50, 5000 } },
		};
	}
	s->policy = (struct policy){ .services = s->services,
				     .service_count = SERVICES,
				     .checks = s->checks,
				     .check_count = SERVICES };
}

static void site_init(struct site *s)
{
	struct error err;

	memset(s, 0, sizeof(*s));
	init_policy(s);
	s->loop = event_base_new();
	s->canned = canned_start(s->loop, "127.0.0.1");
	assert_non_null(s->canned);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u",
		 canned_port(s->canned));
	s->evidence = evidence_new();
	s->canvass = canvass_new(s->loop, s->evidence, &err);
	assert_non_null(s->canvass);
}

static void turn(struct site *s)
{
	struct roster *roster = roster_new(&s->policy);

	assert_true(evidence_turn(s->evidence, roster));
	assert_true(canvass_turn(s->canvass));
	roster_free(s->roster);
	s->roster = roster;
}

static void site_fini(struct site *s)
{
	canvass_free(s->canvass);
	canned_stop(s->canned);
	evidence_free(s->evidence);
	roster_free(s->roster);
	event_base_free(s->loop);
}

/* How many measures ended so. */
static uint64_t measures(const struct site *s, const char *outcome)
{
	const uint64_t *counts = canvass_outcomes(s->canvass);

	for (int i = MEASURE_OK; i < MEASURE_OUTCOMES; i++)
		if (strcmp(measure_outcome_name((enum measure_outcome)i),
			   outcome) == 0)
			return counts[i];
	fail_msg("%s is no outcome", outcome);
	return 0;
}

static bool is_failing(const struct site *s, size_t nth)
{
	struct canvass_source sources[EVIDENCE_EDGES_MAX];

	assert_true(nth < canvass_sources(s->canvass, sources));
	return sources[nth].failing;
}

/* Until so many measures more ended so. */
static void await(struct site *s, const char *outcome, uint64_t more)
{
	int64_t until_ms = clock_now_ms() + PATIENCE_MS;
	uint64_t wanted = measures(s, outcome) + more;

	while (measures(s, outcome) < wanted && clock_now_ms() < until_ms)
		event_base_loop(s->loop, EVLOOP_ONCE);
	if (measures(s, outcome) < wanted)
		fail_msg("no measure ended with %s", outcome);
}

static void test_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct site s;

		site_init(&s);
		canned_set_text(s.canned, row->say, row->repeat);
		if (row->say == NULL)
			for (int c = 0; c < SERVICES; c++)
				s.checks[c].passive.prometheus.timeout_ms = 200;
		if (row->absent)
			canned_fall(s.canned);
		turn(&s);
		await(&s, row->outcome, 1);
		if (is_failing(&s, 0) != (strcmp(row->outcome, "ok") != 0))
			fail_msg("%s: told wrong", row->title);
		site_fini(&s);
	}
}

/* What the witness says of www/x. */
static struct evidence_word word_of(struct site *s)
{
	size_t nth = 0;

	evidence_judge(s->evidence, clock_now_ms());
	while (evidence_job(s->evidence, nth) != s->roster->targets[0].job)
		nth++;
	return evidence_word(s->evidence, nth);
}

/* It is a witness; away, it is none; back, it counts from there. */
static void test_witness(void **state)
{
	struct evidence_word word;
	struct site s;

	(void)state;
	site_init(&s);
	canned_set_text(s.canned, COUNT("1000"), 0);
	turn(&s);
	await(&s, "ok", 1);
	word = word_of(&s);
	assert_int_equal(word.event, BREAKER_TICK);
	assert_true(word.users.watched);
	canned_set_text(s.canned, COUNT("1020"), 0);
	await(&s, "ok", 2);
	word = word_of(&s);
	assert_int_equal(word.event, BREAKER_USERS_FAIL);
	assert_int_equal(word.requests, 20);
	assert_string_equal(word.edges, "prometheus");
	canned_fall(s.canned);
	await(&s, "no connection", 2);
	assert_true(is_failing(&s, 0));
	assert_int_equal(word_of(&s).event, BREAKER_TICK);
	canned_rise(s.canned);
	canned_set_text(s.canned, COUNT("3"), 0);
	await(&s, "ok", 2);
	assert_false(is_failing(&s, 0));
	assert_int_equal(word_of(&s).event, BREAKER_TICK);
	site_fini(&s);
}

/* Each Prometheus and pair of queries is asked once, and has a name. */
static void test_sources(void **state)
{
	struct site s;

	(void)state;
	site_init(&s);
	canned_set_text(s.canned, COUNT("1"), 0);
	s.checks[1].passive.prometheus.errors = "f";
	for (int c = 0; c < SERVICES; c++)
		s.checks[c].passive.prometheus.interval_ms = 3600000;
	turn(&s);
	/* api is before www: it tells of www alone, so api hears nothing. */
	await(&s, "ok", 1);
	while (measures(&s, "no series") == 0)
		event_base_loop(s.loop, EVLOOP_ONCE);
	assert_int_equal(canned_accepted(s.canned), 4);
	assert_true(is_failing(&s, 0));
	assert_false(is_failing(&s, 1));
	assert_true(canvass_has(s.canvass, "prometheus"));
	assert_true(canvass_has(s.canvass, "prometheus-2"));
	assert_false(canvass_has(s.canvass, "prometheus-3"));
	site_fini(&s);
}

/* Another policy asks nobody, with a question open. */
static void test_turn(void **state)
{
	struct canvass_source sources[EVIDENCE_EDGES_MAX];
	struct site s;

	(void)state;
	site_init(&s);
	canned_set_text(s.canned, NULL, 0);
	turn(&s);
	while (canned_accepted(s.canned) < 2)
		event_base_loop(s.loop, EVLOOP_ONCE);
	for (int c = 0; c < SERVICES; c++)
		s.checks[c].passive.prometheus.url = NULL;
	turn(&s);
	event_base_loop(s.loop, EVLOOP_NONBLOCK);
	assert_int_equal(canned_accepted(s.canned), 2);
	assert_false(canvass_has(s.canvass, "prometheus"));
	assert_int_equal(canvass_sources(s.canvass, sources), 0);
	site_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_witness),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
