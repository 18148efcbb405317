/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prometheus: what becomes of a measure when the server says this or that, or
 * nothing; which canaries are measured, and when; what is asked.
 */
#include "steering/prometheus.h"

#include "canned.h"
#include "policy/base/error.h"
#include "policy/bus/promanswer.h"
#include "policy/bus/promform.h"
#include "policy/language/policy.h"
#include "steering/promquery.h"

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
#define SEVEN                                                          \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\"," \
	"\"result\":[1,\"7\"]}}"

enum { PATIENCE_S = 10 };

/* clang-format off */
static const struct row {
	const char *title, *say; /* NULL: nothing is said */
	size_t repeat;
	bool absent; /* nobody listens */
	enum measure_outcome outcome;
	const char *detail;
} rows[] = {
	{ "a number", HEAD("200 OK") SEVEN, 0, false, MEASURE_OK, "" },
	{ "no number", HEAD("200 OK") "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}", 0, false, MEASURE_EMPTY, "errors" },
	{ "a refusal", HEAD("400 Bad Request") "{\"status\":\"error\",\"error\":\"parse error\"}", 0, false, MEASURE_REFUSED, "errors: parse error" },
	{ "a gateway's error", HEAD("502 Bad Gateway") "<html>", 0, false, MEASURE_HTTP, "status 502" },
	{ "a redirection", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n", 0, false, MEASURE_HTTP, "status 302" },
	{ "no HTTP", "220 mail.example.com\r\n", 0, false, MEASURE_MALFORMED, "errors" },
	{ "too much", HEAD("200 OK"), 60000, false, MEASURE_LARGE, "too large" },
	{ "silence", NULL, 0, false, MEASURE_TIMEOUT, "errors" },
	{ "nobody", "", 0, true, MEASURE_CONNECT, "errors" },
};
/* clang-format on */

struct site {
	struct policy policy;
	struct policy_canary canary;
	struct canary_stage stage;
	struct policy_service service;
	struct policy_endpoint endpoints[3];
	struct policy_region regions[2];
	struct event_base *loop;
	struct canned *canned;
	struct prometheus *prometheus;
	struct plan_canary at;
	struct measure measures[1];
	char url[64];
	unsigned told;
};

static void on_told(void *arg)
{
	struct site *s = arg;

	s->told++;
	event_base_loopbreak(s->loop);
}

static void init_policy(struct site *s)
{
	s->regions[0].name = "us";
	s->regions[1].name = "eu";
	s->endpoints[0] =
		(struct policy_endpoint){ .name = "us", .canary = POLICY_NONE };
	s->endpoints[1] = (struct policy_endpoint){
		.name = "eu",
		.region = 1,
		.canary = POLICY_NONE,
	};
	s->endpoints[2] = (struct policy_endpoint){ .name = "v2/eu",
						    .region = 1,
						    .shadows = 1 };
	s->service = (struct policy_service){ "www", .endpoints = s->endpoints,
					      .endpoint_count = 3 };
	s->stage = (struct canary_stage){ .regions = 3 };
	s->canary = (struct policy_canary){
		.name = "v2",
		.stages = &s->stage,
		.stage_count = 1,
		.metrics = { false, s->url, "e$arm", "r$arm", NULL, 1000,
			     5000 },
	};
	s->policy = (struct policy){
		.regions = s->regions,
		.region_count = 2,
		.services = &s->service,
		.service_count = 1,
		.canaries = &s->canary,
		.canary_count = 1,
	};
}

static void site_init(struct site *s)
{
	struct error err;

	memset(s, 0, sizeof(*s));
	init_policy(s);
	s->loop = event_base_new();
	s->canned = canned_start(s->loop, "127.0.0.1");
	s->prometheus = prometheus_start(s->loop, on_told, s, &err);
	assert_non_null(s->canned);
	assert_non_null(s->prometheus);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u",
		 canned_port(s->canned));
	assert_true(prometheus_adopt(s->prometheus, &s->policy, s->measures));
	s->at.state = CANARY_RUNNING;
}

static void site_fini(struct site *s)
{
	prometheus_stop(s->prometheus);
	canned_stop(s->canned);
	event_base_free(s->loop);
}

