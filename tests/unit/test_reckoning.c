/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queries and reckoning: demand from what responders and edges count; what a
 * flood can do to it, and what silence, restarts and another policy cannot.
 */
#include "steering/reckoning.h"

#include "steering/counted.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { EU, US, ASIA, REGIONS, WWW = 0, API, SERVICES, STATED = 1000 };
enum { TURN = RECKONING_EVERY_MS };

struct world {
	struct policy_region regions[REGIONS];
	struct policy_endpoint endpoints[2];
	struct policy_service services[SERVICES];
	struct policy policy;
	struct queries queries;
	struct counted edges;
	struct reckoning r;
	int64_t now_ms;
	uint64_t sequence, requests;
};

static void world_init(struct world *w)
{
	*w = (struct world){
		.regions = { { .name = "eu" },
			     { .name = "us" },
			     { .name = "asia" } },
		.endpoints = { { .name = "a", .canary = POLICY_NONE },
			       { .name = "b", .canary = POLICY_NONE } },
		.services = { { .name = "www", .demand = STATED },
			      { .name = "api" } },
		.now_ms = 5000,
	};
	for (int s = 0; s < SERVICES; s++) {
		w->services[s].endpoints = w->endpoints;
		w->services[s].endpoint_count = 2;
	}
	w->policy = (struct policy){ .regions = w->regions,
				     .region_count = REGIONS,
				     .services = w->services,
				     .service_count = SERVICES };
	queries_adopt(&w->queries, &w->policy);
	assert_true(counted_adopt(&w->edges, &w->policy));
	assert_true(reckoning_adopt(&w->r, &w->policy, w->now_ms));
}

static void world_fini(struct world *w)
{
	queries_fini(&w->queries);
	counted_fini(&w->edges);
	reckoning_fini(&w->r);
}

/* What a responder says of www and of api, a second; from all homes. */
struct said {
	double www[REGIONS + 1], api;
};

/* In a record made then. */
static void read_record(struct world *w, const char *name, struct said said,
			int64_t made_ms)
{
	struct node node = { .role = NODE_DNS, .wall_made_ms = made_ms };
	struct node_counts_row rows[2] = { { .service = "www" },
					   { .service = "api" } };
	struct node_counts counts = {
		.over_ms = 2 * TURN,
		/* In an order of its own. */
		.homes = { "", "asia", "us", "eu", "gone" },
		.home_count = 5,
		.rows = rows,
		.count = 2,
	};

	snprintf(node.name, sizeof(node.name), "%s", name);
	for (int i = 0; i <= REGIONS; i++) {
		rows[0].of[3 - i] = (uint64_t)(said.www[i] * 20);
		rows[1].of[3 - i] = (uint64_t)(said.api * 20);
	}
	rows[0].of[4] = 1000000; /* of a region that is nobody's here */
	assert_true(queries_take(&w->queries, &node, &counts, w->now_ms));
}

static void hear(struct world *w, const char *name, struct said said)
{
	read_record(w, name, said, w->now_ms);
}

static void put_row(struct served *s, const char *endpoint, uint64_t requests)
{
	struct served_row *row = &s->rows[s->count++];

	snprintf(row->service, sizeof(row->service), "www");
	snprintf(row->endpoint, sizeof(row->endpoint), "%s", endpoint);
	row->count.requests = requests;
}

/* An edge that has counted so many more a second since the last turn, half at
 * each endpoint, or all at the first one. */
static void serve(struct world *w, double per_s, bool both)
{
	struct served *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	w->requests += (uint64_t)(per_s * TURN / 1000);
	snprintf(s->node, sizeof(s->node), "edge");
	s->sequence = ++w->sequence;
	s->wall_start_ms = 1;
	s->rows = calloc(2, sizeof(*s->rows));
	assert_non_null(s->rows);
	put_row(s, "a", both ? w->requests / 2 : w->requests);
	if (both)
		put_row(s, "b", w->requests / 2);
	served_sort(s);
	assert_true(counted_take(&w->edges, s, w->now_ms));
}

static void turn(struct world *w)
{
	w->now_ms += TURN;
	reckoning_turn(&w->r, &w->queries, &w->edges, w->now_ms);
}

