/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users: edges that count, flap, restart, repeat themselves and lie; endpoints
 * whose users fail while every probe passes; and one vantage, in virtual time,
 * held against what is true.
 *
 * A fleet is made from a seed, which a failure names; WINDROSE_SEED=N runs that
 * one again.
 */
#include "health/evidence.h"
#include "health/roster.h"
#include "health/watch.h"
#include "policy/base/hash.h"
#include "policy/bus/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	SEEDS = 300,
	SECONDS = 600,
	ENDPOINTS = 4,
	EDGES = 3,
	MIN_REQUESTS = 10,
	MAX_OPEN_MS = 10000,
	/* Nobody is opened without cause so long after all was well... */
	WELL_S = 40,
	/* ...nor stays closed so long with it, nor comes back then... */
	ILL_S = 15,
	/* ...and is closed so long after it ceased. */
	BACK_S = 60,
};

struct edge {
	uint64_t counts[ENDPOINTS][2]; /* requests, errors */
	int64_t start;
	uint64_t sequence;
	int silent_s; /* so long it still is */
	bool lies;
};

struct endpoint {
	struct watch watch;
	bool ill;
	int turned_s; /* when that began or ended */
	int closed_s; /* when the breaker closed; -1: it is not */
	int trickle_s;
	int64_t due_ms; /* the next probe */
};

struct fleet {
	uint64_t seed, random;
	struct net_addr addresses[ENDPOINTS];
	struct policy_endpoint declared[ENDPOINTS];
	struct policy_service service;
	struct policy_check check;
	struct policy policy;
	struct roster *roster;
	struct evidence *evidence;
	struct edge edges[EDGES];
	struct endpoint endpoints[ENDPOINTS];
	int now_s;
	int sound_s; /* since when all edges are heard */
	unsigned opened, closed, unjudged, failed_trials;
};

static uint32_t draw(struct fleet *f, uint32_t below)
{
	f->random = hash_mix(f->random + 1);
	return (uint32_t)(f->random >> 32) % below;
}

static struct watch_moment moment(struct fleet *f)
{
	return (struct watch_moment){
		.now_ms = f->now_s * INT64_C(1000),
		.wall_ms = f->now_s * INT64_C(1000) + 1,
		.draw = draw(f, UINT32_MAX),
	};
}

static void fleet_init(struct fleet *f, uint64_t seed)
{
	static const char *const names[] = { "a", "b", "c", "d" };

	*f = (struct fleet){ .seed = seed, .random = hash_mix(seed) };
	f->check = (struct policy_check){
		.name = "web",
		.type = CHECK_TCP,
		.port = 80,
		.interval_ms = 2000,
		.timeout_ms = 500,
		.confirm_ms = 1000,
		.breaker = { .window = 20,
			     .window_ms = 30000,
			     .failure_rate_pct = 50,
			     .consecutive = 3,
			     .open_for_ms = 2000,
			     .max_open_for_ms = MAX_OPEN_MS,
			     .half_open_probes = 2 },
		.passive = { .weight = 8,
			     .min_requests = MIN_REQUESTS,
			     .failure_rate_pct = 50,
			     .edges = 1 + (uint32_t)(seed % 2) },
	};
	for (int i = 0; i < ENDPOINTS; i++) {
		f->addresses[i].family = NET_V4;
		f->addresses[i].octets[3] = (uint8_t)(i + 1);
		f->declared[i] = (struct policy_endpoint){
			.name = names[i],
			.a = &f->addresses[i],
			.a_count = 1,
		};
	}
	f->service = (struct policy_service){ .name = "www",
					      .endpoints = f->declared,
					      .endpoint_count = ENDPOINTS };
	f->policy.checks = &f->check;
	f->policy.check_count = 1;
	f->policy.services = &f->service;
	f->policy.service_count = 1;
	f->roster = roster_new(&f->policy);
	f->evidence = evidence_new();
	assert_non_null(f->roster);
	assert_true(evidence_turn(f->evidence, f->roster));
	for (int i = 0; i < ENDPOINTS; i++) {
		const struct watch_moment at = moment(f);

		f->endpoints[i].watch = watch_init(names[i], &f->check, &at);
	}
	/* In most fleets one of three is not to be believed. */
	f->edges[0].lies = seed % 4 != 0;
}

