/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twelve regions, each loaded to 80 % of what it can carry (traffic_world), and
 * each lost in turn, with clients by Internet users and by address space: what
 * do the others get, each client going to the next of his own order, and by
 * policy/decide/allot; and how many move, against the least possible?
 */
#include "traffic_world.h"

#include "policy/base/hash.h"
#include "policy/decide/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REGIONS = TRAFFIC_REGIONS, DRAWS = 400 };

static double most_used(const struct traffic_world *w, const double *load)
{
	double most = 0;

	for (int r = 0; r < REGIONS; r++)
		if (load[r] / w->regions[r].capacity > most)
			most = load[r] / w->regions[r].capacity;
	return most;
}

/* What they would get if nobody were passed on. */
static void load_alone(const struct crowd *crowd, double *load)
{
	double all[REGIONS], goes[REGIONS];

	memset(load, 0, REGIONS * sizeof(*load));
	for (int r = 0; r < REGIONS; r++)
		all[r] = 1;
	for (size_t f = 0; f < crowd->count; f++) {
		const struct spill_case c = {
			.endpoint_count = REGIONS,
			.loads = crowd->flocks[f].loads,
			.count = crowd->flocks[f].count,
		};

		spill_loads(&c, all, goes);
		for (int r = 0; r < REGIONS; r++)
			load[r] += goes[r];
	}
}

/*
 * The least that can move: who was in the lost region; and of those who are
 * bound to the Area, more than it can carry cannot come to it without as many
 * others leaving it.
 */
static double least_moved(const struct traffic_world *w, int lost)
{
	double bound = 0, others = 0, room = 0;
	struct crowd crowd;

	traffic_world_gather(w, &crowd);
	for (size_t f = 0; f < crowd.count; f++)
		for (int r = 0; r < REGIONS; r++) {
			double well = crowd.flocks[f].well.of[r];
			bool is_bound =
				crowd.keys[f].among != (1u << REGIONS) - 1;

			bound += is_bound ? well : 0;
			if (!is_bound && r != lost && traffic_world_is_eea(r))
				others += well;
		}
	for (int r = 0; r < REGIONS; r++)
		if (r != lost && traffic_world_is_eea(r))
			room += w->regions[r].capacity;
	crowd_fini(&crowd);
	return (w->base[lost] +
		(bound + others > room ? bound + others - room : 0)) /
	       w->whole;
}

/* The flocks of a plan, in the view's own form. */
struct told {
	struct flock flocks[64];
	uint32_t accept[64][REGIONS];
};

static void tell(struct traffic_world *w, const struct crowd *crowd,
		 const struct allot *got, struct told *told)
{
	assert_true(crowd->count <= 64);
	for (size_t f = 0; f < crowd->count; f++) {
		told->flocks[f] = crowd->keys[f];
		told->flocks[f].accept = told->accept[f];
		for (int r = 0; r < REGIONS; r++)
			told->accept[f][r] = accept_of(got->accept[f].of[r]);
	}
	w->seen.flocks = told->flocks;
	w->seen.flock_count = crowd->count;
}

/* Where a client of a place is sent by the chain and the draw. */
static uint8_t pick(const struct traffic_world *w, size_t class,
		    uint64_t client)
{
	struct share_key keys[REGIONS];
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	struct row row =
		chain_row(&w->policy, &w->view, 0, &w->classes[class], NULL);

	share_keys(&w->policy, 0, keys);
	assert_int_equal(share_pick(&row, keys, client, 1, picks), 1);
	assert_true(w->classes[class].regions >> picks[0] & 1);
	return picks[0];
}

static uint64_t client_of(size_t class, unsigned k)
{
	return hash_mix(class * DRAWS + k + 1);
}

/* By the clients themselves: loads, and the part of all demand that goes
 * elsewhere than before. */
static double count_clients(const struct traffic_world *w,
			    uint8_t (*before)[DRAWS], double *load)
{
	double moved = 0;

	memset(load, 0, REGIONS * sizeof(*load));
	for (size_t i = 0; i < w->count; i++)
		for (unsigned k = 0; k < DRAWS; k++) {
			uint8_t is = pick(w, i, client_of(i, k));

			load[is] += w->demand[i] / DRAWS;
			moved += is != before[i][k] ? w->demand[i] / DRAWS : 0;
		}
	return moved / w->whole;
}

static void remember(const struct traffic_world *w, uint8_t (*before)[DRAWS])
{
	for (size_t i = 0; i < w->count; i++)
		for (unsigned k = 0; k < DRAWS; k++)
			before[i][k] = pick(w, i, client_of(i, k));
}

static bool lose_one(struct traffic_world *w, uint8_t (*before)[DRAWS],
		     int lost)
{
	double alone[REGIONS], counted[REGIONS], moved, least;
	bool can = traffic_world_can(w, UINT64_C(1) << lost);
	struct told told;
	struct crowd crowd;
	struct allot_case c;
	struct allot got;

	traffic_world_lose(w, UINT64_C(1) << lost);
	traffic_world_gather(w, &crowd);
	load_alone(&crowd, alone);
	c = crowd_case(&crowd, REGIONS);
	assert_true(allot_of(&c, &got));
	tell(w, &crowd, &got, &told);
	moved = count_clients(w, before, counted);
	least = least_moved(w, lost);
	print_message("# %-11s %5.1f %%  %6.0f %% %6.1f %% %6.1f %%  %5.1f %% "
		      "%5.1f %%%s\n",
		      w->regions[lost].name, 100 * w->base[lost] / w->whole,
		      100 * most_used(w, alone), 100 * most_used(w, got.load),
		      100 * most_used(w, counted), 100 * moved, 100 * least,
		      can ? "" : "  (there is too little for all)");
	assert_true(counted[lost] <= 0);
	if (can && (got.overloaded || most_used(w, got.load) > 1))
		fail_msg("%s is not carried", w->regions[lost].name);
	/* What is drawn is off by a few points. */
	assert_true(!can || most_used(w, counted) < 1.05);
	assert_true(moved >= 0.97 * least && moved < 1.1 * least + 0.01);
	w->seen.flock_count = 0;
	allot_fini(&got);
	crowd_fini(&crowd);
	return can;
}

static void lose_each(const char *name, unsigned wanted)
{
	struct traffic_world *w = traffic_world_new(name);
	uint8_t(*before)[DRAWS] = calloc(TRAFFIC_CLASSES_MAX, DRAWS);
	unsigned can = 0;

	assert_non_null(before);
	remember(w, before);
	print_message("# %s: lost, its part; most loaded of the others: "
		      "alone, by allot, by clients; moved, at least\n",
		      name);
	for (int lost = 0; lost < REGIONS; lost++)
		can += lose_one(w, before, lost);
	print_message("# %u of %d losses can be carried, and all of them "
		      "are\n",
		      can, REGIONS);
	assert_true(can >= wanted);
	free(before);
	free(w);
}

static void test_by_users(void **state)
{
	(void)state;
	lose_each("users", 12);
}

static void test_by_addresses(void **state)
{
	(void)state;
	lose_each("countries", 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_users),
		cmocka_unit_test(test_by_addresses),
	};

	return cmocka_run_group_tests_name("regional_loss", tests, NULL, NULL);
}
