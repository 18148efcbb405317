/* SPDX-License-Identifier: Apache-2.0 */
/* spill: what endpoints accept, that none has to carry more than it can. */
#include "policy/decide/spill.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENDPOINTS = 6, LOADS = 5 };

struct scene {
	struct row rows[LOADS];
	struct spill_load loads[LOADS];
	double capacity[ENDPOINTS];
	struct spill_case c;
};

/* "01|2": endpoints 0 and 1 in a tier, and 2 behind. */
static struct row row_of(const char *text)
{
	struct row row;
	uint8_t tier = 0;

	memset(&row, 0, sizeof(row));
	for (; *text != '\0'; text++) {
		if (*text == '|') {
			tier++;
			continue;
		}
		row.entries[row.count++] = (struct row_entry){
			.endpoint = (uint8_t)(*text - '0'),
			.tier = tier,
			.canary = ROW_NONE,
			.weight = 1,
			.accept = ACCEPT_ALL,
		};
	}
	return row;
}

static void scene_of(struct scene *s, const char *const rows[LOADS],
		     const double *demand)
{
	memset(s, 0, sizeof(*s));
	for (size_t e = 0; e < ENDPOINTS; e++)
		s->capacity[e] = 100;
	s->c = (struct spill_case){ ENDPOINTS, s->capacity, s->loads, 0 };
	for (size_t i = 0; i < LOADS && rows[i] != NULL; i++) {
		s->rows[i] = row_of(rows[i]);
		s->loads[i] = (struct spill_load){ &s->rows[i], demand[i] };
		s->c.count++;
	}
}

/* clang-format off */
static const struct case_row {
	const char *title;
	const char *rows[LOADS];
	double demand[LOADS];
	double load[ENDPOINTS];
	bool overloaded;
} cases[] = {
	{ "all is within the bounds",   { "0|1", "1|0" }, { 70, 80 }, { 70, 80 }, false },
	{ "the next takes the rest",    { "0|1", "1|0" }, { 110, 20 }, { 80, 50 }, false },
	{ "and the next",               { "0|1|2" }, { 200 }, { 80, 80, 40 }, false },
	{ "bounds rise together",       { "0|1", "1|0" }, { 110, 70 }, { 90, 90 }, false },
	{ "no further than where it is short", { "0|1", "2|3" }, { 180, 90 }, { 90, 90, 80, 10 }, false },
	{ "too little at all",          { "0|1" }, { 240 }, { 120, 120 }, true },
	{ "and elsewhere is enough",    { "0", "1|2" }, { 150, 90 }, { 150, 80, 10 }, true },
	{ "a tier of two",              { "01|2" }, { 200 }, { 80, 80, 40 }, false },
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct case_row *row = &cases[i];
		struct scene s;
		struct spill got;

		scene_of(&s, row->rows, row->demand);
		spill_of(&s.c, &got);
		for (size_t e = 0; e < ENDPOINTS; e++)
			if (got.load[e] > row->load[e] * 1.03 + 0.5 ||
			    got.load[e] < row->load[e] * 0.97 - 0.5)
				fail_msg("%s: %zu gets %.2f, not %.2f",
					 row->title, e, got.load[e],
					 row->load[e]);
		if (got.overloaded != row->overloaded)
			fail_msg("%s: overloaded %d", row->title,
				 got.overloaded);
	}
}

static void draw_scene(struct scene *s, struct rng *rng)
{
	memset(s, 0, sizeof(*s));
	s->c = (struct spill_case){ ENDPOINTS, s->capacity, s->loads,
				    1 + rng_below(rng, LOADS) };
	for (size_t e = 0; e < ENDPOINTS; e++)
		s->capacity[e] = 20 + rng_below(rng, 100);
	for (size_t i = 0; i < s->c.count; i++) {
		struct row *row = &s->rows[i];
		unsigned first = rng_below(rng, ENDPOINTS);

		row->count = (uint8_t)(1 + rng_below(rng, ENDPOINTS));
		for (unsigned k = 0; k < row->count; k++)
			row->entries[k] = (struct row_entry){
				.endpoint = (uint8_t)((first + k) % ENDPOINTS),
				.tier = k == 0 ? 0
					       : (uint8_t)(row->entries[k - 1]
								   .tier +
							   rng_below(rng, 2)),
				.canary = ROW_NONE,
				.weight = 1 + rng_below(rng, 3),
				.accept = ACCEPT_ALL,
			};
		s->loads[i] = (struct spill_load){ row, rng_below(rng, 200) };
	}
}

