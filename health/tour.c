/* SPDX-License-Identifier: Apache-2.0 */
#include "health/tour.h"

#include "policy/base/hash.h"

static size_t common_divisor(size_t a, size_t b)
{
	while (b != 0) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Near the golden section, so that neighbours in time are far apart in class.
 */
static size_t stride_of(size_t samples)
{
	size_t stride = samples * 382 / 1000 + 1;

	while (common_divisor(samples, stride) != 1)
		stride++;
	return stride;
}

struct tour tour_of(size_t services, size_t samples, uint64_t seed)
{
	return (struct tour){
		.services = services,
		.samples = samples,
		.seed = seed,
		.stride = stride_of(samples),
	};
}

struct stop tour_next(struct tour *tour)
{
	uint64_t turn = tour->at++, round = turn / tour->services;
	uint64_t draw = hash_mix(tour->seed ^ hash_mix(turn));

	return (struct stop){
		.service = turn % tour->services,
		.sample = (tour->seed % tour->samples +
			   round % tour->samples * tour->stride) %
			  tour->samples,
		.draw = draw,
		.by_tcp = draw >> 60 == 0,
	};
}
