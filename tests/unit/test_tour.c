/* SPDX-License-Identifier: Apache-2.0 */
/* tour: all are asked for, each once, services in turn, clients anew. */
#include "health/tour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 64 };

static void walk(size_t services, size_t samples, uint64_t seed)
{
	struct tour tour = tour_of(services, samples, seed);
	unsigned seen[MOST][MOST] = { { 0 } };

	assert_int_equal(tour_length(&tour), services * samples);
	for (uint64_t i = 0; i < 2 * tour_length(&tour); i++) {
		struct stop stop = tour_next(&tour);

		assert_int_equal(stop.service, i % services);
		assert_true(stop.sample < samples);
		seen[stop.service][stop.sample]++;
		if (i + 1 != tour_length(&tour))
			continue;
		for (size_t s = 0; s < services; s++)
			for (size_t c = 0; c < samples; c++)
				if (seen[s][c] != 1)
					fail_msg(
						"%zu x %zu, seed %llu: service "
						"%zu, sample %zu: %u times",
						services, samples,
						(unsigned long long)seed, s, c,
						seen[s][c]);
	}
}

static void test_all_are_asked_for(void **state)
{
	(void)state;
	for (size_t services = 1; services <= 7; services++)
		for (size_t samples = 1; samples <= MOST; samples++)
			walk(services, samples, services * samples);
	walk(MOST, 1, UINT64_MAX);
}

static void test_clients_are_others_a_lap_later(void **state)
{
	struct tour tour = tour_of(2, 3, 7);
	uint64_t draws[12];
	unsigned by_tcp = 0;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		draws[i] = tour_next(&tour).draw;
		for (size_t k = 0; k < i; k++)
			assert_true(draws[k] != draws[i]);
	}
	for (size_t i = 0; i < 16000; i++)
		by_tcp += tour_next(&tour).by_tcp;
	assert_in_range(by_tcp, 800, 1200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_asked_for),
		cmocka_unit_test(test_clients_are_others_a_lap_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