static void fleet_fini(struct fleet *f)
{
	evidence_free(f->evidence);
	roster_free(f->roster);
}

static void broken(const struct fleet *f, int endpoint, const char *what)
{
	fail_msg("seed %ju, second %d, endpoint %d: %s (%s, %s, %u edges)",
		 (uintmax_t)f->seed, f->now_s, endpoint, what,
		 f->endpoints[endpoint].ill ? "ill" : "well",
		 breaker_state_name(f->endpoints[endpoint].watch.breaker.state),
		 f->check.passive.edges);
}

/* At most one at a time: who sees more than half fail is not believed. */
static void turn_endpoints(struct fleet *f)
{
	for (int i = 0; i < ENDPOINTS; i++)
		if (f->endpoints[i].ill && draw(f, 60) == 0) {
			f->endpoints[i].ill = false;
			f->endpoints[i].turned_s = f->now_s;
		}
	for (int i = 0; i < ENDPOINTS; i++)
		if (f->endpoints[i].ill)
			return;
	if (draw(f, 40) == 0) {
		int i = (int)draw(f, ENDPOINTS);

		f->endpoints[i].ill = true;
		f->endpoints[i].turned_s = f->now_s;
	}
}

static uint64_t requests_of(struct fleet *f, const struct endpoint *e)
{
	if (e->watch.breaker.state == BREAKER_CLOSED)
		return 20 + draw(f, 80);
	if (e->watch.breaker.state == BREAKER_TRICKLE)
		return 2 + draw(f, 3);
	return draw(f, 2); /* who kept an old answer */
}

static void serve(struct fleet *f, struct edge *edge)
{
	for (int i = 0; i < ENDPOINTS; i++) {
		const struct endpoint *e = &f->endpoints[i];
		uint64_t requests = requests_of(f, e);
		uint64_t errors = e->ill ? requests : draw(f, 50) == 0;

		if (edge->lies)
			errors = requests - errors % (requests + 1);
		edge->counts[i][0] += requests;
		edge->counts[i][1] += errors < requests ? errors : requests;
	}
}

static void tell(struct fleet *f, const struct edge *edge, uint64_t sequence)
{
	struct served *served = calloc(1, sizeof(*served));

	assert_non_null(served);
	served->rows = calloc(ENDPOINTS, sizeof(*served->rows));
	assert_non_null(served->rows);
	snprintf(served->node, sizeof(served->node), "edge-%d",
		 (int)(edge - f->edges));
	served->sequence = sequence;
	served->wall_start_ms = edge->start;
	served->count = ENDPOINTS;
	served->sorted = true;
	for (int i = 0; i < ENDPOINTS; i++) {
		struct served_row *row = &served->rows[i];

		strcpy(row->service, "www");
		strcpy(row->endpoint, f->declared[i].name);
		row->count.requests = edge->counts[i][0];
		row->count.errors = edge->counts[i][1];
	}
	evidence_take(f->evidence, served, f->now_s * INT64_C(1000));
}

/* It counts and tells; now and then it falls silent, or begins anew. */
static void turn_edge(struct fleet *f, struct edge *edge)
{
	serve(f, edge);
	if (edge->silent_s > 0) {
		f->sound_s = f->now_s;
		edge->silent_s--;
		return;
	}
	if (draw(f, 200) == 0)
		edge->silent_s = (int)draw(f, 40);
	if (draw(f, 100) == 0) {
		memset(edge->counts, 0, sizeof(edge->counts));
		edge->start = f->now_s + 1;
	}
	edge->sequence++;
	tell(f, edge, edge->sequence);
	if (draw(f, 5) == 0)
		tell(f, edge, edge->sequence - draw(f, 2));
}

/* Every probe passes. */
static void probe(struct fleet *f, struct endpoint *e)
{
	static const struct observation passes = { .outcome = OUTCOME_OK,
						   .latency_ms = 1,
						   .total_ms = 1 };
	const struct watch_moment at = moment(f);

	if (e->due_ms > at.now_ms)
		return;
	watch_tick(&e->watch, &f->check, &at);
	if (e->watch.breaker.state != BREAKER_OPEN)
		watch_observe(&e->watch, &f->check, &passes, &at);
	e->due_ms = watch_next_ms(&e->watch, &f->check, &at);
}