/* Turns until all have told, and on. */
static void turns(struct world *w, int count, const char *name,
		  struct said said)
{
	while (count-- > 0) {
		hear(w, name, said);
		turn(w);
	}
}

static double sum_of(const struct demand_rates *rates)
{
	double sum = 0;

	for (size_t i = 0; i < DEMAND_HOMES; i++)
		sum += rates->home[i];
	return sum;
}

static double share(const struct world *w, size_t home)
{
	const struct demand_rates *rates = reckoning_rates(&w->r);

	assert_non_null(rates);
	return rates[WWW].home[home] / sum_of(&rates[WWW]);
}

#define NEAR(value, wanted)                                         \
	do {                                                        \
		double v = (value), t = (wanted);                   \
		if (!(fabs(v - t) <= 0.01 * fabs(t) + 1e-6))        \
			fail_msg("%s is %g, not %g", #value, v, t); \
	} while (0)

enum { WALL_MS = 100000000 };

static struct plan_demand_list told(const struct world *w)
{
	return reckoning_demands(&w->r, w->now_ms, WALL_MS);
}

static const struct said usual = { { 60, 30, 8, 2 }, 0 };

/* Queries are no requests: what is stated is shared out as they are. */
static void test_what_is_stated_is_shared_out(void **state)
{
	const struct demand_rates *rates;
	struct world w;

	(void)state;
	world_init(&w);
	turns(&w, 2, "dns-1", usual);
	assert_null(reckoning_rates(&w.r)); /* not all have told */
	w.services[WWW].spill = SPILL_CAPACITY;
	assert_int_equal(told(&w).count, 0);
	w.services[WWW].spill = SPILL_NONE;
	turns(&w, 2, "dns-1", usual);
	rates = reckoning_rates(&w.r);
	assert_non_null(rates);
	NEAR(rates[WWW].home[EU], 0.6 * STATED);
	NEAR(rates[WWW].home[US], 0.3 * STATED);
	NEAR(rates[WWW].home[ASIA], 0.08 * STATED);
	NEAR(rates[WWW].home[DEMAND_NOWHERE], 0.02 * STATED);
	assert_int_equal(reckoning_responders(&w.r, WWW), 1);
	assert_int_equal(reckoning_edges(&w.r, WWW), 0);
	/* It spills by nothing: no plan tells of it. */
	assert_int_equal(told(&w).count, 0);
	w.services[WWW].spill = w.services[API].spill = SPILL_CAPACITY;
	assert_int_equal(told(&w).count, 1);
	assert_string_equal(told(&w).list[0].service, "www");
	NEAR(told(&w).list[0].demand, STATED);
	assert_int_equal(told(&w).list[0].responders, 1);
	assert_int_equal(told(&w).list[0].edges, 0);
	assert_int_equal(told(&w).list[0].wall_counted_ms, WALL_MS - TURN);
	/* Nobody knows how much is asked of api, nor by whom. */
	assert_true(rates[API].whole <= 0 && sum_of(&rates[API]) <= 0);
	assert_null(reckoning_write(&w.r, API, w.now_ms));
	world_fini(&w);
}

static void test_responders_add_up(void **state)
{
	static const struct said eu = { { 80, 0, 0, 0 }, 0 },
				 us = { { 0, 20, 0, 0 }, 0 };
	int64_t made_ms = 0;
	struct world w;

	(void)state;
	world_init(&w);
	for (int i = 0; i < 5; i++) {
		made_ms = w.now_ms;
		hear(&w, "dns-eu", eu);
		hear(&w, "dns-us", us);
		hear(&w, "dns-us", us); /* read again */
		turn(&w);
	}
	NEAR(share(&w, EU), 0.8);
	assert_int_equal(reckoning_responders(&w.r, WWW), 2);
	/* One falls silent: within three tellings it counts for nothing, though
	 * its last record is read again. */
	turns(&w, 2, "dns-us", us);
	read_record(&w, "dns-eu", eu, made_ms);
	assert_int_equal(reckoning_responders(&w.r, WWW), 2);
	turns(&w, 1, "dns-us", us);
	assert_int_equal(reckoning_responders(&w.r, WWW), 1);
	turns(&w, 30, "dns-us", us);
	assert_true(share(&w, US) > 0.75);
	world_fini(&w);
}

/* Its clients ask elsewhere soon: a quarter of what is usual stays. */
static void test_a_home_does_not_vanish(void **state)
{
	static const struct said both = { { 80, 20, 0, 0 }, 0 },
				 eu = { { 80, 0, 0, 0 }, 0 };
	struct world w;

	(void)state;
	world_init(&w);
	turns(&w, 10, "dns-1", both);
	turns(&w, 60, "dns-1", eu);
	assert_true(share(&w, US) > 0.045 && share(&w, US) < 0.051);
	world_fini(&w);
}

/* Nobody tells any more: that is no count of 0. */
static void test_silence_holds(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	turns(&w, 5, "dns-1", usual);
	for (int i = 0; i < 100; i++)
		turn(&w);
	NEAR(share(&w, EU), 0.6);
	/* But who tells that nobody asks is believed. */
	turns(&w, 30, "dns-1", (struct said){ { 0, 0, 0, 0 }, 0 });
	assert_true(sum_of(&reckoning_rates(&w.r)[WWW]) <= 0);
	NEAR(reckoning_rates(&w.r)[WWW].whole, STATED);
	assert_int_equal(reckoning_responders(&w.r, WWW), 0);
	world_fini(&w);
}

/* RECKONING_LEAST queries in two minutes; half of it once they count. */
static void test_few_queries_say_nothing(void **state)
{
	static const struct {
		double per_s;
		bool counts, goes_on;
	} rows[] = {
		{ 2, false, false },
		{ 4.5, false, true },
		{ 8, false, true },
		{ 9, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct said few = { { rows[i].per_s, 0, 0, 0 }, 0 };
		struct world w;

		world_init(&w);
		turns(&w, 60, "dns-1", few);
		assert_int_equal(sum_of(&reckoning_rates(&w.r)[WWW]) > 0,
				 rows[i].counts);
		turns(&w, 60, "dns-1", usual);
		assert_true(sum_of(&reckoning_rates(&w.r)[WWW]) > 0);
		turns(&w, 60, "dns-1", few);
		assert_int_equal(sum_of(&reckoning_rates(&w.r)[WWW]) > 0,
				 rows[i].goes_on);
		world_fini(&w);
	}
}

static void test_edges_say_how_much(void **state)
{
	static const struct {
		const char *title;
		double per_s, wanted;
		bool both;
	} rows[] = {
		{ "less than is stated, at each endpoint", 400, 400, true },
		{ "more", 4000, 4000, true },
		{ "less, but not of each endpoint", 400, STATED, false },
		{ "more, not of each", 4000, 4000, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		world_init(&w);
		for (int k = 0; k < 6; k++) {
			serve(&w, rows[i].per_s, rows[i].both);
			turns(&w, 1, "dns-1", usual);
		}
		print_message("# %s\n", rows[i].title);
		NEAR(sum_of(&reckoning_rates(&w.r)[WWW]), rows[i].wanted);
		NEAR(share(&w, EU), 0.6);
		assert_int_equal(reckoning_edges(&w.r, WWW), 1);
		/* It is gone: the policy's word is all that is left. */
		turns(&w, 3, "dns-1", usual);
		NEAR(sum_of(&reckoning_rates(&w.r)[WWW]), STATED);
		assert_int_equal(reckoning_edges(&w.r, WWW), 0);
		world_fini(&w);
	}
}

/* An edge served so many a second, and nobody asked. */
static void init_served(struct world *w, double per_turn)
{
	world_init(w);
	for (int k = 0; k < 6; k++) {
		serve(w, per_turn, true);
		turn(w);
	}
}

/* How much is known, and not by whom. */
static void test_edges_without_queries(void **state)
{
	struct world w;

	(void)state;
	init_served(&w, 700);
	assert_non_null(reckoning_rates(&w.r));
	assert_true(sum_of(&reckoning_rates(&w.r)[WWW]) <= 0);
	NEAR(reckoning_rates(&w.r)[WWW].whole, 700);
	world_fini(&w);
}

/* Who was stopped, and had not heard of the edge before, reads in its own time
 * what that told meanwhile. */
static void test_a_backlog_is_no_rate(void **state)
{
	struct world w;

	(void)state;
	init_served(&w, 700);
	turn(&w);
	turn(&w);
	assert_int_equal(reckoning_edges(&w.r, WWW), 0);
	w.now_ms += 15 * TURN;
	serve(&w, 700, true);
	turn(&w);
	serve(&w, 15 * 700, true);
	for (int k = 0; k < 3; k++) {
		turn(&w);
		assert_true(reckoning_rates(&w.r)[WWW].whole < STATED + 1);
		serve(&w, 700, true);
	}
	assert_int_equal(reckoning_edges(&w.r, WWW), 1);
	NEAR(reckoning_rates(&w.r)[WWW].whole, 700);
	world_fini(&w);
}

/* An hour of a million queries a second from Asia, whose share is 8 %. */
static void test_a_flood_is_bounded(void **state)
{
	static const struct said flood = { { 60, 30, 1000000, 2 }, 0 };
	struct json_t *told;
	struct world w;

	(void)state;
	world_init(&w);
	turns(&w, 10, "dns-1", usual);
	turns(&w, 6, "dns-1", flood);
	/* Four times its share and five points; the others keep theirs of the
	 * rest. */
	assert_true(share(&w, ASIA) < 0.40);
	NEAR(share(&w, EU) / share(&w, US), 2);
	NEAR(sum_of(&reckoning_rates(&w.r)[WWW]), STATED);
	told = reckoning_write(&w.r, WWW, w.now_ms);
	assert_true(json_is_true(json_object_get(told, "bounded")));
	json_decref(told);
	turns(&w, 354, "dns-1", flood);
	assert_true(share(&w, EU) > 0.20);
	/* It is over: in ten minutes little is left of it. */
	turns(&w, 120, "dns-1", usual);
	assert_true(share(&w, ASIA) < 0.12);
	assert_true(share(&w, EU) > 0.55);
	world_fini(&w);
}

static void test_the_policy_may_say_so(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.services[WWW].demand_from = DEMAND_FROM_POLICY;
	for (int k = 0; k < 6; k++) {
		serve(&w, 700, true);
		turns(&w, 1, "dns-1", usual);
	}
	assert_true(sum_of(&reckoning_rates(&w.r)[WWW]) <= 0);
	assert_true(reckoning_rates(&w.r)[WWW].whole <= 0);
	assert_int_equal(reckoning_responders(&w.r, WWW), 0);
	assert_int_equal(reckoning_edges(&w.r, WWW), 0);
	world_fini(&w);
}

/* Another policy, and the bus away for a while: what is known stays. */
static void test_another_policy(void **state)
{
	struct policy_region regions[2] = { { .name = "asia" },
					    { .name = "eu" } };
	struct policy_service services[2];
	struct policy next;
	struct world w;

	(void)state;
	world_init(&w);
	turns(&w, 10, "dns-1", usual);
	next = w.policy;
	services[0] = w.services[API];
	services[1] = w.services[WWW];
	services[1].demand = 2 * STATED;
	next.regions = regions;
	next.region_count = 2;
	next.services = services;
	queries_adopt(&w.queries, &next);
	assert_true(counted_adopt(&w.edges, &next));
	assert_true(reckoning_adopt(&w.r, &next, w.now_ms));
	for (int i = 0; i < 2; i++) {
		/* The shares of the homes that are left: 8, 60 and 2. */
		NEAR(reckoning_rates(&w.r)[1].home[0], 2 * STATED * 8 / 70.0);
		NEAR(reckoning_rates(&w.r)[1].home[1], 2 * STATED * 60 / 70.0);
		assert_true(sum_of(&reckoning_rates(&w.r)[0]) <= 0);
		turn(&w);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_stated_is_shared_out),
		cmocka_unit_test(test_responders_add_up),
		cmocka_unit_test(test_a_home_does_not_vanish),
		cmocka_unit_test(test_silence_holds),
		cmocka_unit_test(test_few_queries_say_nothing),
		cmocka_unit_test(test_edges_say_how_much),
		cmocka_unit_test(test_edges_without_queries),
		cmocka_unit_test(test_a_backlog_is_no_rate),
		cmocka_unit_test(test_a_flood_is_bounded),
		cmocka_unit_test(test_the_policy_may_say_so),
		cmocka_unit_test(test_another_policy),
	};

	return cmocka_run_group_tests_name("reckoning", tests, NULL, NULL);
}
