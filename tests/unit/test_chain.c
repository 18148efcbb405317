/* SPDX-License-Identifier: Apache-2.0 */
/* chain: each step by rows, then what must hold for any policy and view. */
#include "policy/decide/chain.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct step_row {
	const char *title;
	enum steer steer;
	bool no_answer;
	const char *world;
	const char *row;
	enum row_note note;
} steps[] = {
	{ "all well, one tier",           STEER_WEIGHTED, false, "......", "012345", ROW_PLAIN },
	{ "residency leaves two",         STEER_WEIGHTED, false, "xx..xx", "23",  ROW_PLAIN },
	{ "residency leaves none",        STEER_WEIGHTED, false, "xxxxxx", "",    ROW_NO_REGION },
	{ "a drained one goes",           STEER_WEIGHTED, false, "xx.cxx", "2",   ROW_PLAIN },
	{ "a dead one goes",              STEER_WEIGHTED, false, "xx.dxx", "2",   ROW_PLAIN },
	{ "all drained: the drain waits", STEER_WEIGHTED, false, "xxccxx", "23",  ROW_ALL_COMMANDED },
	{ "drained and well beats dead",  STEER_WEIGHTED, false, "xxcdxx", "2",   ROW_ALL_COMMANDED },
	{ "also where the rule says no-answer", STEER_WEIGHTED, true, "xxcdxx", "2", ROW_ALL_COMMANDED },
	{ "of all drained the living",    STEER_WEIGHTED, false, "xxcCxx", "2",   ROW_ALL_COMMANDED },
	{ "all dead: all served",         STEER_WEIGHTED, false, "xxddxx", "23",  ROW_NONE_HEALTHY },
	{ "all dead: the undrained",      STEER_WEIGHTED, false, "xxdCxx", "2",   ROW_NONE_HEALTHY },
	{ "all dead and drained",         STEER_WEIGHTED, false, "xxCCxx", "23",  ROW_NONE_HEALTHY },
	{ "all dead: no answer by rule",  STEER_WEIGHTED, true,  "xxddxx", "",    ROW_WITHHELD },
	{ "dead and drained: no answer by rule", STEER_WEIGHTED, true, "xxdCxx", "", ROW_WITHHELD },
	{ "well outside is no help",      STEER_WEIGHTED, true,  "..ddxx", "01",  ROW_PLAIN },
	{ "on hold gets nobody",          STEER_WEIGHTED, false, "xx.hxx", "2",   ROW_PLAIN },
	{ "on hold and nothing else",     STEER_WEIGHTED, false, "xxdhxx", "3",   ROW_PLAIN },
	{ "weight 0 gets nobody",         STEER_WEIGHTED, false, "xx.wxx", "2",   ROW_PLAIN },
	{ "weight 0 when nothing else is left", STEER_WEIGHTED, false, "xxdwxx", "3", ROW_PLAIN },
	{ "weight 0 before a drained one", STEER_WEIGHTED, false, "xxcwxx", "3",  ROW_PLAIN },
	{ "weight 0 before one on hold",  STEER_WEIGHTED, false, "xxhwxx", "3",   ROW_PLAIN },
	{ "a deferred one stays",         STEER_WEIGHTED, false, "xx.Dxx", "23",  ROW_DEFERRED },
	{ "in its own tier",              STEER_GEO,      false, "..D...", "2",   ROW_DEFERRED },
	{ "unless nobody comes to its tier", STEER_GEO,   false, "...D..", "2",   ROW_PLAIN },
	{ "not beside the dead alone",    STEER_WEIGHTED, false, "xxDdxx", "23",  ROW_NONE_HEALTHY },
	{ "the rule says no-answer, and there is none", STEER_WEIGHTED, true, "xxDdxx", "", ROW_WITHHELD },
	{ "well outside does not keep it", STEER_WEIGHTED, true, "xxDDxx", "",  ROW_WITHHELD },
	{ "drained and well beats it",    STEER_WEIGHTED, false, "xxcDxx", "2",   ROW_ALL_COMMANDED },
	{ "on hold and well beats it",    STEER_WEIGHTED, false, "xxhDxx", "2",   ROW_PLAIN },
	{ "well with a part of its clients beats it", STEER_WEIGHTED, false, "xxpDxx", "2", ROW_PLAIN },
	{ "but not beside another",       STEER_WEIGHTED, false, "x.pDxx", "123", ROW_DEFERRED },
	{ "weight 0 and well beats it",   STEER_WEIGHTED, false, "xxwDxx", "2",   ROW_PLAIN },
	{ "it stays when others are well", STEER_WEIGHTED, false, ".hxDwd", "03", ROW_DEFERRED },
	{ "failover: the first alone",    STEER_FAILOVER, false, "......", "0",   ROW_PLAIN },
	{ "failover: the next",           STEER_FAILOVER, false, "dc....", "2",   ROW_PLAIN },
	{ "failover: on hold is passed",  STEER_FAILOVER, false, "h.....", "1",   ROW_PLAIN },
	{ "failover: weight 0 is passed", STEER_FAILOVER, false, "w.....", "1",   ROW_PLAIN },
	{ "failover: all dead, the first", STEER_FAILOVER, false, "dddddd", "0",  ROW_NONE_HEALTHY },
	{ "geo: nearest, within 15 ms",   STEER_GEO,      false, "......", "2",   ROW_PLAIN },
	{ "geo: the next nearest",        STEER_GEO,      false, "..d...", "3",   ROW_PLAIN },
	{ "geo: another continent",       STEER_GEO,      false, "..dd..", "0",   ROW_PLAIN },
	{ "latency without measurements", STEER_LATENCY,  false, "......", "2",   ROW_PLAIN },
	{ "one on trial takes some",      STEER_WEIGHTED, false, "xx.txx", "23",  ROW_PLAIN },
	{ "on trial, before the next tier", STEER_GEO,    false, "..t...", "2|3", ROW_PLAIN },
	{ "on trial, not behind one that is well", STEER_GEO, false, "...t..", "2", ROW_PLAIN },
	{ "on trial, not beside a part alone", STEER_WEIGHTED, false, "xxptxx", "2", ROW_PLAIN },
	{ "on trial, not beside the dead alone", STEER_WEIGHTED, false, "xxtdxx", "23", ROW_NONE_HEALTHY },
	{ "failover: on trial, then the next", STEER_FAILOVER, false, "t.....", "0|1", ROW_PLAIN },
};
/* clang-format on */

