/* SPDX-License-Identifier: Apache-2.0 */
/* share: distribution, minimal movement, and what every edge must repeat. */
#include "policy/decide/share.h"

#include "decide_world.h"

#include "policy/base/hash.h"
#include "policy/base/net.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENTS = 20000 };

static uint8_t pick_one(const struct world *w, uint64_t client)
{
	struct row row = world_row(w, NULL);
	uint8_t picks[POLICY_ENDPOINTS_MAX];

	assert_int_equal(share_pick(&row, w->keys, client, 1, picks), 1);
	return picks[0];
}

static void count_picks(const struct world *w, unsigned counts[64])
{
	struct row row = world_row(w, NULL);
	uint8_t picks[POLICY_ENDPOINTS_MAX];

	memset(counts, 0, 64 * sizeof(counts[0]));
	for (unsigned i = 0; i < CLIENTS; i++) {
		share_pick(&row, w->keys, world_client(i), 1, picks);
		counts[picks[0]]++;
	}
}

static void assert_near(const char *title, unsigned count, double part)
{
	double sigma = sqrt(CLIENTS * part * (1 - part));

	if (fabs(count - CLIENTS * part) > 4 * sigma + 1)
		fail_msg("%s: %u clients, not %.0f", title, count,
			 CLIENTS * part);
}

/* clang-format off */
static const struct distribution_row {
	const char *title;
	uint32_t weights[WORLD_REGIONS]; /* 0: not served */
	double shares[WORLD_REGIONS];    /* acceptance */
	double parts[WORLD_REGIONS];     /* expected */
} distributions[] = {
	{ "equal weights", { 1, 1, 1, 1, 0, 0 }, { 1, 1, 1, 1, 1, 1 },
	  { .25, .25, .25, .25, 0, 0 } },
	{ "1 to 3", { 1, 3, 0, 0, 0, 0 }, { 1, 1, 1, 1, 1, 1 },
	  { .25, .75, 0, 0, 0, 0 } },
	{ "1 to 2 to 7", { 10, 20, 70, 0, 0, 0 }, { 1, 1, 1, 1, 1, 1 },
	  { .1, .2, .7, 0, 0, 0 } },
	{ "a tenth drained of one of two", { 1, 1, 0, 0, 0, 0 },
	  { .9, 1, 1, 1, 1, 1 }, { .45, .55, 0, 0, 0, 0 } },
	{ "what one declines the others take by weight", { 1, 1, 2, 0, 0, 0 },
	  { 0.2, 1, 1, 1, 1, 1 },
	  { .05, .25 + .2 / 3, .5 + .4 / 3, 0, 0, 0 } },
	{ "equal weights share what all decline", { 1, 1, 0, 0, 0, 0 },
	  { .5, .5, 1, 1, 1, 1 }, { .5, .5, 0, 0, 0, 0 } },
	{ "what all decline goes by weight", { 1, 3, 0, 0, 0, 0 },
	  { 1e-9, 1e-9, 1, 1, 1, 1 }, { .25, .75, 0, 0, 0, 0 } },
};
/* clang-format on */

static void test_distributions(void **state)
{
	struct world w;
	unsigned counts[64];

	(void)state;
	for (size_t i = 0; i < sizeof(distributions) / sizeof(distributions[0]);
	     i++) {
		const struct distribution_row *row = &distributions[i];

		world_init(&w);
		for (int e = 0; e < WORLD_REGIONS; e++) {
			w.view_endpoints[e].weight = row->weights[e];
			w.view_endpoints[e].accept = accept_of(row->shares[e]);
		}
		count_picks(&w, counts);
		for (int e = 0; e < WORLD_REGIONS; e++)
			assert_near(row->title, counts[e], row->parts[e]);
	}
}

/* One weight changed: every client that moves, moves to or from it. */
static void test_weight_change_moves_only_its_own(void **state)
{
	struct rng rng = { world_seed() };
	unsigned moved = 0;

	(void)state;
	for (int round = 0; round < 60; round++) {
		unsigned e = rng_below(&rng, WORLD_REGIONS);
		struct world before, after;

		world_init(&before);
		for (int i = 0; i < WORLD_REGIONS; i++) {
			before.view_endpoints[i].weight =
				1 + rng_below(&rng, 9);
			before.view_endpoints[i].accept =
				accept_of(0.25 * (1 + rng_below(&rng, 4)));
		}
		world_init(&after);
		memcpy(after.view_endpoints, before.view_endpoints,
		       sizeof(before.view_endpoints));
		after.view_endpoints[e].weight = rng_below(&rng, 10);
		for (unsigned i = 0; i < 500; i++) {
			uint64_t client = world_client(i);
			uint8_t a = pick_one(&before, client);
			uint8_t b = pick_one(&after, client);

			if (a != b && a != e && b != e)
				fail_msg("round %d: client %u moved from %u "
					 "to %u, weight of %u changed",
					 round, i, a, b, e);
			moved += a != b;
		}
	}
	assert_true(moved > 0);
}

