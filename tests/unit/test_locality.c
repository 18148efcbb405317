/* SPDX-License-Identifier: Apache-2.0 */
/* locality: who is cut off from an endpoint that others reach. */
#include "policy/decide/locality.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* clang-format off */
/* Votes of iad, dub, fra and sin on the third endpoint: up, down, or none. */
static const struct locality_row {
	const char *title, *votes;
	uint32_t quorum;
	double latitude, longitude;
	bool away;
	bool one_network; /* all but iad */
} rows[] = {
	{ "nobody says down",             "uuuu", 2, 53.3,  -6.3, false, false },
	{ "Dublin: both of Europe do",    "uddu", 2, 53.3,  -6.3, true, false },
	{ "Frankfurt does, too",          "uddu", 2, 50.1,   8.7, true, false },
	{ "New York hears iad",           "uddu", 2, 40.7, -74.0, false, false },
	{ "Singapore hears sin",          "uddu", 2,  1.4, 103.8, false, false },
	{ "one is no quorum",             "uudu", 2, 50.1,   8.7, false, false },
	{ "unless the quorum is one",     "uudu", 1, 50.1,   8.7, true, false },
	{ "which others do not share",    "uudu", 1, 53.3,  -6.3, false, false },
	{ "who abstains is passed over",  "u-du", 1, 53.3,  -6.3, true, false },
	{ "and is nobody's neighbour",    "u-du", 1, 40.7, -74.0, false, false },
	{ "a network is one neighbour",   "uddd", 2, 53.3,  -6.3, false, true },
	{ "which is enough for one",      "uddd", 1, 53.3,  -6.3, true, true },
	{ "down for all is not our matter", "dddu", 2, 53.3, -6.3, false, false },
};
/* clang-format on */

static void test_rows(void **state)
{
	static const struct quorum_result up = { .verdict = VERDICT_UP };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct locality_row *row = &rows[i];
		struct quorum_votes votes = { 0 };
		struct electorate electorate;
		struct latency_room room;
		struct latency_ways ways = latency_ways_in(&room);
		struct locality locality;
		struct world w;

		print_message("# %s\n", row->title);
		world_init(&w);
		w.check.quorum = row->quorum;
		for (size_t v = 0; v < WORLD_VANTAGES; v++) {
			uint64_t vantage = UINT64_C(1) << v;

			votes.up |= row->votes[v] == 'u' ? vantage : 0;
			votes.down |= row->votes[v] == 'd' ? vantage : 0;
			w.vantages[v].asn =
				row->one_network ? 64500 * (v > 0) : 0;
		}
		electorate = electorate_of(&w.policy);
		w.view_endpoints[2].health =
			quorum_of(&electorate, votes, row->quorum, &up);
		latency_go(&w.policy, row->latitude, row->longitude, &ways);
		locality = locality_of(&w.policy, &w.view, 0);
		assert_int_equal(locality_away(&locality, &ways),
				 row->away ? 4 : 0);
		w.class.latitude = row->latitude;
		w.class.longitude = row->longitude;
		assert_int_equal(world_row(&w, NULL).count,
				 w.view_endpoints[2].health.verdict ==
							 VERDICT_DOWN ||
						 row->away
					 ? WORLD_REGIONS - 1
					 : WORLD_REGIONS);
	}
}

/* A client of no known place gets the verdict alone, one without a check
 * nothing. */
static void test_of_no_place(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.view_endpoints[2].health = (struct quorum_result){
		.verdict = VERDICT_UP,
		.up = 2,
		.down = 2,
		.up_by = 9,
		.down_by = 6,
		.split = true,
	};
	assert_int_equal(world_row(&w, NULL).count, WORLD_REGIONS - 1);
	w.class.located = false;
	assert_int_equal(world_row(&w, NULL).count, WORLD_REGIONS);
	w.class.located = true;
	w.service.check = POLICY_NONE;
	assert_int_equal(world_row(&w, NULL).count, WORLD_REGIONS);
}

/* Cut off from all that residency leaves, a client gets one all the same. */
static void test_never_empty(void **state)
{
	struct world w;
	struct row row;

	(void)state;
	world_init(&w);
	w.class.regions = 4;
	w.view_endpoints[2].health = (struct quorum_result){
		.verdict = VERDICT_UP,
		.up_by = 9,
		.down_by = 6,
		.split = true,
	};
	row = world_row(&w, NULL);
	assert_int_equal(row.count, 1);
	assert_int_equal(row.entries[0].endpoint, 2);
	assert_int_equal(row.note, ROW_NONE_HEALTHY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_of_no_place),
		cmocka_unit_test(test_never_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