static void test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct world w;
		struct row row;
		char text[2 * POLICY_ENDPOINTS_MAX];

		world_init(&w);
		w.service.steer = steps[i].steer;
		if (steps[i].no_answer)
			w.class.none_healthy = NONE_HEALTHY_NO_ANSWER;
		world_letters(&w, steps[i].world);
		row = world_row(&w, NULL);
		if (strcmp(world_row_text(&row, text), steps[i].row) != 0 ||
		    row.note != steps[i].note)
			fail_msg("%s: row \"%s\", %s", steps[i].title, text,
				 row_note_name((enum row_note)row.note));
	}
}

static void test_tiers_by_way(void **state)
{
	struct world w;
	struct row row;
	char text[2 * POLICY_ENDPOINTS_MAX];

	(void)state;
	world_init(&w);
	w.service.steer = STEER_GEO;
	w.service.answers = 6;
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "2|3|0|1|5|4");
	w.service.within_ms = 25; /* Frankfurt is 17 ms from Dublin */
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "23|0|1|5|4");
	w.service.within_ms = 1000;
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "012345");
	/* A client of unknown place: no distances, the policy's weights. */
	w.service.within_ms = 0;
	w.class.located = false;
	w.view_endpoints[1].weight = 3;
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "012345");
	assert_int_equal(row.entries[1].weight, 3);
}

