/* SPDX-License-Identifier: Apache-2.0 */
/* allot: what endpoints accept of each flock, so that none is overloaded. */
#include "policy/decide/allot.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENDPOINTS = 6, FLOCKS = 6, ROWS = 3 };

struct scene {
	struct row rows[FLOCKS][ROWS];
	struct spill_load loads[FLOCKS][ROWS];
	struct allot_flock flocks[FLOCKS];
	double capacity[ENDPOINTS];
	struct allot_case c;
};

static void put_entry(struct row *row, unsigned endpoint, unsigned tier)
{
	row->entries[row->count++] = (struct row_entry){
		.endpoint = (uint8_t)endpoint,
		.tier = (uint8_t)tier,
		.canary = ROW_NONE,
		.weight = 1,
		.accept = ACCEPT_ALL,
	};
}

/* "01|2": endpoints 0 and 1 in a tier, and 2 behind. */
static void row_of(struct row *row, const char *text)
{
	unsigned tier = 0;

	memset(row, 0, sizeof(*row));
	for (; *text != '\0'; text++)
		if (*text == '|')
			tier++;
		else
			put_entry(row, (unsigned)(*text - '0'), tier);
}

static void scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t e = 0; e < ENDPOINTS; e++)
		s->capacity[e] = 100;
	s->c = (struct allot_case){ ENDPOINTS, s->capacity, s->flocks, 0 };
}

/* A flock of one row, of whom so much would be at an endpoint. */
static void put_flock(struct scene *s, const char *row, double demand, int well)
{
	size_t f = s->c.count++;

	row_of(&s->rows[f][0], row);
	s->loads[f][0] = (struct spill_load){ &s->rows[f][0], demand };
	s->flocks[f] =
		(struct allot_flock){ s->loads[f], 1, { { 0 } }, { { 0 } } };
	s->flocks[f].well.of[well] = demand;
}

/* clang-format off */
static const struct case_row {
	const char *title;
	struct { const char *row; double demand; int well; } flocks[4];
	double load[ENDPOINTS];
	bool overloaded;
} cases[] = {
	{ "all is within the bounds",
	  { { "0|1", 70, 0 }, { "1|0", 80, 1 } }, { 70, 80 }, false },
	{ "the next takes the rest",
	  { { "0|1", 110, 0 }, { "1|0", 20, 1 } }, { 82, 48 }, false },
	{ "and the next",
	  { { "0|1|2", 200, 0 } }, { 82, 80, 38 }, false },
	{ "who is bound stays, others make room",
	  { { "0", 90, 0 }, { "0|1", 60, 0 } }, { 90, 60 }, false },
	{ "also where who is bound comes from elsewhere",
	  { { "0|1", 60, 2 }, { "0|1", 70, 0 }, { "1|3", 80, 1 } },
	  { 97, 82, 0, 31 }, false },
	{ "too little at all",
	  { { "0|1", 240, 0 } }, { 120, 120 }, true },
	{ "and elsewhere is enough",
	  { { "0", 150, 0 }, { "1|2", 90, 1 } }, { 150, 82, 8 }, true },
	{ "a tier of two",
	  { { "01|2", 200, 0 } }, { 82, 80, 38 }, false },
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct case_row *row = &cases[i];
		struct scene s;
		struct allot got;

		scene_init(&s);
		for (size_t f = 0; f < 4 && row->flocks[f].row != NULL; f++)
			put_flock(&s, row->flocks[f].row, row->flocks[f].demand,
				  row->flocks[f].well);
		assert_true(allot_of(&s.c, &got));
		for (size_t e = 0; e < ENDPOINTS; e++)
			if (got.load[e] > row->load[e] * 1.03 + 0.5 ||
			    got.load[e] < row->load[e] * 0.97 - 0.5)
				fail_msg("%s: %zu gets %.2f, not %.2f",
					 row->title, e, got.load[e],
					 row->load[e]);
		if (got.overloaded != row->overloaded)
			fail_msg("%s: overloaded %d", row->title,
				 got.overloaded);
		allot_fini(&got);
	}
}

/* All rows of a flock have the same endpoints, in orders of their own. */
static void draw_row(struct row *row, unsigned endpoints, struct rng *rng)
{
	unsigned left = endpoints, tier = 0;

	memset(row, 0, sizeof(*row));
	while (left != 0) {
		unsigned e = rng_below(rng, ENDPOINTS);

		if (!(left >> e & 1))
			continue;
		left &= ~(1u << e);
		put_entry(row, e, tier);
		tier += rng_below(rng, 3) != 0;
	}
}

