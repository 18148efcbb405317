/* SPDX-License-Identifier: Apache-2.0 */
/* rounds and reporter: endpoints on loopback die and come back, and a reader
 * of a memory bus learns of it. */
#include "health/outcome.h"
#include "health/probe_http.h"
#include "health/reporter.h"
#include "health/roster.h"
#include "health/rounds.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/memory.h"
#include "policy/bus/node.h"
#include "policy/bus/report.h"
#include "tests/unit/canned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>

enum { ENDPOINTS = 6, DEADLINE_MS = 10000 };

struct world {
	struct event_base *loop;
	struct event *ticker; /* so that a deadline is seen in silence, too */
	struct memory_hub *hub;
	struct bus *writer, *reader;
	struct probe_http_pool *http;
	struct canned *canned[ENDPOINTS];
	struct canned *anchor;
	struct policy_anchor anchors[1];
	struct policy_vantage vantage;
	size_t in_flight_max;
	struct net_addr address;
	struct policy_endpoint endpoints[ENDPOINTS];
	struct policy_service services[2];
	struct policy_check check;
	struct policy policy;
	struct roster *roster;
	struct rounds *rounds;
	struct reporter *reporter;
	/* What the reader has heard. */
	struct report *newest;
	struct node node;
	unsigned reports;
	unsigned opened; /* entries that any report showed open */
	unsigned trials; /* and half-open */
	uint64_t sequence;
	bool first_abstained, out_of_order;
};

static void take_report(struct world *w, const void *octets, size_t len)
{
	struct error err = { .text = "" };
	struct report *report = report_parse(octets, len, &err);

	if (report == NULL)
		fail_msg("%s", err.text);
	if (w->reports++ == 0)
		w->first_abstained = report->abstains;
	w->out_of_order |= report->sequence <= w->sequence;
	w->sequence = report->sequence;
	for (size_t i = 0; i < report->count; i++) {
		w->opened += report->entries[i].state == REPORT_OPEN;
		w->trials += report->entries[i].state == REPORT_HALF_OPEN;
	}
	report_free(w->newest);
	w->newest = report;
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct world *w = arg;
	struct error err = { .text = "" };

	if (topic == BUS_REPORTS) {
		assert_string_equal(key, "here");
		take_report(w, octets, len);
	} else if (!node_parse(octets, len, &w->node, &err)) {
		fail_msg("%s", err.text);
	}
}

static void on_change(void *arg)
{
	struct world *w = arg;

	reporter_hurry(w->reporter);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

static struct status_range success = { 200, 299 };

static const struct policy_check usual = {
	.name = "web",
	.type = CHECK_HTTP,
	.path = "/",
	.statuses = &success,
	.status_count = 1,
	.port = 80,
	.interval_ms = 150,
	.timeout_ms = 1000,
	.confirm_ms = 60,
	.breaker = { .window = 20,
		     .consecutive = 3,
		     .open_for_ms = 200,
		     .max_open_for_ms = 5000,
		     .half_open_probes = 4 },
};

static void fill_policy(struct world *w)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };

	w->check = usual;
	w->in_flight_max = ROUNDS_IN_FLIGHT_LEAST;
	net_addr_parse("127.0.0.1", &w->address);
	for (size_t i = 0; i < ENDPOINTS; i++)
		w->endpoints[i] = (struct policy_endpoint){
			.name = names[i],
			.port = canned_port(w->canned[i]),
			.a = &w->address,
			.a_count = 1,
		};
	/* The second service shares its probes with the first. */
	for (size_t i = 0; i < 2; i++)
		w->services[i] = (struct policy_service){
			.name = i == 0 ? "www" : "www-too",
			.fqdn = "www.example.test.",
			.endpoints = w->endpoints,
			.endpoint_count = ENDPOINTS,
		};
	w->anchors[0].addr = w->address;
	w->anchors[0].port = canned_port(w->anchor);
	w->vantage.anchors = w->anchors;
	w->policy.checks = &w->check;
	w->policy.check_count = 1;
	w->policy.services = w->services;
	w->policy.service_count = 2;
	strcpy(w->policy.digest, "0123456789abcdef");
}

static void start_world(struct world *w)
{
	const struct timeval often = { .tv_usec = 20000 };
	const struct bus_follower follower = {
		.topics = BUS_REPORTS | BUS_NODES,
		.on_value = on_value,
		.arg = w,
	};
	const struct canned_say say = {
		.octets = "HTTP/1.1 204 Fine\r\n\r\n",
		.len = strlen("HTTP/1.1 204 Fine\r\n\r\n"),
	};
	struct error err;

	w->loop = event_base_new();
	w->ticker = event_new(w->loop, -1, EV_PERSIST, on_tick, NULL);
	event_add(w->ticker, &often);
	w->hub = memory_hub_new(w->loop);
	w->writer = memory_bus_new(w->hub);
	w->reader = memory_bus_new(w->hub);
	bus_follow(w->reader, &follower);
	w->http = probe_http_pool_new(w->loop, NULL, "here", &err);
	for (size_t i = 0; i < ENDPOINTS; i++) {
		w->canned[i] = canned_start(w->loop, "127.0.0.1");
		canned_set(w->canned[i], &say);
	}
	w->anchor = canned_start(w->loop, "127.0.0.1");
	canned_set(w->anchor, &say);
}

