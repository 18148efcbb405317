/* SPDX-License-Identifier: Apache-2.0 */
/* budget: what of what is down is served all the same, one row each. */
#include "policy/decide/budget.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENDPOINTS_MAX = 12, UP = -1 };

/* clang-format off */
/* regions: one letter an endpoint.  capacity: of regions a, b, ...; 0: none
 * stated.  down_s: for how long.  deferred: d, else . */
static const struct budget_row {
	const char *title, *regions;
	double capacity[4];
	uint32_t ever, at_once;
	int down_s[ENDPOINTS_MAX];
	const char *deferred;
} rows[] = {
	{ "nothing is down",                  "abcd", {0}, 50, 34, { UP, UP, UP, UP }, "...." },
	{ "one region of four, at once",      "abcd", {0}, 50, 34, { 0, UP, UP, UP }, "...." },
	{ "one of two",                       "ab",   {0}, 50, 34, { 0, UP }, ".." },
	{ "one of two that has most",         "ab",   { 90, 10 }, 50, 34, { 0, UP }, ".." },
	{ "the only one",                     "a",    {0}, 50, 34, { 0 }, "." },
	{ "one of three, whatever the limit", "abc",  {0}, 1, 1, { UP, 0, UP }, "..." },
	{ "a region with all its endpoints",  "aaab", {0}, 50, 34, { 0, 7, 3, UP }, "...." },
	{ "its last endpoint, later",         "aaab", {0}, 50, 34, { 900, 0, 600, UP }, "...." },

	{ "two of four at once: one waits",   "abcd", {0}, 50, 34, { 5, 5, UP, UP }, ".d.." },
	{ "who was first goes first",         "abcd", {0}, 50, 34, { 5, 6, UP, UP }, "d..." },
	{ "a window later both are out",      "abcd", {0}, 50, 34, { 300, 300, UP, UP }, "...." },
	{ "not a moment before",              "abcd", {0}, 50, 34, { 299, 299, UP, UP }, ".d.." },
	{ "the first is long out",            "abcd", {0}, 50, 34, { 9000, 0, UP, UP }, "...." },
	{ "and then a third is beyond half",  "abcd", {0}, 50, 34, { 9000, 0, 600, UP }, ".d.." },
	{ "it waits for recovery, not for time", "abcd", {0}, 50, 34, { 9000, 8000, 7000, UP }, "..d." },
	{ "two of six are a third",           "abcdef", {0}, 50, 34, { 0, 0, UP, UP, UP, UP }, "......" },
	{ "three of six are more",            "abcdef", {0}, 50, 34, { 0, 0, 0, UP, UP, UP }, "..d..." },
	{ "the third goes a window later",    "abcdef", {0}, 50, 34, { 301, 301, 301, UP, UP, UP }, "......" },
	{ "and a fourth never",               "abcdef", {0}, 50, 34, { 900, 900, 900, 900, UP, UP }, "...d.." },
	{ "two of three are more than half",  "abc",  {0}, 50, 34, { 900, 0, UP }, ".d." },
	{ "all of two: the second waits",     "ab",   {0}, 50, 34, { 9, 0 }, ".d" },
	{ "all of six",                       "abcdef", {0}, 50, 34, { 0, 0, 0, 0, 0, 0 }, "..dddd" },

	{ "without limits",                   "abcd", {0}, 100, 100, { 0, 0, 0, 0 }, "...." },
	{ "slower, but all",                  "abcd", {0}, 100, 34, { 10, 10, 10, 10 }, ".ddd" },
	{ "one more each window",             "abcd", {0}, 100, 34, { 310, 310, 310, 310 }, "..dd" },
	{ "each in its turn",                 "abcd", {0}, 100, 34, { 910, 910, 910, 910 }, "...." },
	{ "who has waited longest is next",   "abcdef", {0}, 100, 17, { 400, 200, 300, UP, UP, UP }, ".d...." },
	{ "a half stated is a half",          "abcd", { 30, 20, 10, 0 }, 50, 50, { 900, UP, UP, 0 }, "...d" },
	{ "a large one that does not fit now", "abcd", { 30, 20, 10, 40 }, 50, 50, { 900, 200, 300, UP }, ".d.." },
	{ "behind a large one that does not", "abcd", { 30, 20, 10, 40 }, 50, 50, { 900, UP, 200, 300 }, "...d" },
	{ "unstated counts as the mean",      "abc",  { 90, 0, 30 }, 70, 70, { 900, UP, 0 }, "..." },

	{ "one region: endpoints count",      "aaaa", {0}, 50, 34, { 0, UP, UP, UP }, "...." },
	{ "and wait as regions do",           "aaaa", {0}, 50, 34, { 5, 5, UP, UP }, ".d.." },
	{ "and are held to the half",         "aaaa", {0}, 50, 34, { 900, 800, 700, UP }, "..d." },
	{ "a region fails, a server elsewhere is long dead",
	                                      "aaabbb", {0}, 50, 34, { 9000, UP, UP, 0, 0, 0 }, "......" },
	{ "or has just died",                 "aaabbb", {0}, 50, 34, { 60, UP, UP, 0, 0, 0 }, "......" },
	{ "or dies after it",                 "aaabbb", {0}, 50, 34, { 0, UP, UP, 900, 900, 900 }, "......" },
	{ "also where two are a region",      "aabb", {0}, 50, 34, { 9000, UP, 0, 0 }, "...." },
	{ "until that other region fails",    "aabb", {0}, 50, 34, { 9000, 0, 600, 600 }, ".d.." },
	{ "but not more than a quarter",      "aaabbb", {0}, 50, 34, { 9000, 9000, UP, 0, 0, 0 }, "....dd" },
	{ "a region that fails bit by bit",   "aaabbb", {0}, 50, 34, { 100, UP, UP, 30, 20, 10 }, "......" },
	{ "and has not failed yet",           "aaabbb", {0}, 50, 34, { 100, UP, UP, 30, 20, UP }, "....d." },
	{ "a region fails beside a part of another, which goes on failing",
	                                      "aabcd", {0}, 50, 34, { 10, 0, 9, UP, UP }, ".d..." },
};
/* clang-format on */

