/* SPDX-License-Identifier: Apache-2.0 */
/* latency: what is published moves only when it should. */
#include "health/latency.h"
#include "policy/base/hash.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* clang-format off */
/* Samples every second: count of first_ms, then count of then_ms. */
static const struct latency_row {
	const char *title;
	float first_ms, then_ms;
	int firsts, thens;
	float settled_ms;
} rows[] = {
	{ "nothing",                       0,     0,   0,   0,   0.0f },
	{ "the first sample settles",     42,     0,   1,   0,  42.0f },
	{ "within 10 ms never moves",     20,  29.5,  10, 300,  20.0f },
	{ "within 10 % never moves",     300,   329,  10, 300, 300.0f },
	{ "beyond it, held: moves",       20,    80,  10, 300,  80.0f },
	{ "downwards too",               200,    50,  10, 300,  50.0f },
	{ "not before the hold",          20,    80,  10,  30,  20.0f },
	{ "a peak of some samples",       20,   500,  10,   3,  20.0f },
	{ "a first one that is cold",    120,    20,   1,   2,  20.0f },
	{ "one that is a little so",      28,    20,   1,   5,  28.0f },
	{ "it does not stay",             28,    20,   1,   6,  20.0f },
};
/* clang-format on */

static void test_settled_has_hysteresis(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct latency_row *r = &rows[i];
		struct latency l = { 0 };

		for (int s = 0; s < r->firsts + r->thens; s++)
			l = latency_step(l,
					 s < r->firsts ? r->first_ms
						       : r->then_ms,
					 1000 * s);
		if (fabsf(l.settled_ms - r->settled_ms) > 0.001f)
			fail_msg("%s: settled at %f", r->title,
				 (double)l.settled_ms);
	}
}

/* Crossing from one side to the other begins the hold anew. */
static void test_swinging_never_settles(void **state)
{
	struct latency l = { 0 };

	(void)state;
	for (int s = 0; s < 8; s++)
		l = latency_step(l, 100, s * 1000);
	for (int s = 8; s < 1000; s++)
		l = latency_step(l, s / 20 % 2 ? 10 : 190, s * 1000);
	assert_float_equal(l.settled_ms, 100, 0.01);
}

/* Coming back begins the hold anew, too. */
static void test_coming_and_going_never_settles(void **state)
{
	struct latency l = { 0 };

	(void)state;
	for (int s = 0; s < 1000; s++)
		l = latency_step(l, s > 20 && s % 24 < 14 ? 130 : 100,
				 s * 1000);
	assert_float_equal(l.settled_ms, 100, 0.01);
}

/* Samples around a level, at times that a schedule jitters. */
struct run {
	uint64_t seed;
	struct latency l;
	int64_t now_ms, interval_ms;
	unsigned spread_ms, outliers_ms, moves; /* outliers 0: none */
	int64_t moved_ms;                       /* the last time */
};

static unsigned below(struct run *r, unsigned bound)
{
	r->seed = hash_mix(r->seed + 1);
	return (unsigned)((r->seed >> 32) % bound);
}

static float draw(struct run *r, unsigned level_ms, int i)
{
	/* Runs are multiples of seven long: exactly three of any seven. */
	if (r->outliers_ms != 0 && (i % 7 == 0 || i % 7 == 2 || i % 7 == 4))
		return (float)r->outliers_ms;
	return (float)level_ms +
	       (float)below(r, 1000) / 1000 * (float)r->spread_ms;
}

static void run_on(struct run *r, unsigned level_ms, int samples)
{
	for (int i = 0; i < samples; i++) {
		float before_ms = r->l.settled_ms;

		r->now_ms += r->interval_ms * (90 + below(r, 21)) / 100;
		r->l = latency_step(r->l, draw(r, level_ms, i), r->now_ms);
		if (before_ms > 0 && before_ms != r->l.settled_ms) {
			r->moves++;
			r->moved_ms = r->now_ms;
		}
	}
}

static unsigned margin_ms(unsigned level_ms)
{
	return level_ms < 100 ? 10 : level_ms / 10;
}

/*
 * Noise within the margin moves nothing, whatever outliers are among it; one
 * step moves it once, to the new level, within the promised time.
 */
static void test_one_step_is_one_move(void **state)
{
	static const int64_t intervals_ms[] = { 500,  1000,  2000,
						5000, 30000, 60000 };

	(void)state;
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		struct run r = { .seed = seed };
		unsigned from_ms = 20 + below(&r, 300), to_ms;
		int64_t stepped_ms, limit_ms;

		r.interval_ms = intervals_ms[seed % 6];
		r.spread_ms = below(&r, margin_ms(from_ms));
		r.outliers_ms = below(&r, 3) * 1000 + 1;
		if (seed % 5 == 0)
			r.outliers_ms = 0;
		to_ms = from_ms + 2 * r.spread_ms + margin_ms(from_ms) +
			margin_ms(from_ms) / 5 + 2 + below(&r, 60);
		if (seed % 2 == 0) {
			unsigned swap_ms = from_ms;

			from_ms = to_ms;
			to_ms = swap_ms;
		}
		run_on(&r, from_ms, 6 * LATENCY_WINDOW);
		r.moves = 0;
		run_on(&r, from_ms, 497);
		if (r.moves != 0)
			fail_msg("seed %llu: noise of %u ms at %u ms moved it",
				 (unsigned long long)seed, r.spread_ms,
				 from_ms);
		stepped_ms = r.now_ms;
		run_on(&r, to_ms, 497);
		/* To four of the new level, be outliers among them, then the
		 * hold, then the next sample. */
		limit_ms = 6 * r.interval_ms * 11 / 10;
		if (limit_ms < LATENCY_HOLD_MS)
			limit_ms = LATENCY_HOLD_MS;
		limit_ms += 8 * r.interval_ms * 11 / 10;
		if (r.moves != 1 || r.moved_ms - stepped_ms > limit_ms ||
		    r.moved_ms - stepped_ms < LATENCY_HOLD_MS ||
		    r.l.settled_ms < (float)to_ms ||
		    r.l.settled_ms > (float)(to_ms + r.spread_ms))
			fail_msg("seed %llu: %u ms to %u ms, spread %u ms: "
				 "%u moves, the last to %f after %lld ms",
				 (unsigned long long)seed, from_ms, to_ms,
				 r.spread_ms, r.moves, (double)r.l.settled_ms,
				 (long long)(r.moved_ms - stepped_ms));
	}
}

static void test_ewma_begins_as_a_mean(void **state)
{
	struct latency l = { 0 };

	(void)state;
	l = latency_step(l, 10, 0);
	l = latency_step(l, 20, 1);
	l = latency_step(l, 60, 2);
	assert_float_equal(l.ewma_ms, 30, 0.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settled_has_hysteresis),
		cmocka_unit_test(test_swinging_never_settles),
		cmocka_unit_test(test_coming_and_going_never_settles),
		cmocka_unit_test(test_one_step_is_one_move),
		cmocka_unit_test(test_ewma_begins_as_a_mean),
	};

	return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
