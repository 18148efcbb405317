/* SPDX-License-Identifier: Apache-2.0 */
/* flock: clients whom capacity sends elsewhere, in the chain and in a view. */
#include "policy/decide/flock.h"

#include "decide_world.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ALL = (1 << WORLD_REGIONS) - 1, DUBLIN = 2 };

/* One flock, of the world's class unless it says otherwise. */
struct one {
	struct flock flock;
	uint32_t accept[WORLD_ENDPOINTS];
};

/* accept: ten digits a part; 'F' all. */
static void put_flock(struct world *w, struct one *one, uint64_t among,
		      uint8_t home, const char *accept)
{
	*one = (struct one){ .flock = { among, home, one->accept } };
	for (size_t i = 0; i < WORLD_ENDPOINTS; i++)
		one->accept[i] = ACCEPT_ALL;
	for (size_t i = 0; accept[i] != '\0'; i++)
		one->accept[i] = accept[i] == 'F'
					 ? ACCEPT_ALL
					 : accept_of((accept[i] - '0') / 10.0);
	w->view_service.flocks = &one->flock;
	w->view_service.flock_count = 1;
}

/* clang-format off */
static const struct chain_case {
	const char *title, *letters, *accept, *row;
	uint64_t among;
	uint8_t home;
} cases[] = {
	/* us-east us-west eu-west eu-central ap-south sa-east; of Dublin. */
	{ "nothing is said of them",  "......", "000000", "2", ALL & ~1, DUBLIN },
	{ "nor of their home",        "......", "000000", "2", ALL, 3 },
	{ "all accept all",           "......", "FFFFFF", "2", ALL, DUBLIN },
	{ "the next takes the rest",  "......", "FF5FFF", "2|3", ALL, DUBLIN },
	{ "and the one after it",     "......", "FF55FF", "2|3|0", ALL, DUBLIN },
	{ "who takes nobody is out",  "......", "FF0FFF", "3", ALL, DUBLIN },
	{ "all refuse: as without",   "......", "000000", "2", ALL, DUBLIN },
	{ "all that are left refuse", "....dd", "FFFF00", "2", ALL, DUBLIN },
	{ "those who accept are down","ddd.dd", "FFF0FF", "3", ALL, DUBLIN },
	{ "residency holds",          "xx..xx", "FF05FF", "3", 12, DUBLIN },
	{ "a drained one stays out",  "...c..", "FF5FFF", "2|0", ALL, DUBLIN },
	{ "in panic all count",       "dddddd", "FF0FFF", "2", ALL, DUBLIN },
};
/* clang-format on */

static void test_chain(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct chain_case *c = &cases[i];
		struct world w;
		struct one one;
		struct row row;
		char text[2 * WORLD_ENDPOINTS];

		world_init(&w);
		w.service.steer = STEER_GEO;
		world_letters(&w, c->letters);
		put_flock(&w, &one, c->among, c->home, c->accept);
		row = world_row(&w, NULL);
		if (strcmp(world_row_text(&row, text), c->row) != 0)
			fail_msg("%s: %s, not %s", c->title, text, c->row);
	}
}

/* The share of a flock and that of a ramp are both taken. */
static void test_shares_multiply(void **state)
{
	struct chain_trace trace;
	struct world w;
	struct one one;
	struct row row;

	(void)state;
	world_init(&w);
	w.service.steer = STEER_GEO;
	w.view_endpoints[DUBLIN].accept = accept_of(0.5);
	put_flock(&w, &one, ALL, DUBLIN, "FF5FFF");
	row = world_row(&w, &trace);
	assert_int_equal(row.entries[0].accept, accept_of(0.25));
	assert_int_equal(trace.home, DUBLIN);
	assert_int_equal(trace.endpoints[DUBLIN].spilled, accept_of(0.5));
	assert_int_equal(trace.endpoints[3].spilled, ACCEPT_ALL);
}

/* Where order goes by no distance, or the place is not known. */
static void test_no_home(void **state)
{
	struct world w;
	struct one one;
	struct row row;

	(void)state;
	world_init(&w);
	w.service.steer = STEER_FAILOVER;
	put_flock(&w, &one, ALL, FLOCK_NO_HOME, "5FFFFF");
	row = world_row(&w, NULL);
	assert_int_equal(row.count, 2);
	w.service.steer = STEER_GEO;
	w.class.located = false;
	row = world_row(&w, NULL);
	assert_int_equal(row.entries[0].accept, accept_of(0.5));
}

static uint8_t pick(const struct world *w, const struct row *row, unsigned k)
{
	uint8_t picks[POLICY_ENDPOINTS_MAX];

	assert_int_equal(share_pick(row, w->keys, world_client(k), 1, picks),
			 1);
	return picks[0];
}