static void test_growing_share_keeps_those_inside(void **state)
{
	static const double steps[] = { 0.01, 0.05, 0.25, 0.5, 1 };
	struct world w;
	unsigned inside[5] = { 0 };

	(void)state;
	world_init(&w);
	world_add_canary(&w, 0x3f);
	for (unsigned i = 0; i < CLIENTS; i++) {
		bool was_in = false;
		uint8_t home = 0;

		for (int step = 0; step < 5; step++) {
			uint8_t pick;

			for (int e = 6; e < 12; e++)
				w.view_endpoints[e].accept =
					accept_of(steps[step]);
			pick = pick_one(&w, world_client(i));
			if (was_in && pick < 6)
				fail_msg("client %u left at step %d", i, step);
			if (step > 0 && pick % 6 != home)
				fail_msg("client %u changed region", i);
			was_in = pick >= 6;
			home = pick % 6;
			inside[step] += was_in;
		}
	}
	for (int step = 0; step < 5; step++)
		assert_near("canary", inside[step], steps[step]);
}

/* In the canary in one region is in it in every region. */
static void test_canary_follows_the_client(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_add_canary(&w, 0x3f);
	for (int e = 6; e < 12; e++)
		w.view_endpoints[e].accept = accept_of(0.3);
	for (unsigned i = 0; i < 500; i++) {
		bool in = pick_one(&w, world_client(i)) >= 6;

		for (int down = 0; down < 5; down++) {
			uint8_t pick;

			for (int e = 0; e < 6; e++)
				w.view_endpoints[e].health.verdict =
					e <= down ? VERDICT_DOWN : VERDICT_UP;
			pick = pick_one(&w, world_client(i));
			assert_true(pick % 6 > down);
			assert_int_equal(pick >= 6, in);
		}
		for (int e = 0; e < 6; e++)
			w.view_endpoints[e].health.verdict = VERDICT_UP;
	}
}

static void test_shrinking_moves_only_leavers(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (unsigned i = 0; i < 2000; i++) {
		uint8_t before, after;

		w.view_endpoints[2].accept = accept_of(0.8);
		before = pick_one(&w, world_client(i));
		w.view_endpoints[2].accept = accept_of(0.3);
		after = pick_one(&w, world_client(i));
		if (before != after)
			assert_int_equal(before, 2);
	}
}

/* The fast path and the formula give one order, also for adjacent draws. */
static void test_equal_weights_need_no_logarithm(void **state)
{
	struct rng rng = { world_seed() };

	(void)state;
	for (int i = 0; i < 300000; i++) {
		/* All magnitudes of u, and the nearest smaller one. */
		uint64_t a = (rng_next(&rng) >> rng_below(&rng, 64)) >> 11 | 1;
		double w = 1 + rng_below(&rng, 1000000);
		double u, v;

		if (i < 100000)
			a = ((UINT64_C(1) << 53) - 1) - 2 * (uint64_t)i;
		if (a < 3)
			continue;
		u = -log((double)a / 9007199254740992.0) / w;
		v = -log((double)(a - 2) / 9007199254740992.0) / w;
		if (!(u < v))
			fail_msg("%" PRIu64 " weight %f", a, w);
	}
}

static void test_more_answers(void **state)
{
	struct world w;
	struct row row;
	uint8_t picks[POLICY_ENDPOINTS_MAX];

	(void)state;
	world_init(&w);
	w.service.steer = STEER_FAILOVER;
	w.service.answers = 3;
	row = world_row(&w, NULL);
	assert_int_equal(row.count, 3);
	assert_int_equal(share_pick(&row, w.keys, world_client(7), 3, picks),
			 3);
	for (uint8_t i = 0; i < 3; i++)
		assert_int_equal(picks[i], i);
	/* Who declines never fills an answer up. */
	w.view_endpoints[1].accept = 1;
	row = world_row(&w, NULL);
	assert_int_equal(share_pick(&row, w.keys, world_client(7), 3, picks),
			 3);
	assert_int_equal(picks[1], 2);
	assert_int_equal(share_possible(&row, 3), 0xf);
	assert_int_equal(share_possible(&row, 1), 0x1);
	memset(&row, 0, sizeof(row));
	assert_int_equal(share_pick(&row, w.keys, 1, 3, picks), 0);
	assert_int_equal(share_possible(&row, 3), 0);
}

static bool is_among(const uint8_t *picks, unsigned count, uint8_t endpoint)
{
	for (unsigned i = 0; i < count; i++)
		if (picks[i] == endpoint)
			return true;
	return false;
}