struct case_of {
	struct policy policy;
	struct policy_service service;
	struct policy_region regions[ENDPOINTS_MAX];
	struct policy_endpoint endpoints[ENDPOINTS_MAX];
	uint32_t down_ms[ENDPOINTS_MAX];
	struct budget_state state;
};

static void init(struct case_of *c, const struct budget_row *row)
{
	memset(c, 0, sizeof(*c));
	c->policy.regions = c->regions;
	c->policy.region_count = 6;
	c->policy.services = &c->service;
	c->policy.service_count = 1;
	c->policy.safety.max_capacity_opened_pct = row->ever;
	c->policy.safety.max_capacity_at_once_pct = row->at_once;
	c->service.steer = STEER_LATENCY;
	c->service.endpoints = c->endpoints;
	c->state.down_ms = c->down_ms;
	for (size_t i = 0; i < 4; i++)
		c->regions[i].capacity = row->capacity[i];
	for (size_t i = 0; row->regions[i] != '\0'; i++) {
		c->service.endpoint_count++;
		c->endpoints[i].region = row->regions[i] - 'a';
		c->state.serving |= UINT64_C(1) << i;
		if (row->down_s[i] == UP)
			continue;
		c->state.down |= UINT64_C(1) << i;
		c->down_ms[i] = 1000 * (uint32_t)row->down_s[i];
	}
}

static uint64_t set_of(const char *letters)
{
	uint64_t set = 0;

	for (size_t i = 0; letters[i] != '\0'; i++)
		if (letters[i] == 'd')
			set |= UINT64_C(1) << i;
	return set;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct budget_row *row = &rows[i];
		struct case_of c;
		uint64_t deferred;

		init(&c, row);
		deferred = budget_defer(&c.policy, 0, &c.state);
		if (deferred != set_of(row->deferred))
			fail_msg("%s: %#llx", row->title,
				 (unsigned long long)deferred);
	}
}

