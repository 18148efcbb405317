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
					  .region = -1,
					  .dnssec_ok = true,
					  .truncated = true };
	struct answer_outcome unheard_of = { .rcode = 255, .service = 70000 };
	struct stats_sum sum;

	(void)state;
	stats_count(stats_block(stats, 0), STATS_UDP, &good, 50);
	stats_count(stats_block(stats, 1), STATS_TCP, &good, 50);
	stats_count(stats_block(stats, 1), STATS_DOT, &refused, 50);
	stats_count(stats_block(stats, 1), STATS_UDP, &good, 0);
	stats_count(stats_block(stats, 0), STATS_UDP, &unheard_of, 50);
	stats_count_event(stats_block(stats, 0), STATS_UNSENT, 2);
	sum = stats_sum(stats);
	assert_int_equal(sum.answers, 4);
	assert_int_equal(sum.rcodes[STATS_UDP][0], 1);
	assert_int_equal(sum.rcodes[STATS_TCP][0], 1);
	assert_int_equal(sum.rcodes[STATS_DOT][5], 1);
	assert_int_equal(sum.rcodes[STATS_UDP][STATS_OTHER_RCODE], 1);
	assert_int_equal(stats_transport(&sum, STATS_UDP), 2);
	assert_int_equal(stats_rcode(&sum, 0), 2);
	assert_int_equal(sum.events[STATS_TRUNCATED], 1);
	assert_int_equal(sum.events[STATS_ECS], 2);
	assert_int_equal(sum.events[STATS_DNSSEC_OK], 1);
	assert_int_equal(sum.events[STATS_SILENT], 1);
	assert_int_equal(sum.events[STATS_UNSENT], 2);
	assert_int_equal(stats_service(stats, 3), 2);
	stats_free(stats);
}

