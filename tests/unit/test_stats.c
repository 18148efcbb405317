/* SPDX-License-Identifier: Apache-2.0 */
/* stats: sums over writers; services keep their counts over reloads. */
#include "dns/answer.h"
#include "dns/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_sums_over_blocks(void **state)
{
	struct stats *stats = stats_new(2);
	struct answer_outcome good = { .service = 3, .ecs = true };
	struct answer_outcome refused = { .rcode = 5,
					  .service = -1,
					  .truncated = true };
	struct answer_outcome unheard_of = { .rcode = 255, .service = 70000 };
	struct stats_sum sum;

	(void)state;
	stats_count(stats_block(stats, 0), STATS_UDP, &good, 50);
	stats_count(stats_block(stats, 1), STATS_TCP, &good, 50);
	stats_count(stats_block(stats, 1), STATS_TCP, &refused, 50);
	stats_count(stats_block(stats, 1), STATS_UDP, &good, 0);
	stats_count(stats_block(stats, 0), STATS_UDP, &unheard_of, 50);
	stats_count_unsent(stats_block(stats, 0), 2);
	sum = stats_sum(stats);
	assert_int_equal(sum.answers, 4);
	assert_int_equal(sum.transports[STATS_UDP], 2);
	assert_int_equal(sum.transports[STATS_TCP], 2);
	assert_int_equal(sum.rcodes[0], 2);
	assert_int_equal(sum.rcodes[5], 1);
	assert_int_equal(sum.truncated, 1);
	assert_int_equal(sum.ecs, 2);
	assert_int_equal(sum.silent, 1);
	assert_int_equal(sum.unsent, 2);
	assert_int_equal(stats_service(stats, 3), 2);
	stats_free(stats);
}

static void count(struct stats *stats, size_t block, int service,
		  unsigned times)
{
	struct answer_outcome outcome = { .service = service };

	while (times-- > 0)
		stats_count(stats_block(stats, block), STATS_UDP, &outcome, 50);
}

static void test_services_keep_their_counts(void **state)
{
	struct stats *stats = stats_new(2);

	(void)state;
	count(stats, 0, 0, 10);
	count(stats, 1, 0, 1);
	count(stats, 1, 1, 5);
	/* The first goes, the second becomes the first, a new one comes. */
	assert_true(stats_renumber(stats, (int[]){ 1, -1 }, 2));
	assert_int_equal(stats_service(stats, 0), 5);
	assert_int_equal(stats_service(stats, 1), 0);
	count(stats, 0, 0, 2);
	count(stats, 0, 1, 3);
	assert_int_equal(stats_service(stats, 0), 7);
	assert_int_equal(stats_service(stats, 1), 3);
	/* They change places, and again. */
	assert_true(stats_renumber(stats, (int[]){ 1, 0 }, 2));
	count(stats, 1, 1, 1);
	assert_int_equal(stats_service(stats, 0), 3);
	assert_int_equal(stats_service(stats, 1), 8);
	assert_int_equal(stats_sum(stats).answers, 22);
	stats_free(stats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_over_blocks),
		cmocka_unit_test(test_services_keep_their_counts),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