/* The next measure, of a turn at that time. */
static const struct measure *measure_at(struct site *s, int64_t now_ms)
{
	const struct timeval patience = { PATIENCE_S, 0 };
	unsigned before = s->told;

	prometheus_turn(s->prometheus, &s->at,
			(struct ramp_now){ now_ms, 1764444000123 });
	if (s->told == before) {
		event_base_loopexit(s->loop, &patience);
		event_base_dispatch(s->loop);
	}
	assert_int_equal(s->told, before + 1);
	return s->measures;
}

static void test_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const struct measure *m;
		struct site s;

		site_init(&s);
		canned_set_text(s.canned, row->say, row->repeat);
		if (row->say == NULL)
			s.canary.metrics.timeout_ms = 200;
		if (row->absent)
			canned_fall(s.canned);
		m = measure_at(&s, 5000);
		for (enum arm arm = 0; arm < ARMS; arm++)
			if (m->arms[arm].outcome != row->outcome)
				fail_msg("%s: %s: %s", row->title,
					 measure_outcome_name(
						 m->arms[arm].outcome),
					 m->detail);
		if (strstr(m->detail, row->detail) == NULL)
			fail_msg("%s: %s", row->title, m->detail);
		assert_int_equal(m->taken_ms, 5000);
		assert_true(m->number > 0);
		if (row->outcome == MEASURE_OK)
			assert_int_equal(m->arms[ARM_STABLE].total.failures, 7);
		site_fini(&s);
	}
}

/* One at a time, an interval apart, while it is on its way. */
static void test_turns(void **state)
{
	struct ramp_now soon = { 5500, 0 }, later = { 6000, 0 };
	struct site s;

	(void)state;
	site_init(&s);
	canned_set_text(s.canned, HEAD("200 OK") SEVEN, 0);
	assert_int_equal(measure_at(&s, 5000)->number, 1);
	assert_int_equal(canned_accepted(s.canned), 4);
	prometheus_turn(s.prometheus, &s.at, soon);
	event_base_loop(s.loop, EVLOOP_NONBLOCK);
	assert_int_equal(canned_accepted(s.canned), 4);
	assert_int_equal(measure_at(&s, 6100)->number, 2);
	s.at.state = CANARY_ABORTED;
	prometheus_turn(s.prometheus, &s.at, later);
	assert_int_equal(s.measures[0].number, 0);
	s.at.state = CANARY_PAUSED;
	assert_int_equal(measure_at(&s, 6200)->number, 3);
	/* Nobody leads: what is under way is left alone. */
	prometheus_turn(s.prometheus, &s.at, (struct ramp_now){ 9000, 0 });
	prometheus_turn(s.prometheus, NULL, (struct ramp_now){ 9001, 0 });
	event_base_loop(s.loop, EVLOOP_NONBLOCK);
	assert_int_equal(s.told, 3);
	site_fini(&s);
}

/* What the text becomes for either version. */
/* clang-format off */
static const struct query_row {
	const char *text, *canary, *stable;
} query_rows[] = {
	{ "up", "up", "up" },
	{ "x{a=\"$arm\",c=\"$canary\",s=\"$service\"}", "x{a=\"canary\",c=\"v2\",s=\"www\"}", "x{a=\"stable\",c=\"v2\",s=\"www\"}" },
	{ "x{r=~\"$regions\"}", "x{r=~\"us|eu\"}", "x{r=~\"us|eu\"}" },
	{ "x{server=~\"$endpoints\"}", "x{server=~\"v2.eu\"}", "x{server=~\"eu\"}" },
	{ "f(x, \"$1\", \"a$\")", "f(x, \"$1\", \"a$\")", "f(x, \"$1\", \"a$\")" },
};
/* clang-format on */

static void test_queries(void **state)
{
	struct site s = { .told = 0 };
	struct promquery q = { &s.policy, 0, 0, ARM_CANARY };
	char *form;

	(void)state;
	init_policy(&s);
	for (size_t i = 0; i < sizeof(query_rows) / sizeof(*query_rows); i++) {
		char *canary, *stable;

		q.arm = ARM_CANARY;
		canary = promquery_fill(&q, query_rows[i].text);
		q.arm = ARM_STABLE;
		stable = promquery_fill(&q, query_rows[i].text);
		assert_string_equal(canary, query_rows[i].canary);
		assert_string_equal(stable, query_rows[i].stable);
		free(canary);
		free(stable);
	}
	form = promform_write("a{b=\"c d\"}+1", 1764444000023, 2000);
	assert_string_equal(form, "query=a%7Bb%3D%22c%20d%22%7D%2B1"
				  "&time=1764444000.023&timeout=2000ms");
	free(form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