static void test_rcodes_have_names(void **state)
{
	static const struct {
		size_t rcode;
		const char *name;
	} rows[] = {
		{ 0, "NOERROR" },
		{ 3, "NXDOMAIN" },
		{ 16, "BADVERS" },
		{ 17, "RCODE17" },
		{ STATS_OTHER_RCODE, "other" },
	};
	char buf[STATS_RCODE_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(stats_rcode_name(rows[i].rcode, buf),
				    rows[i].name);
}

static void count(struct stats *stats, size_t block,
		  const struct answer_outcome *outcome, unsigned times)
{
	while (times-- > 0)
		stats_count(stats_block(stats, block), STATS_UDP, outcome, 50);
}

/* What a policy of two services and two regions calls them. */
struct names {
	const char *services[2], *regions[2], *zones[2];
};

static bool follow(struct stats *stats, const struct names *before,
		   const struct names *now)
{
	const struct names *names[2] = { before, now };
	struct policy_service services[2][2] = { 0 };
	struct policy_region regions[2][2] = { 0 };
	struct policy_zone zones[2][2] = { 0 };
	struct policy policies[2] = { 0 };

	for (size_t p = 0; p < 2; p++) {
		for (size_t i = 0; i < 2; i++) {
			services[p][i].name = names[p]->services[i];
			regions[p][i].name = names[p]->regions[i];
			zones[p][i].name = names[p]->zones[i];
		}
		policies[p].services = services[p];
		policies[p].service_count = 2;
		policies[p].regions = regions[p];
		policies[p].region_count = 2;
		policies[p].zones = zones[p];
		policies[p].zone_count = 2;
	}
	return stats_follow(stats, &policies[0], &policies[1]);
}

static void test_services_keep_their_counts(void **state)
{
	static const struct names ab = { { "a", "b" },
					 { "r", "s" },
					 { "x", "y" } };
	static const struct names bc = { { "b", "c" },
					 { "r", "s" },
					 { "x", "y" } };
	static const struct names cb = { { "c", "b" },
					 { "r", "s" },
					 { "x", "y" } };
	const struct answer_outcome first = { .service = 0, .region = -1 };
	const struct answer_outcome second = { .service = 1 };
	struct stats *stats = stats_new(2);

	(void)state;
	count(stats, 0, &first, 10);
	count(stats, 1, &first, 1);
	count(stats, 1, &second, 5);
	/* The first goes, the second becomes the first, a new one comes. */
	assert_true(follow(stats, &ab, &bc));
	assert_int_equal(stats_service(stats, 0), 5);
	assert_int_equal(stats_service(stats, 1), 0);
	count(stats, 0, &first, 2);
	count(stats, 0, &second, 3);
	assert_int_equal(stats_service(stats, 0), 7);
	assert_int_equal(stats_service(stats, 1), 3);
	/* They change places, and again. */
	assert_true(follow(stats, &bc, &cb));
	count(stats, 1, &second, 1);
	assert_int_equal(stats_service(stats, 0), 3);
	assert_int_equal(stats_service(stats, 1), 8);
	assert_int_equal(stats_sum(stats).answers, 22);
	stats_free(stats);
}

static void test_regions_keep_their_counts(void **state)
{
	static const struct names rs = { { "a", "b" },
					 { "r", "s" },
					 { "x", "y" } };
	static const struct names ts = { { "a", "b" },
					 { "t", "s" },
					 { "x", "y" } };
	static const struct names st = { { "a", "b" },
					 { "s", "t" },
					 { "x", "y" } };
	const struct answer_outcome here = { .service = 0, .region = 0 };
	const struct answer_outcome there = { .service = 0, .region = 1 };
	const struct answer_outcome nowhere = { .service = 0, .region = -1 };
	struct stats *stats = stats_new(2);

	(void)state;
	count(stats, 0, &here, 1);
	count(stats, 1, &here, 2);
	count(stats, 0, &there, 4);
	count(stats, 1, &nowhere, 8);
	assert_int_equal(stats_pair(stats, 0, 0), 3);
	assert_int_equal(stats_pair(stats, 0, 1), 4);
	assert_int_equal(stats_pair(stats, 0, STATS_NO_REGION), 8);
	/* A new one before the second; the first is gone from the pairs, but
	 * not from the service. */
	assert_true(follow(stats, &rs, &ts));
	assert_int_equal(stats_pair(stats, 0, 0), 0);
	assert_int_equal(stats_pair(stats, 0, 1), 4);
	assert_int_equal(stats_service(stats, 0), 15);
	count(stats, 0, &here, 1);
	/* They change places: nothing is lost in the next renumbering. */
	assert_true(follow(stats, &ts, &st));
	assert_int_equal(stats_pair(stats, 0, 0), 4);
	assert_int_equal(stats_pair(stats, 0, 1), 1);
	assert_int_equal(stats_pair(stats, 0, STATS_NO_REGION), 8);
	assert_int_equal(stats_service(stats, 0), 16);
	stats_free(stats);
}

/* Homes are regions, too: they move with their names, apart from what was
 * answered. */
static void test_homes_keep_their_counts(void **state)
{
	static const struct names rs = { { "a", "b" },
					 { "r", "s" },
					 { "x", "y" } };
	static const struct names ts = { { "b", "a" },
					 { "t", "s" },
					 { "x", "y" } };
	const struct answer_outcome far = { .region = 0, .home = 1 };
	const struct answer_outcome near = { .region = 1, .home = 1 };
	const struct answer_outcome lost = { .home = DEMAND_NOWHERE };
	const struct answer_outcome gone = { .home = 0 };
	const struct answer_outcome none = { .service = -1, .home = 1 };
	struct stats *stats = stats_new(2);

	(void)state;
	count(stats, 0, &far, 1);
	count(stats, 1, &near, 2);
	count(stats, 1, &lost, 4);
	count(stats, 0, &gone, 8);
	count(stats, 0, &none, 16);
	assert_int_equal(stats_home(stats, 0, 1), 3);
	assert_int_equal(stats_home(stats, 0, DEMAND_NOWHERE), 4);
	assert_true(follow(stats, &rs, &ts));
	assert_int_equal(stats_home(stats, 0, 1), 0);
	assert_int_equal(stats_home(stats, 1, 0), 0);
	assert_int_equal(stats_home(stats, 1, 1), 3);
	assert_int_equal(stats_home(stats, 1, DEMAND_NOWHERE), 4);
	count(stats, 0, &near, 5);
	assert_int_equal(stats_home(stats, 0, 1), 5);
	assert_int_equal(stats_service(stats, 1), 15);
	stats_free(stats);
}

static void test_zones_keep_their_counts(void **state)
{
	static const struct names xy = { { "a", "b" },
					 { "r", "s" },
					 { "x", "y" } };
	static const struct names yz = { { "a", "b" },
					 { "r", "s" },
					 { "y", "z" } };
	const struct answer_outcome first = { .zone = 0 };
	const struct answer_outcome second = { .zone = 1 };
	const struct answer_outcome outside = { .zone = -1 };
	struct stats *stats = stats_new(2);

	(void)state;
	count(stats, 0, &first, 1);
	count(stats, 1, &second, 2);
	count(stats, 1, &outside, 4);
	assert_int_equal(stats_zone(stats, 0), 1);
	assert_int_equal(stats_zone(stats, 1), 2);
	assert_true(follow(stats, &xy, &yz));
	count(stats, 0, &first, 8);
	assert_int_equal(stats_zone(stats, 0), 10);
	assert_int_equal(stats_zone(stats, 1), 0);
	stats_free(stats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_over_blocks),
		cmocka_unit_test(test_rcodes_have_names),
		cmocka_unit_test(test_services_keep_their_counts),
		cmocka_unit_test(test_regions_keep_their_counts),
		cmocka_unit_test(test_homes_keep_their_counts),
		cmocka_unit_test(test_zones_keep_their_counts),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