static void test_measured_latency_orders(void **state)
{
	struct world w;
	struct chain_trace trace;
	struct row row;
	char text[2 * POLICY_ENDPOINTS_MAX];

	(void)state;
	world_init(&w);
	w.service.steer = STEER_LATENCY;
	/* eu-west is near but slow: 200 ms from Dublin itself. */
	w.view_endpoints[2].latency_ms[1] = 200;
	w.view_endpoints[3].latency_ms[1] = 21;
	row = world_row(&w, &trace);
	assert_string_equal(world_row_text(&row, text), "3");
	assert_int_equal(trace.endpoints[2].way.near.count, 1);
	assert_int_equal(trace.endpoints[2].way.near.vantages[0], 1);
	assert_true(trace.endpoints[2].way.ms > 200);
	assert_int_equal(trace.endpoints[0].way.near.count, 0);
	assert_int_equal(trace.endpoints[3].tier, 0);
	assert_int_equal(trace.endpoints[0].tier, 1);
}

/* A ramp that begins adds its endpoint and leaves the others' order alone. */
static void test_hold_keeps_the_order(void **state)
{
	struct world w;
	struct row row;
	char text[2 * POLICY_ENDPOINTS_MAX];

	(void)state;
	world_init(&w);
	w.service.steer = STEER_GEO;
	w.service.within_ms = 100;
	world_letters(&w, "..h...");
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "03");
	w.view_endpoints[2].accept = accept_of(0.05);
	row = world_row(&w, NULL);
	assert_string_equal(world_row_text(&row, text), "023");
}

static void test_canaries(void **state)
{
	struct world w;
	struct row row;

	(void)state;
	world_init(&w);
	world_add_canary(&w, 0x5); /* 6 shadows 0, 7 shadows 2 */
	row = world_row(&w, NULL);
	assert_int_equal(row.entries[0].canary, ROW_NONE);
	w.view_endpoints[6].accept = accept_of(0.01);
	w.view_endpoints[7].accept = ACCEPT_ALL;
	row = world_row(&w, NULL);
	assert_int_equal(row.entries[0].canary, 6);
	assert_int_equal(row.entries[0].canary_accept, accept_of(0.01));
	assert_int_equal(row.entries[1].canary, ROW_NONE);
	assert_int_equal(row.entries[1].canary_accept, 0);
	assert_int_equal(row.entries[2].canary, 7);
	assert_int_equal(share_possible(&row, 1), 0xfb);

	/* A canary that is down is not used. */
	w.view_endpoints[6].health.verdict = VERDICT_DOWN;
	row = world_row(&w, NULL);
	assert_int_equal(row.entries[0].canary, ROW_NONE);

	/* A stable endpoint that is down takes its partial canary along. */
	w.view_endpoints[6].health.verdict = VERDICT_UP;
	w.view_endpoints[0].health.verdict = VERDICT_DOWN;
	row = world_row(&w, NULL);
	assert_int_equal(share_possible(&row, 1), 0xba);

	/* One that gave all to its canary may be gone. */
	w.view_endpoints[2].health.verdict = VERDICT_DOWN;
	row = world_row(&w, NULL);
	assert_int_equal(row.note, ROW_PLAIN);
	assert_int_equal(share_possible(&row, 1), 0xba);

	/* Though no policy can say so: a canary where the class may not go. */
	w.endpoints[7].region = 5;
	w.class.regions = 0x1f;
	row = world_row(&w, NULL);
	assert_int_equal(share_possible(&row, 1), 0x1a);
}

static void test_trace_names_each_step(void **state)
{
	struct world w;
	struct chain_trace t;

	(void)state;
	world_init(&w);
	world_add_canary(&w, 0x10);
	w.policy.residency_count = 2;
	w.residency[1].regions = 0x3e;
	w.class.residency = 2;
	world_letters(&w, "xdchw.");
	world_row(&w, &t);
	assert_int_equal(t.endpoints[0].step, STEP_ELIGIBLE);
	assert_int_equal(t.endpoints[0].residency, 1);
	assert_int_equal(t.endpoints[1].step, STEP_HEALTHY);
	assert_int_equal(t.endpoints[1].residency, POLICY_NONE);
	assert_int_equal(t.endpoints[2].step, STEP_COMMANDED);
	assert_int_equal(t.endpoints[3].step, STEP_SHARED);
	assert_int_equal(t.endpoints[4].step, STEP_SHARED);
	assert_int_equal(t.endpoints[5].step, STEP_KEPT);
	assert_int_equal(t.endpoints[6].step, STEP_CANARY);
	world_init(&w);
	world_letters(&w, "xxdCxx");
	world_row(&w, &t);
	assert_int_equal(t.endpoints[2].step, STEP_KEPT);
	assert_int_equal(t.endpoints[3].step, STEP_COMMANDED);
}