/* Any world: nothing is added, nothing is left empty, and where less is
 * accepted of one endpoint only its own clients move. */
static void test_any_world(void **state)
{
	struct rng rng = { world_seed() };
	unsigned moved = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct row plain, before, after;
		struct world w;
		struct one one;
		uint64_t among = 0;
		uint8_t less;

		world_draw(&w, &rng);
		w.service.answers = 1;
		plain = world_row(&w, NULL);
		for (size_t e = 0; e < w.service.endpoint_count; e++)
			if (w.endpoints[e].canary == POLICY_NONE &&
			    (w.class.regions >> w.endpoints[e].region & 1) != 0)
				among |= UINT64_C(1) << e;
		for (uint8_t home = 0; home < WORLD_REGIONS; home++) {
			put_flock(&w, &one, among,
				  w.service.steer < 2 && w.class.located
					  ? home
					  : FLOCK_NO_HOME,
				  "");
			for (size_t e = 0; e < WORLD_REGIONS; e++)
				one.accept[e] =
					accept_of(rng_below(&rng, 5) / 4.0);
			before = world_row(&w, NULL);
			assert_int_equal(before.count == 0, plain.count == 0);
			if (before.count == 0)
				continue;
			less = before.entries[0].endpoint;
			if (one.accept[less] == ACCEPT_NONE)
				continue;
			one.accept[less] /= 2;
			after = world_row(&w, NULL);
			for (unsigned k = 0; k < 50; k++) {
				uint8_t was = pick(&w, &before, k);
				uint8_t is = pick(&w, &after, k);
				int stable =
					w.endpoints[was].canary == POLICY_NONE
						? was
						: w.endpoints[was].shadows;

				assert_true(w.class.regions >>
						    w.endpoints[is].region &
					    1);
				moved += was != is;
				assert_true(was == is || stable == less);
			}
		}
	}
	assert_true(moved > 1000);
}

static struct view *view_of(struct world *w, const char *spills)
{
	static const struct heard_report silent[WORLD_VANTAGES];
	struct view_input in = { .reports = silent };
	struct error err;
	struct plan *plan = plan_parse(spills, strlen(spills), &err);
	struct view *view;

	if (plan == NULL)
		fail_msg("%s", err.text);
	in.plan = plan;
	view = view_reduce(&w->policy, &in);
	assert_non_null(view);
	plan_free(plan);
	return view;
}

#define PLAN "{\"epoch\":1,\"sequence\":1,\"spills\":["
#define PART(name, share) "{\"endpoint\":\"" name "\",\"share\":" #share "}"

/* By name; what the policy does not have is left out; and back. */
static void test_view(void **state)
{
	struct world w;
	struct view *view, *same, *other;
	struct plan_spills told;

	(void)state;
	world_init(&w);
	view = view_of(
		&w, PLAN
		"{\"service\":\"www\",\"home\":\"eu-west\","
		"\"parts\":[" PART("eu-west", 0.5) "," PART(
			"us-east",
			1) "]},"
			   "{\"service\":\"www\",\"home\":\"moon\","
			   "\"parts\":[" PART(
				   "eu-west",
				   0) "]},"
				      "{\"service\":\"www\",\"home\":\"us-east\","
				      "\"parts\":[" PART(
					      "eu-west",
					      0) "]},"
						 "{\"service\":\"api\",\"parts\":[" PART(
							 "eu-west",
							 0) "]},"
							    "{\"service\":\"www\",\"parts\":[" PART(
								    "moon",
								    0) "]}]}");
	assert_int_equal(view->services[0].flock_count, 1);
	assert_int_equal(flock_find(&view->services[0], 5, 2)[2],
			 accept_of(0.5));
	assert_int_equal(flock_find(&view->services[0], 5, 2)[0], ACCEPT_ALL);
	assert_null(flock_find(&view->services[0], 5, 0));
	assert_null(flock_find(&view->services[0], 4, 2));
	assert_true(flocks_tell(view, 0, &told));
	assert_int_equal(told.count, 1);
	assert_string_equal(told.list[0].home, "eu-west");
	same = view_of(&w, PLAN "]}");
	assert_false(view_same(view, same, 0));
	assert_true(flocks_fill_service(same, 0, &told));
	assert_true(view_same(view, same, 0));
	other = view_of(&w, PLAN
			"{\"service\":\"www\",\"home\":\"eu-west\","
			"\"parts\":[" PART("eu-west", 0.25) "," PART("us-east",
								     1) "]}]}");
	assert_false(view_same(view, other, 0));
	plan_spills_fini(&told);
	view_free(view);
	view_free(same);
	view_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_shares_multiply),
		cmocka_unit_test(test_no_home),
		cmocka_unit_test(test_any_world),
		cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests_name("flock", tests, NULL, NULL);
}
