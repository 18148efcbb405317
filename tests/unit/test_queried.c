/* SPDX-License-Identifier: Apache-2.0 */
/* queried: what was counted since the last time is told, when it is due. */
#include "dns/queried.h"

#include "dns/answer.h"
#include "dns/stats.h"
#include "policy/bus/node_counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { EVERY = NODE_COUNTS_EVERY_MS };

struct scene {
	struct policy_service services[3];
	struct policy_region regions[2];
	struct policy policy;
	struct stats *stats;
	struct queried queried;
};

static void set_up(struct scene *s)
{
	*s = (struct scene){
		.services = { { .name = "www" },
			      { .name = "idle" },
			      { .name = "api" } },
		.regions = { { .name = "eu" }, { .name = "us" } },
	};
	s->policy = (struct policy){ .services = s->services,
				     .service_count = 3,
				     .regions = s->regions,
				     .region_count = 2 };
	s->stats = stats_new(2);
	assert_non_null(s->stats);
}

static void tear_down(struct scene *s)
{
	queried_forget(&s->queried);
	stats_free(s->stats);
}

static void ask(struct scene *s, int service, size_t home, unsigned times)
{
	const struct answer_outcome outcome = { .service = service,
						.home = (uint8_t)home };

	while (times-- > 0)
		stats_count(stats_block(s->stats, times % 2), STATS_UDP,
			    &outcome, 50);
}

static bool tell(struct scene *s, int64_t now_ms, struct node_counts *out)
{
	return queried_tell(&s->queried, s->stats, &s->policy, now_ms, out);
}

static void test_tells_what_came_since(void **state)
{
	struct node_counts counts;
	struct scene s;

	(void)state;
	set_up(&s);
	ask(&s, 0, 0, 100);
	/* What came before it began is nobody's news. */
	assert_false(tell(&s, 5, &counts));
	ask(&s, 0, 1, 3);
	ask(&s, 2, 0, 4);
	ask(&s, 2, DEMAND_NOWHERE, 5);
	assert_false(tell(&s, 5 + EVERY - 1, &counts));
	assert_true(tell(&s, 5 + EVERY + 2, &counts));
	assert_int_equal(counts.over_ms, EVERY + 2);
	assert_int_equal(counts.home_count, 3);
	assert_string_equal(counts.homes[0], "eu");
	assert_string_equal(counts.homes[1], "us");
	assert_string_equal(counts.homes[2], "");
	assert_int_equal(counts.count, 2);
	assert_string_equal(counts.rows[0].service, "api");
	assert_int_equal(counts.rows[0].of[0], 4);
	assert_int_equal(counts.rows[0].of[1], 0);
	assert_int_equal(counts.rows[0].of[2], 5);
	assert_string_equal(counts.rows[1].service, "www");
	assert_int_equal(counts.rows[1].of[0], 0);
	assert_int_equal(counts.rows[1].of[1], 3);
	node_counts_fini(&counts);
	/* Once each; and that nobody asked is told, too. */
	assert_true(tell(&s, 6 + 2 * EVERY + 2, &counts));
	assert_int_equal(counts.count, 0);
	node_counts_fini(&counts);
	tear_down(&s);
}

static void test_begins_anew(void **state)
{
	struct node_counts counts;
	struct scene s;

	(void)state;
	set_up(&s);
	assert_false(tell(&s, 5, &counts));
	ask(&s, 0, 1, 3);
	queried_forget(&s.queried);
	assert_false(tell(&s, 5 + EVERY, &counts));
	ask(&s, 0, 1, 4);
	assert_true(tell(&s, 5 + 2 * EVERY, &counts));
	assert_int_equal(counts.rows[0].of[1], 4);
	node_counts_fini(&counts);
	/* After a sleep: a record must not say what no reader takes. */
	ask(&s, 0, 1, 5);
	assert_false(tell(&s, 6 + 2 * EVERY + NODE_COUNTED_MS_MAX, &counts));
	assert_true(tell(&s, 6 + 3 * EVERY + NODE_COUNTED_MS_MAX, &counts));
	assert_int_equal(counts.count, 0);
	node_counts_fini(&counts);
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells_what_came_since),
		cmocka_unit_test(test_begins_anew),
	};

	return cmocka_run_group_tests_name("queried", tests, NULL, NULL);
}