static void test_rows_are_in_normal_form(void **state)
{
	struct world a, b;
	struct row x, y;

	(void)state;
	world_init(&a);
	world_init(&b);
	for (int i = 0; i < WORLD_REGIONS; i++) {
		a.view_endpoints[i].weight = 20;
		b.view_endpoints[i].weight = 7;
	}
	x = world_row(&a, NULL);
	y = world_row(&b, NULL);
	assert_true(row_equal(&x, &y));
	assert_int_equal(x.entries[0].weight, 1);
	a.view_endpoints[3].weight = 50;
	x = world_row(&a, NULL);
	assert_int_equal(x.entries[0].weight, 2);
	assert_int_equal(x.entries[3].weight, 5);
	assert_false(row_equal(&x, &y));
	/* The share of an only endpoint says nothing. */
	world_letters(&a, "xxxxx.");
	world_letters(&b, "xxxxx.");
	a.view_endpoints[5].accept = accept_of(0.3);
	x = world_row(&a, NULL);
	y = world_row(&b, NULL);
	assert_true(row_equal(&x, &y));
	a.view_service.changing = true;
	x = world_row(&a, NULL);
	assert_false(row_equal(&x, &y));
}

/* What anybody may conclude from the view without reading chain.c. */
struct truth {
	uint64_t allowed; /* every endpoint inside residency */
	uint64_t stable, alive, drained, deferred, trickle;
	bool panic;
};

static struct truth find_truth(const struct world *w)
{
	const struct locality locality = locality_of(&w->policy, &w->view, 0);
	struct latency_room room;
	struct latency_ways ways = latency_ways_in(&room);
	uint64_t away = 0;
	struct truth t = { .panic = world_is_panic(w) };

	latency_go(&w->policy, w->class.latitude, w->class.longitude, &ways);
	if (w->class.located)
		away = locality_away(&locality, &ways);
	for (size_t i = 0; i < w->service.endpoint_count; i++) {
		uint64_t bit = UINT64_C(1) << i;
		const struct view_endpoint *e = &w->view_endpoints[i];

		if (!(w->class.regions >> w->endpoints[i].region & 1))
			continue;
		t.allowed |= bit;
		if (e->health.verdict != VERDICT_DOWN && !(away & bit))
			t.alive |= bit;
		if (e->deferred)
			t.deferred |= bit;
		t.trickle |= e->trickle ? bit : 0;
		if (w->endpoints[i].canary != POLICY_NONE)
			continue;
		t.stable |= bit;
		if (e->cause == SHARE_COMMAND && e->accept == 0)
			t.drained |= bit;
	}
	return t;
}

enum { SAMPLES = 300 };

struct sampled {
	uint64_t seen;
	bool differ;
	unsigned count;
};

static struct sampled sample(const struct world *w, const struct row *row)
{
	struct sampled s = { 0 };
	uint8_t first[POLICY_ENDPOINTS_MAX], picks[POLICY_ENDPOINTS_MAX];
	unsigned answers = w->service.answers;

	s.count = share_pick(row, w->keys, world_client(0), answers, first);
	for (unsigned i = 0; i < SAMPLES; i++) {
		unsigned n = share_pick(row, w->keys, world_client(i), answers,
					picks);

		assert_true(n <= answers);
		assert_int_equal(n == 0, row->count == 0);
		s.differ |= n != s.count || memcmp(first, picks, n) != 0;
		for (unsigned k = 0; k < n; k++)
			s.seen |= UINT64_C(1) << picks[k];
	}
	return s;
}

