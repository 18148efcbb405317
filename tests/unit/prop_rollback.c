/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_rollback -- how often healthy canaries are taken for bad ones, looked at
 * at every tick, and how soon bad ones are found: steering/excess and
 * steering/slowness in thousands of rollouts of virtual requests.
 *
 * The figures are printed; the seed too, WINDROSE_SEED=N runs it again.
 */
#include "policy/base/hash.h"
#include "steering/excess.h"
#include "steering/slowness.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALPHA 0.01
#define RATIO 2.0

enum { HEALTHY = 10000, EDGE = 3000, BAD = 500, SLOW = 1000, TICKS = 360 };

static uint64_t draw(uint64_t *seed)
{
	return hash_mix(*seed += UINT64_C(0x9e3779b97f4a7c15));
}

/* In (0, 1). */
static double uniform(uint64_t *seed)
{
	return ((double)(draw(seed) >> 11) + 0.5) / 9007199254740992.0;
}

/* How many of n come to pass, each with probability p: the gaps between them
 * are geometric. */
static uint64_t some_of(uint64_t n, double p, uint64_t *seed)
{
	uint64_t count = 0;
	double at = 0;

	if (p <= 0)
		return 0;
	for (;;) {
		at += floor(log(uniform(seed)) / log1p(-p)) + 1;
		if (at > (double)n)
			return count;
		count++;
	}
}

/* The usual test of two proportions, at each tick as if it were the only one:
 * the contrast. */
static bool once_found(const struct excess *x)
{
	double n_c = (double)x->canary.requests,
	       n_s = (double)x->stable.requests;
	double f_c = (double)x->canary.failures,
	       f_s = (double)x->stable.failures;
	double p = (f_c + f_s) / (n_c + n_s);
	double sd = sqrt(p * (1 - p) * (1 / n_c + 1 / n_s));

	return x->canary.failures >= EXCESS_FAILURES_MIN && sd > 0 &&
	       erfc((f_c / n_c - f_s / n_s) / sd / sqrt(2)) / 2 < ALPHA;
}

/* One rollout of ticks, each with 20 to 400 requests, of which a part is the
 * canary's. */
struct world {
	double p_canary, p_stable, part;
};

struct found {
	bool any, once;    /* by the test; by the usual one */
	uint64_t requests; /* of the canary until then */
};

static struct found watch(const struct world *w, double alpha, uint64_t *seed)
{
	struct excess x = { .log_e = 0 };
	struct found found = { .any = false };

	for (unsigned t = 0; t < TICKS && !found.any; t++) {
		uint64_t n = 20 + draw(seed) % 380;
		uint64_t n_c = some_of(n, w->part, seed);
		struct trials canary = { n_c, some_of(n_c, w->p_canary, seed) };
		struct trials stable = { n - n_c,
					 some_of(n - n_c, w->p_stable, seed) };

		excess_add(&x, RATIO, canary, stable);
		found.any = excess_found(&x, RATIO, alpha);
		found.once |= once_found(&x);
	}
	found.requests = x.canary.requests;
	return found;
}

static uint64_t first_seed(void)
{
	const char *text = getenv("WINDROSE_SEED");
	uint64_t seed = text == NULL ? 1 : strtoull(text, NULL, 10);

	printf("# seed %llu\n", (unsigned long long)seed);
	return seed;
}

/* A bound that chance exceeds once in a thousand runs. */
static double bound(unsigned runs)
{
	return runs * ALPHA + 3.1 * sqrt(runs * ALPHA);
}

static const double rates[] = { 0.0005, 0.001, 0.005, 0.02, 0.1 };
static const double parts[] = { 0.01, 0.05, 0.25, 0.5 };

static struct world nth_world(unsigned i, double worse)
{
	double p = rates[i % 5];

	return (struct world){ p * worse, p, parts[i / 5 % 4] };
}