/* Where order is a list, to defer would send all clients to what is down. */
static void test_failover_has_none(void **state)
{
	struct case_of c;

	(void)state;
	init(&c, &rows[18]);
	assert_int_not_equal(budget_defer(&c.policy, 0, &c.state), 0);
	c.service.steer = STEER_FAILOVER;
	assert_int_equal(budget_defer(&c.policy, 0, &c.state), 0);
}

static void draw(struct case_of *c, struct rng *rng)
{
	static const struct budget_row any = { .regions = "aabbccddeeff",
					       .ever = 50,
					       .at_once = 34 };

	init(c, &any);
	c->state.down = c->state.serving = 0;
	c->policy.safety.max_capacity_opened_pct = 1 + rng_below(rng, 100);
	c->policy.safety.max_capacity_at_once_pct = 1 + rng_below(rng, 100);
	for (size_t i = 0; i < 6; i++)
		c->regions[i].capacity = rng_below(rng, 4) * 10;
	for (size_t i = 0; i < ENDPOINTS_MAX; i++) {
		if (rng_below(rng, 4) > 0)
			c->state.serving |= UINT64_C(1) << i;
		if (rng_below(rng, 3) == 0)
			c->state.down |= UINT64_C(1) << i;
		c->down_ms[i] = 60000 * rng_below(rng, 20);
	}
	c->state.down &= c->state.serving;
}

static double capacity_in(const struct case_of *c, uint64_t set)
{
	double sum = 0, mean = 0, stated = 0;

	for (size_t r = 0; r < 6; r++) {
		mean += c->regions[r].capacity;
		stated += c->regions[r].capacity > 0;
	}
	mean = stated > 0 ? mean / stated : 1;
	for (size_t i = 0; i < ENDPOINTS_MAX; i++)
		if (set >> i & 1)
			sum += c->regions[c->endpoints[i].region].capacity > 0
				       ? c->regions[c->endpoints[i].region]
						 .capacity
				       : mean;
	return sum;
}

static bool is_one_region(const struct case_of *c, uint64_t set)
{
	int region = -1;

	for (size_t i = 0; i < ENDPOINTS_MAX; i++) {
		if (!(set >> i & 1))
			continue;
		if (region >= 0 && region != c->endpoints[i].region)
			return false;
		region = c->endpoints[i].region;
	}
	return true;
}

/* Is all of it in one region, but for a quarter of the whole? */
static bool is_but_one_region(const struct case_of *c, uint64_t set,
			      double whole)
{
	for (int region = 0; region < 6; region++) {
		uint64_t outside = set;

		for (size_t i = 0; i < ENDPOINTS_MAX; i++)
			if (c->endpoints[i].region == region)
				outside &= ~(UINT64_C(1) << i);
		if (capacity_in(c, outside) * 100 <= whole * 25.00001)
			return true;
	}
	return false;
}

/* What anybody may conclude without reading budget.c. */
static void test_promises(void **state)
{
	struct rng rng = { world_seed() };
	unsigned deferring = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct case_of c, later;
		uint64_t deferred, out;
		double whole;

		draw(&c, &rng);
		deferred = budget_defer(&c.policy, 0, &c.state);
		out = c.state.down & ~deferred;
		whole = capacity_in(&c, c.state.serving);
		assert_int_equal(deferred & ~c.state.down, 0);
		if (!is_one_region(&c, c.state.serving) &&
		    !is_but_one_region(&c, out, whole))
			assert_true(capacity_in(&c, out) * 100 <=
				    whole * 1.000001 *
					    c.policy.safety
						    .max_capacity_opened_pct);
		if (is_one_region(&c, c.state.down) &&
		    !is_one_region(&c, c.state.serving))
			assert_int_equal(deferred, 0);
		assert_true(c.state.down == 0 || out != 0);
		/* As time passes, and nothing else, nobody comes back. */
		later = c;
		later.state.down_ms = later.down_ms;
		for (size_t i = 0; i < ENDPOINTS_MAX; i++)
			later.down_ms[i] += 123456;
		assert_int_equal(budget_defer(&later.policy, 0, &later.state) &
					 ~deferred,
				 0);
		deferring += deferred != 0;
	}
	assert_true(deferring > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_failover_has_none),
		cmocka_unit_test(test_promises),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