static void begin(struct world *w)
{
	const struct reporter_config reporter = {
		.loop = w->loop,
		.bus = w->writer,
		.vantage = "here",
		.name = "health-here",
	};
	struct rounds_config rounds = {
		.means = { .loop = w->loop, .http = w->http },
		.vantage = &w->vantage,
		.in_flight_max = w->in_flight_max,
		.on_change = on_change,
		.arg = w,
	};
	struct reporter_subject subject = { .policy = &w->policy,
					    .trouble = "" };
	struct error err;

	w->reporter = reporter_start(&reporter, &err);
	assert_non_null(w->reporter);
	w->roster = roster_new(&w->policy);
	rounds.roster = subject.roster = w->roster;
	w->rounds = rounds_start(&rounds, NULL, &err);
	subject.rounds = w->rounds;
	assert_non_null(w->rounds);
	reporter_turn(w->reporter, &subject);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	log_set_level(LOG_LEVEL_ERROR);
	start_world(w);
	fill_policy(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	reporter_stop(w->reporter);
	rounds_stop(w->rounds);
	roster_free(w->roster);
	probe_http_pool_free(w->http);
	for (size_t i = 0; i < ENDPOINTS; i++)
		canned_stop(w->canned[i]);
	canned_stop(w->anchor);
	report_free(w->newest);
	bus_free(w->writer);
	bus_free(w->reader);
	memory_hub_free(w->hub);
	event_free(w->ticker);
	event_base_free(w->loop);
	free(w);
	return 0;
}

static size_t count_state(const struct world *w, enum report_state state)
{
	size_t count = 0;

	for (size_t i = 0; w->newest != NULL && i < w->newest->count; i++)
		count += w->newest->entries[i].state == state;
	return count;
}

/* Until the newest report has count entries in state; how long it took. */
static int64_t await(struct world *w, enum report_state state, size_t count)
{
	int64_t start_ms = clock_now_ms();

	while (count_state(w, state) != count || w->newest->abstains) {
		if (clock_now_ms() - start_ms > DEADLINE_MS)
			fail_msg("%zu never %s", count,
				 report_state_name(state));
		event_base_loop(w->loop, EVLOOP_ONCE);
	}
	return clock_now_ms() - start_ms;
}

static void await_abstention(struct world *w, bool abstains)
{
	int64_t start_ms = clock_now_ms();

	while (w->newest == NULL || w->newest->abstains != abstains ||
	       w->newest->mistrusts != abstains) {
		if (clock_now_ms() - start_ms > DEADLINE_MS)
			fail_msg("abstains never became %d", abstains);
		event_base_loop(w->loop, EVLOOP_ONCE);
	}
}

static void test_first_round(void **state)
{
	struct world *w = *state;

	begin(w);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	assert_true(w->first_abstained);
	assert_false(w->newest->mistrusts);
	assert_string_equal(w->newest->policy_digest, "0123456789abcdef");
	assert_string_equal(w->node.name, "health-here");
	assert_int_equal(w->node.role, NODE_HEALTH);
	assert_string_equal(w->node.trouble, "");
	/* Twelve targets, six probes. */
	assert_int_equal(w->roster->job_count, ENDPOINTS);
	assert_true(canned_accepted(w->canned[0]) <= 2);
}

static void test_dies_and_comes_back(void **state)
{
	struct world *w = *state;
	const struct report_entry *e;

	begin(w);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	canned_fall(w->canned[2]);
	/* Interval 150 and 10 % jitter, two confirmations of 60, publication
	 * within 100: 385 ms; the rest is for a busy machine. */
	assert_true(await(w, REPORT_OPEN, 2) < 3000);
	e = report_find(w->newest, "www-too", "c");
	assert_int_equal(e->state, REPORT_OPEN);
	assert_string_equal(e->failure, "connect-refused");
	assert_true(e->failing);
	assert_false(w->newest->abstains);
	canned_rise(w->canned[2]);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	assert_true(w->trials > 0);
	e = report_find(w->newest, "www", "c");
	assert_false(e->failing);
	assert_string_equal(e->failure, "connect-refused");
	assert_false(w->out_of_order);
}

/* An open breaker makes no probe before its time; the others go on. */
static void test_open_means_left_alone(void **state)
{
	struct world *w = *state;
	const struct canned_say say = {
		.octets = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
		.len = strlen("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"),
	};
	unsigned before, others;

	w->check.breaker.open_for_ms = 60000;
	w->check.breaker.max_open_for_ms = 60000;
	begin(w);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	canned_set(w->canned[0], &say);
	await(w, REPORT_OPEN, 2);
	assert_string_equal(report_find(w->newest, "www", "a")->failure,
			    "status-503");
	before = canned_accepted(w->canned[0]);
	others = canned_accepted(w->canned[1]);
	while (canned_accepted(w->canned[1]) < others + 4)
		event_base_loop(w->loop, EVLOOP_ONCE);
	assert_int_equal(canned_accepted(w->canned[0]), before);
}

/* Everything dead at once is believed of ourselves, not of the world. */
static void test_all_at_once_abstains(void **state)
{
	struct world *w = *state;

	/* Slow enough that the first to fail would open, counted alone, long
	 * before the last would be probed in its own slot. */
	w->check.interval_ms = 2000;
	w->check.confirm_ms = 400;
	begin(w);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	for (size_t i = 0; i < ENDPOINTS; i++)
		canned_fall(w->canned[i]);
	await_abstention(w, true);
	assert_non_null(strstr(w->node.trouble, "mistrusts itself"));
	for (size_t i = 0; i < ENDPOINTS; i++)
		canned_rise(w->canned[i]);
	await_abstention(w, false);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	assert_int_equal(w->opened, 0);
	assert_string_equal(w->node.trouble, "");
}

/* All dead and an anchor there: believed at once, no minute is lost. */
static void test_all_dead_is_believed_with_an_anchor(void **state)
{
	struct world *w = *state;

	w->vantage.anchor_count = 1;
	begin(w);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	for (size_t i = 0; i < ENDPOINTS; i++)
		canned_fall(w->canned[i]);
	await(w, REPORT_OPEN, 2 * ENDPOINTS);
	assert_false(w->newest->mistrusts);
	assert_string_equal(w->node.trouble, "");
}

/* The anchor gone: nothing that fails is believed, however few and long. */
static void test_adrift_abstains(void **state)
{
	struct world *w = *state;
	unsigned before;

	w->vantage.anchor_count = 1;
	begin(w);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	canned_fall(w->anchor);
	/* It is asked at once when a probe fails. */
	canned_fall(w->canned[0]);
	await_abstention(w, true);
	assert_non_null(strstr(w->node.trouble, "none of its 1 anchors"));
	before = canned_accepted(w->canned[1]);
	while (canned_accepted(w->canned[1]) < before + 8)
		event_base_loop(w->loop, EVLOOP_ONCE);
	assert_int_equal(w->opened, 0);
	canned_rise(w->anchor);
	await_abstention(w, false);
	await(w, REPORT_OPEN, 2);
}

/* What is kept over a reload, and what is not. */
static void test_rounds_take_over(void **state)
{
	struct world *w = *state;
	struct rounds_config config = {
		.means = { .loop = w->loop, .http = w->http },
		.in_flight_max = w->in_flight_max,
		.on_change = on_change,
		.arg = w,
	};
	struct reporter_subject subject = { .policy = &w->policy,
					    .trouble = "" };
	struct error err;
	struct rounds *next;
	struct roster *roster;

	w->check.breaker.open_for_ms = 60000;
	w->check.breaker.max_open_for_ms = 60000;
	begin(w);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	canned_fall(w->canned[1]);
	await(w, REPORT_OPEN, 2);
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
	reporter_turn(w->reporter, &subject);
	assert_false(rounds_unfinished(next));
	w->opened = 0;
	await(w, REPORT_CLOSED, 8);
	/* It did not have to open again. */
	assert_int_equal(count_state(w, REPORT_OPEN), 2);
	assert_int_equal(report_find(w->newest, "www", "b")->state,
			 REPORT_OPEN);
}

/* One at a time: all are probed nevertheless, and who waits says so. */
static void test_waits_for_room(void **state)
{
	struct world *w = *state;
	struct rounds_load load;
	bool waited = false;

	w->in_flight_max = 1;
	/* All slots at once. */
	w->check.interval_ms = 10;
	w->check.timeout_ms = 5000;
	begin(w);
	while (count_state(w, REPORT_CLOSED) != 2 * ENDPOINTS) {
		event_base_loop(w->loop, EVLOOP_ONCE);
		load = rounds_load(w->rounds);
		assert_true(load.in_flight <= 1);
		waited |= load.waiting > 0;
	}
	assert_true(waited);
	assert_true(load.late_p99_ms > 0);
	assert_true(load.late_p99_ms >= load.late_p50_ms);
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
	struct world *w = *state;
	json_t *status, *target;

	begin(w);
	await(w, REPORT_CLOSED, 2 * ENDPOINTS);
	status = reporter_status(w->reporter);
	assert_true(json_is_true(json_object_get(status, "ok")));
	assert_string_equal(json_string_value(
				    json_object_get(status, "vantage")),
			    "here");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(status, "load"), "probes")),
			 ENDPOINTS);
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
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_first_round),
		WITH_WORLD(test_dies_and_comes_back),
		WITH_WORLD(test_open_means_left_alone),
		WITH_WORLD(test_all_at_once_abstains),
		WITH_WORLD(test_all_dead_is_believed_with_an_anchor),
		WITH_WORLD(test_adrift_abstains),
		WITH_WORLD(test_rounds_take_over),
		WITH_WORLD(test_waits_for_room),
		cmocka_unit_test(test_room),
		WITH_WORLD(test_status),
	};

	return cmocka_run_group_tests_name("rounds", tests, NULL, NULL);
}