/* The same clients, one by one, by the draw itself. */
static void test_flows_are_the_draw(void **state)
{
	enum { CLIENTS = 20000 };
	struct rng rng = { world_seed() };

	(void)state;
	for (int round = 0; round < 60; round++) {
		double accept[ENDPOINTS], load[ENDPOINTS],
			got[ENDPOINTS] = { 0 };
		struct share_key keys[ENDPOINTS];
		struct scene s;

		draw_scene(&s, &rng);
		s.c.count = 1;
		s.loads[0].demand = 1;
		for (size_t e = 0; e < ENDPOINTS; e++) {
			accept[e] = (1 + rng_below(&rng, 100)) / 100.0;
			keys[e] = (struct share_key){ rng_next(&rng),
						      rng_next(&rng) };
		}
		spill_loads(&s.c, accept, load);
		for (unsigned k = 0; k < s.rows[0].count; k++)
			s.rows[0].entries[k].accept = accept_of(
				accept[s.rows[0].entries[k].endpoint]);
		for (unsigned i = 0; i < CLIENTS; i++) {
			uint8_t picks[POLICY_ENDPOINTS_MAX];

			assert_int_equal(share_pick(&s.rows[0], keys,
						    world_client(i), 1, picks),
					 1);
			got[picks[0]] += 1.0 / CLIENTS;
		}
		for (size_t e = 0; e < ENDPOINTS; e++)
			if (got[e] > load[e] + 0.015 ||
			    got[e] < load[e] - 0.015)
				fail_msg("round %d: %zu gets %.4f, not %.4f",
					 round, e, got[e], load[e]);
	}
}

/* Could any division carry it?  By Hall's theorem: unless some of the loads
 * together have too little to go to. */
static bool can_be_carried(const struct scene *s)
{
	for (unsigned set = 1; set < 1u << s->c.count; set++) {
		double demand = 0, capacity = 0;
		unsigned endpoints = 0;

		for (size_t i = 0; i < s->c.count; i++) {
			if (!(set >> i & 1))
				continue;
			demand += s->loads[i].demand;
			for (unsigned k = 0; k < s->rows[i].count; k++)
				endpoints |= 1u
					     << s->rows[i].entries[k].endpoint;
		}
		for (size_t e = 0; e < ENDPOINTS; e++)
			capacity += endpoints >> e & 1 ? s->capacity[e] : 0;
		if (demand > capacity)
			return false;
	}
	return true;
}

static double excess_of(const struct scene *s, const struct spill *got)
{
	double excess = 0;

	for (size_t e = 0; e < ENDPOINTS; e++)
		if (got->load[e] > s->capacity[e])
			excess += got->load[e] - s->capacity[e];
	return excess;
}

static void check(const struct scene *s, const struct spill *got, int round)
{
	double demand = 0, load = 0;
	unsigned named = 0;

	for (size_t i = 0; i < s->c.count; i++) {
		demand += s->loads[i].demand;
		for (unsigned k = 0; k < s->rows[i].count; k++)
			named |= 1u << s->rows[i].entries[k].endpoint;
	}
	for (size_t e = 0; e < ENDPOINTS; e++) {
		load += got->load[e];
		if (!(named >> e & 1) && got->load[e] > 0)
			fail_msg("round %d: %zu gets what it may not", round,
				 e);
		if (got->accept[e] < 0.001 || got->accept[e] > 1)
			fail_msg("round %d: accepts %f", round, got->accept[e]);
	}
	if (load > demand + 1e-6 || load < demand - 1e-6)
		fail_msg("round %d: %f of %f", round, load, demand);
}

static void test_any_case(void **state)
{
	struct rng rng = { world_seed() };
	unsigned carried = 0, missed = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct spill got, again, more;
		struct scene s;
		double excess;
		size_t e;

		draw_scene(&s, &rng);
		spill_of(&s.c, &got);
		check(&s, &got, round);
		spill_of(&s.c, &again);
		assert_memory_equal(&got, &again, sizeof(got));
		if (can_be_carried(&s)) {
			carried++;
			missed += got.overloaded;
		} else if (excess_of(&s, &got) <= 0) {
			fail_msg("round %d: it cannot be carried", round);
		}
		excess = excess_of(&s, &got);
		e = rng_below(&rng, ENDPOINTS);
		s.capacity[e] *= 1.5;
		spill_of(&s.c, &more);
		if (excess_of(&s, &more) > excess * 1.1 + 3)
			fail_msg("round %d: %f, and %f with more capacity",
				 round, excess, excess_of(&s, &more));
	}
	print_message("# %u of %u that could be carried were not: acceptance "
		      "is one for all classes of clients\n",
		      missed, carried);
	assert_true(carried > 500 && missed * 10 < carried);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_flows_are_the_draw),
		cmocka_unit_test(test_any_case),
	};

	return cmocka_run_group_tests_name("spill", tests, NULL, NULL);
}