static void hear(struct fleet *f, int i, int64_t *gathered_ms)
{
	struct endpoint *e = &f->endpoints[i];
	const struct watch_moment at = moment(f);
	struct evidence_word word;

	if (*gathered_ms != e->watch.breaker.since_ms)
		evidence_forget(f->evidence, (size_t)i);
	*gathered_ms = e->watch.breaker.since_ms;
	word = evidence_word(f->evidence, (size_t)i);
	if (watch_users(&e->watch, &f->check, &word, &at))
		e->due_ms = watch_next_ms(&e->watch, &f->check, &at);
}

/* The majority of the edges is honest; when all are heard, they are right. */
static void judge(struct fleet *f, int i, const struct breaker *was)
{
	struct endpoint *e = &f->endpoints[i];
	const struct breaker *is = &e->watch.breaker;
	int since_s = f->now_s - e->turned_s;
	int sound_s = f->now_s - f->sound_s;
	bool closes =
		was->state != BREAKER_CLOSED && is->state == BREAKER_CLOSED;
	bool opens = was->state == BREAKER_CLOSED && is->state == BREAKER_OPEN;

	f->opened += opens;
	f->closed += closes && !is->unjudged;
	f->unjudged += closes && is->unjudged;
	f->failed_trials +=
		was->state == BREAKER_TRICKLE && is->state == BREAKER_OPEN;
	if (was->state != is->state) {
		e->closed_s = f->now_s;
		e->trickle_s = f->now_s;
	}
	if (opens && !is->by_users)
		broken(f, i, "opened, though no probe failed");
	if (opens && !e->ill && since_s > WELL_S && sound_s > WELL_S)
		broken(f, i, "opened without cause");
	if (e->ill && is->state == BREAKER_CLOSED && since_s > ILL_S &&
	    sound_s > ILL_S && f->now_s - e->closed_s > ILL_S)
		broken(f, i, "not opened");
	if (closes && e->ill && since_s > ILL_S && sound_s > ILL_S)
		broken(f, i, "closed while its users fail");
	if (!e->ill && is->state != BREAKER_CLOSED && since_s > BACK_S &&
	    sound_s > BACK_S)
		broken(f, i, "not closed");
	if (is->state == BREAKER_TRICKLE &&
	    f->now_s - e->trickle_s > MAX_OPEN_MS / 1000 + 1)
		broken(f, i, "a trickle that does not end");
}

static void live(struct fleet *f)
{
	int64_t gathered_ms[ENDPOINTS] = { 0 };

	for (f->now_s = 1; f->now_s <= SECONDS; f->now_s++) {
		struct breaker was[ENDPOINTS];

		turn_endpoints(f);
		for (int i = 0; i < EDGES; i++)
			turn_edge(f, &f->edges[i]);
		evidence_judge(f->evidence, f->now_s * INT64_C(1000));
		for (int i = 0; i < ENDPOINTS; i++) {
			was[i] = f->endpoints[i].watch.breaker;
			probe(f, &f->endpoints[i]);
			hear(f, i, &gathered_ms[i]);
			judge(f, i, &was[i]);
		}
	}
}

static void test_fleets(void **state)
{
	const char *one = getenv("WINDROSE_SEED");
	uint64_t from = one == NULL ? 1 : strtoull(one, NULL, 10);
	unsigned opened = 0, closed = 0, unjudged = 0, failed = 0;

	(void)state;
	for (uint64_t i = 0; i < (one == NULL ? SEEDS : 1); i++) {
		struct fleet f;

		fleet_init(&f, from + i);
		live(&f);
		opened += f.opened;
		closed += f.closed;
		unjudged += f.unjudged;
		failed += f.failed_trials;
		fleet_fini(&f);
	}
	print_message("# opened by users %u times; %u trials failed; closed by "
		      "users %u times, unjudged %u\n",
		      opened, failed, closed, unjudged);
	/* A fleet in which nothing happened proves nothing. */
	if (one == NULL)
		assert_true(opened > SEEDS && closed > SEEDS && unjudged > 10 &&
			    failed > SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fleets),
	};

	return cmocka_run_group_tests_name("users", tests, NULL, NULL);
}
