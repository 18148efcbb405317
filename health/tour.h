/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tour -- what to ask a responder next, so that every service is asked as a
 * client of every class.
 *
 * Each turn asks the next service; the class goes on by a stride that has no
 * divisor in common with their number.  So all services are asked in as many
 * turns as there are services, and all of them for all samples in
 * tour_length() turns; a lap later the clients of the classes are others.
 * Probers begin apart from each other, by seed.  Pure.
 */
#ifndef HEALTH_TOUR_H
#define HEALTH_TOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tour {
	size_t services, samples; /* > 0 */
	uint64_t seed, at;
	size_t stride;
};

struct stop {
	size_t service, sample;
	uint64_t draw; /* of the client in the class, and what of two kinds */
	bool by_tcp;   /* one in sixteen */
};

struct tour tour_of(size_t services, size_t samples, uint64_t seed);
struct stop tour_next(struct tour *tour);

/* Turns until all services were asked for all samples. */
static inline uint64_t tour_length(const struct tour *tour)
{
	return (uint64_t)tour->services * tour->samples;
}

#endif
