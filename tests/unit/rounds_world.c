/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/rounds_world.h"

#include "health/probe_http.h"
#include "health/roster.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

static void take_report(struct rounds_world *w, const void *octets, size_t len)
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
	struct rounds_world *w = arg;
	struct error err = { .text = "" };

	if (topic == BUS_REPORTS) {
		assert_string_equal(key, "here");
		take_report(w, octets, len);
	} else if (!node_parse(octets, len, &w->node, &err)) {
		fail_msg("%s", err.text);
	}
}

void rounds_world_on_change(void *arg)
{
	struct rounds_world *w = arg;

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

static void fill_policy(struct rounds_world *w)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };

	w->check = usual;
	w->in_flight_max = ROUNDS_IN_FLIGHT_LEAST;
	net_addr_parse("127.0.0.1", &w->address);
	for (size_t i = 0; i < ROUNDS_ENDPOINTS; i++)
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
			.endpoint_count = ROUNDS_ENDPOINTS,
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

static void start_world(struct rounds_world *w)
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
	for (size_t i = 0; i < ROUNDS_ENDPOINTS; i++) {
		w->canned[i] = canned_start(w->loop, "127.0.0.1");
		canned_set(w->canned[i], &say);
	}
	w->anchor = canned_start(w->loop, "127.0.0.1");
	canned_set(w->anchor, &say);
}

void rounds_world_begin(struct rounds_world *w)
{
	const struct reporter_config reporter = {
		.loop = w->loop,
		.bus = w->writer,
	};
	struct rounds_config rounds = {
		.means = { .loop = w->loop, .http = w->http },
		.vantage = &w->vantage,
		.in_flight_max = w->in_flight_max,
		.on_change = rounds_world_on_change,
		.arg = w,
	};
	struct account subject = { .vantage = "here",
				   .name = "health-here",
				   .policy = &w->policy,
				   .trouble = "" };
	struct error err;

	w->reporter = reporter_start(&reporter, &err);
	assert_non_null(w->reporter);
	w->roster = roster_new(&w->policy);
	rounds.roster = subject.roster = w->roster;
	w->rounds = rounds_start(&rounds, NULL, &err);
	subject.rounds = w->rounds;
	assert_non_null(w->rounds);
	w->account = subject;
	reporter_turn(w->reporter, &subject);
}

int rounds_world_setup(void **state)
{
	struct rounds_world *w = calloc(1, sizeof(*w));

	log_set_level(LOG_LEVEL_ERROR);
	start_world(w);
	fill_policy(w);
	*state = w;
	return 0;
}

int rounds_world_teardown(void **state)
{
	struct rounds_world *w = *state;

	reporter_stop(w->reporter);
	rounds_stop(w->rounds);
	roster_free(w->roster);
	probe_http_pool_free(w->http);
	for (size_t i = 0; i < ROUNDS_ENDPOINTS; i++)
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

size_t rounds_world_count_state(const struct rounds_world *w,
				enum report_state state)
{
	size_t count = 0;

	for (size_t i = 0; w->newest != NULL && i < w->newest->count; i++)
		count += w->newest->entries[i].state == state;
	return count;
}

int64_t rounds_world_await(struct rounds_world *w, enum report_state state,
			   size_t count)
{
	int64_t start_ms = clock_now_ms();

	while (rounds_world_count_state(w, state) != count ||
	       w->newest->abstains) {
		if (clock_now_ms() - start_ms > ROUNDS_DEADLINE_MS)
			fail_msg("%zu never %s", count,
				 report_state_name(state));
		event_base_loop(w->loop, EVLOOP_ONCE);
	}
	return clock_now_ms() - start_ms;
}

void rounds_world_await_abstention(struct rounds_world *w, bool abstains)
{
	int64_t start_ms = clock_now_ms();

	while (w->newest == NULL || w->newest->abstains != abstains ||
	       w->newest->mistrusts != abstains) {
		if (clock_now_ms() - start_ms > ROUNDS_DEADLINE_MS)
			fail_msg("abstains never became %d", abstains);
		event_base_loop(w->loop, EVLOOP_ONCE);
	}
}