/* What is asked for narrows the choice and never widens it. */
static void check_having(const struct world *w, const struct row *row,
			 uint64_t client, uint64_t having)
{
	const struct share_want want = { 1 + (unsigned)(having % 3), having };
	uint8_t all[POLICY_ENDPOINTS_MAX], picks[POLICY_ENDPOINTS_MAX];
	unsigned blind = share_pick(row, w->keys, client, want.answers, all);
	unsigned count = share_pick_having(row, w->keys, client, &want, picks);
	uint64_t possible = share_possible(row, want.answers);

	assert_true(count <= want.answers);
	for (unsigned i = 0; i < count; i++) {
		assert_true((having & possible) >> picks[i] & 1);
		assert_false(is_among(picks, i, picks[i]));
	}
	/* Those that have it stay, in their turn, in front of all others. */
	for (unsigned i = 0, kept = 0; i < blind; i++)
		if (having >> all[i] & 1)
			assert_int_equal(picks[kept++], all[i]);
	if (having == UINT64_MAX)
		assert_int_equal(count, blind);
}

static void test_having(void **state)
{
	struct world w;
	struct row row;

	(void)state;
	for (unsigned steer = 0; steer < 2; steer++) {
		world_init(&w);
		w.service.steer = steer == 0 ? STEER_WEIGHTED : STEER_FAILOVER;
		w.view_endpoints[0].accept = UINT32_MAX / 2;
		w.view_endpoints[1].accept = UINT32_MAX / 3;
		row = world_row(&w, NULL);
		for (unsigned i = 0; i < 4000; i++) {
			check_having(&w, &row, world_client(i), i % 16);
			check_having(&w, &row, world_client(i), UINT64_MAX);
		}
	}
}

/* In one tier nobody who is there is passed over for want of the kind; from a
 * better tier nobody is sent to a worse one. */
static void test_having_stays_in_the_tier(void **state)
{
	const struct share_want last = { 1, 1 << 2 };
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	struct world w;
	struct row row;

	(void)state;
	world_init(&w);
	w.service.steer = STEER_WEIGHTED;
	row = world_row(&w, NULL);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(share_pick_having(&row, w.keys,
						   world_client(i), &last,
						   picks),
				 1);
		assert_int_equal(picks[0], 2);
	}
	w.service.steer = STEER_FAILOVER;
	w.view_endpoints[0].accept = UINT32_MAX / 2;
	row = world_row(&w, NULL);
	assert_true(row.count > 1);
	for (unsigned i = 0; i < 100; i++) {
		uint8_t all[POLICY_ENDPOINTS_MAX];
		const struct share_want second = { 1, 1 << 1 };

		share_pick(&row, w.keys, world_client(i), 1, all);
		assert_int_equal(share_pick_having(&row, w.keys,
						   world_client(i), &second,
						   picks),
				 all[0] == 1);
	}
}

/* The short ways take whom the long one puts first. */
static void check_short_ways(const struct world *w, const struct row *row,
			     uint64_t client, uint64_t having)
{
	const struct share_want one = { 1, having }, many = { 2, having };
	uint8_t first[POLICY_ENDPOINTS_MAX], picks[POLICY_ENDPOINTS_MAX];
	unsigned found = share_pick_having(row, w->keys, client, &one, first);
	unsigned count = share_pick_having(row, w->keys, client, &many, picks);

	assert_true(found <= count);
	if (found > 0)
		assert_int_equal(first[0], picks[0]);
	if (share_is_even(row))
		assert_int_equal(share_pick_even(row, w->keys, client, having),
				 found > 0 ? first[0] : ROW_NONE);
}

static void test_short_ways(void **state)
{
	struct rng rng = { 7 };
	unsigned even = 0, uneven = 0;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct world w;
		struct row row;

		world_draw(&w, &rng);
		row = world_row(&w, NULL);
		even += row.count > 1 && share_is_even(&row);
		uneven += !share_is_even(&row);
		for (unsigned j = 0; j < 20; j++) {
			check_short_ways(&w, &row, world_client(j), j);
			check_short_ways(&w, &row, world_client(j), UINT64_MAX);
		}
	}
	assert_true(even > 20 && uneven > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distributions),
		cmocka_unit_test(test_weight_change_moves_only_its_own),
		cmocka_unit_test(test_growing_share_keeps_those_inside),
		cmocka_unit_test(test_canary_follows_the_client),
		cmocka_unit_test(test_shrinking_moves_only_leavers),
		cmocka_unit_test(test_equal_weights_need_no_logarithm),
		cmocka_unit_test(test_more_answers),
		cmocka_unit_test(test_having),
		cmocka_unit_test(test_having_stays_in_the_tier),
		cmocka_unit_test(test_short_ways),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
