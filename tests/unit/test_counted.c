/* SPDX-License-Identifier: Apache-2.0 */
/* counted: what documents of edges come to, for each version at a stage. */
#include "steering/counted.h"

#include "steer_world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* www: us-east and eu-west, and v2 of both; requests, and a tenth failed. */
struct said {
	const char *node;
	uint64_t sequence;
	int64_t start;
	uint64_t stable_us, stable_eu, v2_us, v2_eu;
};

static void put_row(struct served *s, const char *endpoint, const char *canary,
		    uint64_t requests)
{
	struct served_row *row = &s->rows[s->count++];

	snprintf(row->service, sizeof(row->service), "www");
	snprintf(row->endpoint, sizeof(row->endpoint), "%s", endpoint);
	snprintf(row->canary, sizeof(row->canary), "%s", canary);
	row->count.requests = requests;
	row->count.errors = requests / 10;
	row->count.latency[20] = requests;
}

static struct served *document(const struct said *said)
{
	struct served *s = calloc(1, sizeof(*s));

	snprintf(s->node, sizeof(s->node), "%s", said->node);
	s->sequence = said->sequence;
	s->wall_start_ms = said->start;
	s->rows = calloc(4, sizeof(*s->rows));
	put_row(s, "us-east", "", said->stable_us);
	put_row(s, "eu-west", "", said->stable_eu);
	put_row(s, "us-east", "v2", said->v2_us);
	put_row(s, "eu-west", "v2", said->v2_eu);
	served_sort(s);
	return s;
}

struct world {
	struct steer_world w;
	struct counted c;
};

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	steer_init(&w->w);
	/* A canary's endpoints are called as the policy calls them. */
	w->w.www[V2_US_EAST].name = "v2/us-east";
	w->w.www[V2_EU_WEST].name = "v2/eu-west";
	assert_true(counted_adopt(&w->c, &w->w.policy));
}

static void hear(struct world *w, struct said said, int64_t now_ms)
{
	assert_true(counted_take(&w->c, document(&said), now_ms));
}

/* Requests of the canary and of the stable version at a stage. */
static void check_counts(struct world *w, uint32_t stage, int64_t now_ms,
			 const uint64_t wanted[ARMS])
{
	struct measure m = counted_measure(&w->c, 0, stage, now_ms);

	for (enum arm arm = 0; arm < ARMS; arm++) {
		assert_int_equal(m.arms[arm].outcome, MEASURE_OK);
		assert_int_equal(m.arms[arm].total.requests, wanted[arm]);
		assert_int_equal(latencies_total(&m.arms[arm].latencies),
				 wanted[arm]);
	}
	assert_int_equal(m.taken_ms, now_ms);
}

static void test_differences(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	/* The first document is where counting begins. */
	hear(&w, (struct said){ "e1", 1, 7, 1000, 500, 100, 50 }, 100);
	check_counts(&w, 0, 100, (const uint64_t[]){ 0, 0 });
	hear(&w, (struct said){ "e1", 2, 7, 1100, 520, 130, 50 }, 200);
	check_counts(&w, 0, 200, (const uint64_t[]){ 30, 100 });
	check_counts(&w, 1, 200, (const uint64_t[]){ 0, 20 });
	/* The same again, and an older one, are no news. */
	hear(&w, (struct said){ "e1", 2, 7, 1100, 520, 130, 50 }, 300);
	hear(&w, (struct said){ "e1", 1, 7, 1000, 500, 100, 50 }, 300);
	check_counts(&w, 0, 300, (const uint64_t[]){ 30, 100 });
	/* Another edge comes, and the first begins anew. */
	hear(&w, (struct said){ "e2", 9, 8, 90000, 0, 9000, 0 }, 400);
	hear(&w, (struct said){ "e1", 3, 9, 10, 0, 5, 0 }, 400);
	check_counts(&w, 0, 400, (const uint64_t[]){ 30, 100 });
	hear(&w, (struct said){ "e2", 10, 8, 90010, 0, 9020, 0 }, 500);
	hear(&w, (struct said){ "e1", 4, 9, 11, 0, 7, 0 }, 500);
	check_counts(&w, 0, 500, (const uint64_t[]){ 52, 111 });
	counted_fini(&w.c);
}

static void test_silence(void **state)
{
	struct world w;
	struct measure m;

	(void)state;
	world_init(&w);
	m = counted_measure(&w.c, 0, 0, 100);
	assert_int_equal(m.arms[ARM_CANARY].outcome, MEASURE_EMPTY);
	assert_non_null(strstr(m.detail, "no edge"));
	hear(&w, (struct said){ "e1", 1, 7, 0, 0, 0, 0 }, 100);
	hear(&w, (struct said){ "e2", 1, 7, 0, 0, 0, 0 }, 5000);
	m = counted_measure(&w.c, 0, 0, 100 + SERVED_STALE_MS + 1);
	assert_int_equal(m.arms[ARM_STABLE].outcome, MEASURE_OK);
	m = counted_measure(&w.c, 0, 0, 5000 + SERVED_STALE_MS + 1);
	assert_int_equal(m.arms[ARM_STABLE].outcome, MEASURE_EMPTY);
	/* Whoever comes back begins anew: nothing is known of the time
	 * between. */
	hear(&w, (struct said){ "e1", 2, 7, 900, 0, 90, 0 }, 30000);
	check_counts(&w, 0, 30000, (const uint64_t[]){ 0, 0 });
	counted_fini(&w.c);
}

/* Buckets rise, and another policy counts from nothing. */
static void test_buckets_and_policies(void **state)
{
	struct world w;
	struct measure m;

	(void)state;
	world_init(&w);
	hear(&w, (struct said){ "e1", 1, 7, 0, 0, 0, 0 }, 100);
	hear(&w, (struct said){ "e1", 2, 7, 10, 10, 10, 10 }, 200);
	m = counted_measure(&w.c, 0, 0, 200);
	for (size_t i = 1; i < SERVED_BUCKETS; i++)
		assert_true(m.arms[0].latencies.upto_s[i] >
			    m.arms[0].latencies.upto_s[i - 1]);
	assert_true(isinf(m.arms[0].latencies.upto_s[SERVED_BUCKETS - 1]));
	assert_true(m.arms[0].latencies.upto_s[20] * 1000 >
		    served_bucket_ms(20));
	assert_true(counted_adopt(&w.c, &w.w.policy));
	check_counts(&w, 0, 200, (const uint64_t[]){ 0, 0 });
	counted_fini(&w.c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_buckets_and_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