static void count_alarms(const char *what, unsigned runs, double worse,
			 uint64_t *seed)
{
	unsigned alarms = 0, once = 0;

	for (unsigned i = 0; i < runs; i++) {
		struct world w = nth_world(i, worse);
		struct found found = watch(&w, ALPHA, seed);

		alarms += found.any;
		once += found.once;
	}
	printf("# %s: %u of %u rolled back (%.2f %%), at alpha %g %%, looked "
	       "at %d times each; by a test of one look %.1f %%\n",
	       what, alarms, runs, 100.0 * alarms / runs, 100 * ALPHA, TICKS,
	       100.0 * once / runs);
	if (alarms > bound(runs))
		fail_msg("%s: %u alarms, more than %g", what, alarms,
			 bound(runs));
}

static void test_false_alarms(void **state)
{
	uint64_t seed = first_seed();

	(void)state;
	count_alarms("healthy canaries", HEALTHY, 1, &seed);
	count_alarms("canaries that fail twice as often, which is allowed",
		     EDGE, RATIO, &seed);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* As strict as in a rollout of ten steps. */
static void test_delay(void **state)
{
	static uint64_t delays[BAD];
	uint64_t seed = first_seed();
	struct world w = { 0.05, 0.001, 0.1 };
	unsigned missed = 0;

	(void)state;
	for (unsigned i = 0; i < BAD; i++) {
		struct found found = watch(&w, ALPHA / 10, &seed);

		missed += !found.any;
		delays[i] = found.requests;
	}
	qsort(delays, BAD, sizeof(delays[0]), by_size);
	printf("# a canary that fails 5 %% beside 0.1 %%: rolled back after "
	       "%llu requests of its own in the median, %llu at p99; %u of %d "
	       "missed\n",
	       (unsigned long long)delays[BAD / 2],
	       (unsigned long long)delays[BAD * 99 / 100], missed, BAD);
	assert_int_equal(missed, 0);
	assert_true(delays[BAD / 2] < 250);
	assert_true(delays[BAD * 99 / 100] < 700);
}

/* Log-normal latencies about a median, in buckets of powers of two. */
static void add_latency(struct latencies *l, double median_s, uint64_t *seed)
{
	double a = sqrt(-2 * log(uniform(seed)));
	double s = median_s * exp(0.6 * a * cos(6.283185307 * uniform(seed)));
	size_t i = 0;

	while (i + 1 < l->count && s > l->upto_s[i])
		i++;
	l->requests[i]++;
}

static struct latencies empty_buckets(void)
{
	struct latencies l = { .count = 16 };

	for (size_t i = 0; i < l.count; i++)
		l.upto_s[i] =
			i + 1 == l.count ? INFINITY : 0.001 * exp2((double)i);
	return l;
}

/* The canary's requests until it is found slow; 0: it is not. */
static uint64_t watch_slow(double factor, unsigned ticks, uint64_t *seed)
{
	struct slowness s = { .looks = 0 };

	for (unsigned t = 0; t < ticks; t++) {
		struct latencies canary = empty_buckets();
		struct latencies stable = empty_buckets();

		for (unsigned i = 0; i < 5; i++)
			add_latency(&canary, 0.03 * factor, seed);
		for (unsigned i = 0; i < 20; i++)
			add_latency(&stable, 0.03, seed);
		slowness_add(&s, &canary, &stable);
		/* An effect of nothing: the test alone. */
		if (slowness_found(&s, factor > 1 ? 1.5 : 0.01, ALPHA))
			return latencies_total(&s.canary);
	}
	return 0;
}

static void test_slow(void **state)
{
	uint64_t seed = first_seed();
	unsigned alarms = 0, missed = 0;
	uint64_t requests = 0;

	(void)state;
	for (unsigned i = 0; i < SLOW; i++)
		alarms += watch_slow(1, 120, &seed) > 0;
	for (unsigned i = 0; i < SLOW / 10; i++) {
		uint64_t n = watch_slow(2, TICKS, &seed);

		missed += n == 0;
		requests += n;
	}
	printf("# equally fast canaries: %u of %d found slower (%.2f %%); "
	       "twice as slow: found after %llu requests on average, %u of %d "
	       "missed\n",
	       alarms, SLOW, 100.0 * alarms / SLOW,
	       (unsigned long long)requests / (SLOW / 10), missed, SLOW / 10);
	assert_true(alarms <= bound(SLOW));
	assert_int_equal(missed, 0);
	assert_true(requests / (SLOW / 10) < 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_false_alarms),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