static void check_row(const struct world *w, const struct row *row, int round)
{
	struct truth t = find_truth(w);
	uint64_t possible = share_possible(row, w->service.answers);
	struct sampled s = sample(w, row);

	/* Invariant 1: residency is a hard wall. */
	if (possible & ~t.allowed)
		fail_msg("round %d: outside residency", round);
	if (s.seen & ~possible)
		fail_msg("round %d: picks that are not possible", round);
	/* Invariant 2: never empty by accident. */
	if (row->count == 0 && t.stable != 0 &&
	    (!world_withholds(w) || (!t.panic && (t.stable & t.alive) != 0)))
		fail_msg("round %d: empty by accident", round);
	/* Nobody is sent to the dead while something lives, but for deferred
	 * ones and trials; and what lives outside keeps none of those. */
	if ((t.stable & t.alive) != 0 && !t.panic &&
	    (possible & ~(t.alive | t.deferred | t.trickle)) != 0)
		fail_msg("round %d: sent to the dead", round);
	if ((t.stable & t.alive & ~t.drained) != 0 && (possible & t.drained))
		fail_msg("round %d: sent to the drained", round);
	if (possible & t.trickle) /* so few that none may be drawn */
		return;
	if (s.differ != row_is_draw(row, w->service.answers))
		fail_msg("round %d: a draw or not: %d", round, s.differ);
	if (s.seen != possible)
		fail_msg("round %d: possible %#llx, seen %#llx", round,
			 (unsigned long long)possible,
			 (unsigned long long)s.seen);
}

static void test_invariants_of_any_world(void **state)
{
	struct rng rng = { world_seed() };
	unsigned notes[ROW_PANIC + 1] = { 0 }, draws = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct world w;
		struct row row;

		world_draw(&w, &rng);
		row = world_row(&w, NULL);
		check_row(&w, &row, round);
		notes[row.note]++;
		draws += row_is_draw(&row, w.service.answers);
	}
	/* The drawn worlds do reach every branch. */
	for (int n = 0; n <= ROW_PANIC; n++)
		assert_true(notes[n] > 50);
	assert_true(draws > 1000);
}

static bool same_picks(const struct world *w, const struct row *a,
		       const struct row *b)
{
	uint8_t p[POLICY_ENDPOINTS_MAX], q[POLICY_ENDPOINTS_MAX];

	for (unsigned i = 0; i < 2000; i++) {
		unsigned answers = w->service.answers;
		unsigned n =
			share_pick(a, w->keys, world_client(i), answers, p);

		if (share_pick(b, w->keys, world_client(i), answers, q) != n ||
		    memcmp(p, q, n) != 0)
			return false;
	}
	return true;
}

/* What a row says beside who gets which clients. */
static void forget_why(struct row *row)
{
	row->note = ROW_PLAIN;
	for (unsigned i = 0; i < row->count; i++)
		row->entries[i].deferred = 0;
}

/* One endpoint changes: rows are equal exactly when no client moves. */
static void test_equal_rows_are_equal_answers(void **state)
{
	struct rng rng = { world_seed() };
	unsigned equal = 0, different = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct world w, drawn;
		struct row a, b;
		unsigned e;

		world_draw(&w, &rng);
		a = world_row(&w, NULL);
		world_copy(&drawn, &w);
		world_draw_view(&drawn, &rng);
		e = rng_below(&rng, (unsigned)w.service.endpoint_count);
		world_copy_endpoint(&w, &drawn, e);
		b = world_row(&w, NULL);
		forget_why(&a);
		forget_why(&b);
		if (row_equal(&a, &b) != same_picks(&w, &a, &b))
			fail_msg("round %d: rows are %s", round,
				 row_equal(&a, &b) ? "equal, picks are not"
						   : "different, picks not");
		equal += row_equal(&a, &b);
		different += !row_equal(&a, &b);
	}
	assert_true(equal > 300 && different > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_tiers_by_way),
		cmocka_unit_test(test_measured_latency_orders),
		cmocka_unit_test(test_hold_keeps_the_order),
		cmocka_unit_test(test_canaries),
		cmocka_unit_test(test_trace_names_each_step),
		cmocka_unit_test(test_rows_are_in_normal_form),
		cmocka_unit_test(test_invariants_of_any_world),
		cmocka_unit_test(test_equal_rows_are_equal_answers),
	};

	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