static void draw_scene(struct scene *s, struct rng *rng)
{
	scene_init(s);
	s->c.count = 1 + rng_below(rng, FLOCKS);
	for (size_t e = 0; e < ENDPOINTS; e++)
		s->capacity[e] = 20 + rng_below(rng, 100);
	for (size_t f = 0; f < s->c.count; f++) {
		unsigned endpoints = 1 + rng_below(rng, (1 << ENDPOINTS) - 1);
		size_t count = 1 + rng_below(rng, ROWS);

		s->flocks[f] = (struct allot_flock){
			s->loads[f], count, { { 0 } }, { { 0 } }
		};
		for (size_t i = 0; i < count; i++) {
			double demand = rng_below(rng, 80);

			draw_row(&s->rows[f][i], endpoints, rng);
			s->loads[f][i] =
				(struct spill_load){ &s->rows[f][i], demand };
			s->flocks[f].well.of[rng_below(rng, ENDPOINTS)] +=
				demand;
		}
	}
}

static double demand_of(const struct allot_flock *flock)
{
	double demand = 0;

	for (size_t i = 0; i < flock->count; i++)
		demand += flock->loads[i].demand;
	return demand;
}

static unsigned endpoints_of(const struct allot_flock *flock)
{
	unsigned set = 0;

	for (unsigned k = 0; k < flock->loads[0].row->count; k++)
		set |= 1u << flock->loads[0].row->entries[k].endpoint;
	return set;
}

/* Could any division carry it, to so much of each capacity?  By Hall's theorem:
 * unless some of the flocks together have too little to go to. */
static bool can_be_carried(const struct scene *s, double part)
{
	for (unsigned set = 1; set < 1u << s->c.count; set++) {
		double demand = 0, capacity = 0;
		unsigned endpoints = 0;

		for (size_t f = 0; f < s->c.count; f++) {
			if (!(set >> f & 1))
				continue;
			demand += demand_of(&s->flocks[f]);
			endpoints |= endpoints_of(&s->flocks[f]);
		}
		for (size_t e = 0; e < ENDPOINTS; e++)
			capacity +=
				endpoints >> e & 1 ? part * s->capacity[e] : 0;
		if (demand > capacity)
			return false;
	}
	return true;
}

static void check(const struct scene *s, const struct allot *got, int round)
{
	for (size_t f = 0; f < s->c.count; f++) {
		double goes = 0;

		for (size_t e = 0; e < ENDPOINTS; e++) {
			double accept = got->accept[f].of[e];

			goes += got->goes[f].of[e];
			if (accept < 0 || accept > 1)
				fail_msg("round %d: accepts %f", round, accept);
			if (got->goes[f].of[e] > 1e-9 &&
			    !(endpoints_of(&s->flocks[f]) >> e & 1))
				fail_msg("round %d: %zu goes to %zu", round, f,
					 e);
		}
		if (goes > demand_of(&s->flocks[f]) + 1e-6 ||
		    goes < demand_of(&s->flocks[f]) - 1e-6)
			fail_msg("round %d: %f of %f", round, goes,
				 demand_of(&s->flocks[f]));
	}
}

static double excess_of(const struct scene *s, const struct allot *got)
{
	double excess = 0;

	for (size_t e = 0; e < ENDPOINTS; e++)
		if (got->load[e] > s->capacity[e])
			excess += got->load[e] - s->capacity[e];
	return excess;
}

/* Whatever can be carried is; more capacity never makes it worse; and the same
 * case gives the same. */
static void test_any_case(void **state)
{
	struct rng rng = { world_seed() };
	unsigned carried = 0, short_of = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct allot got, again, more;
		struct scene s;
		double excess;

		draw_scene(&s, &rng);
		assert_true(allot_of(&s.c, &got));
		check(&s, &got, round);
		assert_true(allot_of(&s.c, &again));
		assert_memory_equal(got.load, again.load, sizeof(got.load));
		excess = excess_of(&s, &got);
		if (can_be_carried(&s, 0.99)) {
			carried++;
			if (got.overloaded)
				fail_msg("round %d: %f over", round, excess);
		} else if (!can_be_carried(&s, 1.01)) {
			short_of++;
			assert_true(excess > 0);
		}
		s.capacity[rng_below(&rng, ENDPOINTS)] *= 1.5;
		assert_true(allot_of(&s.c, &more));
		if (excess_of(&s, &more) > excess * 1.02 + 0.5)
			fail_msg("round %d: %f, and %f with more capacity",
				 round, excess, excess_of(&s, &more));
		allot_fini(&got);
		allot_fini(&again);
		allot_fini(&more);
	}
	print_message("# %u could be carried, and were; %u could not\n",
		      carried, short_of);
	assert_true(carried > 300 && short_of > 300);
}

/* Who would go by himself where he is to go is not told anything. */
static void test_nothing_to_say(void **state)
{
	struct scene s;
	struct allot got;

	(void)state;
	scene_init(&s);
	put_flock(&s, "0|1|2", 60, 0);
	put_flock(&s, "1|0|2", 110, 1);
	assert_true(allot_of(&s.c, &got));
	for (size_t e = 0; e < ENDPOINTS; e++)
		assert_true(got.accept[0].of[e] >= 1);
	assert_true(got.accept[1].of[1] < 0.75);
	allot_fini(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_any_case),
		cmocka_unit_test(test_nothing_to_say),
	};

	return cmocka_run_group_tests_name("allot", tests, NULL, NULL);
}
