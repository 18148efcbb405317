/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice: from what vantages sample to the endpoint that a class gets.  Noise
 * below the margin changes no choice; one change of one endpoint's delay, seen
 * by all vantages, each in its own time, changes it at most once, to the one
 * that is fastest now, after the hold and within a bound.
 */
#include "health/latency.h"
#include "policy/base/hash.h"
#include "policy/decide/chain.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ENDPOINTS = 4, INTERVAL_MS = 5000, SPREAD_MS = 8, STEP_MS = 40 };

struct fleet {
	struct world w;
	uint64_t seed;
	int64_t now_ms;
	double delay_ms[WORLD_VANTAGES][ENDPOINTS];
	struct latency seen[WORLD_VANTAGES][ENDPOINTS];
	unsigned moves;
	int64_t moved_ms;
	uint8_t choice; /* ROW_NONE: none yet */
};

static double below(struct fleet *f, double bound)
{
	f->seed = hash_mix(f->seed + 1);
	return (double)(f->seed >> 11) / (double)(1LL << 53) * bound;
}

static void fleet_init(struct fleet *f, uint64_t seed)
{
	memset(f, 0, sizeof(*f));
	world_init(&f->w);
	f->w.service.steer = STEER_LATENCY;
	f->w.service.within_ms = 0;
	f->w.service.endpoint_count = ENDPOINTS;
	f->seed = seed;
	f->choice = ROW_NONE;
	f->w.class.latitude = below(f, 120) - 60;
	f->w.class.longitude = below(f, 360) - 180;
	for (size_t v = 0; v < WORLD_VANTAGES; v++)
		for (size_t e = 0; e < ENDPOINTS; e++)
			f->delay_ms[v][e] = 20 + below(f, 70);
}

/* Vantage v probes endpoint e; what it has settled on is heard at once. */
static void probe(struct fleet *f, size_t v, size_t e)
{
	double ms = f->delay_ms[v][e] + below(f, SPREAD_MS);

	f->seen[v][e] = latency_step(f->seen[v][e], (float)ms, f->now_ms);
	f->w.view_endpoints[e].latency_ms[v] = f->seen[v][e].settled_ms;
}

static void choose(struct fleet *f)
{
	struct row row = world_row(&f->w, NULL);

	if (f->choice != ROW_NONE && f->choice != row.entries[0].endpoint) {
		f->moves++;
		f->moved_ms = f->now_ms;
	}
	f->choice = row.entries[0].endpoint;
}

/* Each probe has a moment of its own in the interval. */
static void pass(struct fleet *f, int intervals)
{
	enum { PROBES = WORLD_VANTAGES * ENDPOINTS };

	for (int i = 0; i < intervals * PROBES; i++) {
		f->now_ms += INTERVAL_MS / PROBES;
		probe(f, (size_t)i % WORLD_VANTAGES,
		      (size_t)i / WORLD_VANTAGES % ENDPOINTS);
		choose(f);
	}
}

/* With these delays as they are, without noise. */
static uint8_t fastest(const struct fleet *f)
{
	struct fleet calm = *f;

	world_copy(&calm.w, &f->w);
	for (size_t v = 0; v < WORLD_VANTAGES; v++)
		for (size_t e = 0; e < ENDPOINTS; e++)
			calm.w.view_endpoints[e].latency_ms[v] =
				(float)f->delay_ms[v][e];
	return world_row(&calm.w, NULL).entries[0].endpoint;
}

static void step_all(struct fleet *f, size_t endpoint, double ms)
{
	for (size_t v = 0; v < WORLD_VANTAGES; v++)
		f->delay_ms[v][endpoint] += ms;
}

static void test_choices(void **state)
{
	unsigned moved = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct fleet f;
		uint8_t was;
		int64_t stepped_ms;

		fleet_init(&f, seed);
		pass(&f, LATENCY_WINDOW + 1);
		f.moves = 0;
		pass(&f, 60);
		if (f.moves != 0)
			fail_msg("seed %u: noise moved clients %u times",
				 (unsigned)seed, f.moves);
		/* The best becomes worse: at most one move, to the next. */
		was = f.choice;
		stepped_ms = f.now_ms;
		step_all(&f, was, STEP_MS);
		pass(&f, 60);
		if (f.moves > 1 ||
		    (f.moves == 1 &&
		     (f.moved_ms - stepped_ms < LATENCY_HOLD_MS ||
		      f.moved_ms - stepped_ms >
			      LATENCY_HOLD_MS + 5 * INTERVAL_MS)))
			fail_msg("seed %u: %u moves, the last after %lld ms",
				 (unsigned)seed, f.moves,
				 (long long)(f.moved_ms - stepped_ms));
		/* Settled values are off by the noise at most. */
		if (f.moves == 0 && fastest(&f) != f.choice) {
			step_all(&f, was, -2.0 * SPREAD_MS);
			assert_int_equal(fastest(&f), was);
			step_all(&f, was, 2.0 * SPREAD_MS);
		}
		moved += f.moves;
		/* And back again. */
		f.moves = 0;
		step_all(&f, was, -STEP_MS);
		pass(&f, 60);
		assert_true(f.moves <= 1);
	}
	assert_true(moved > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),
	};

	return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
