/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/latency.h"

#include <math.h>

#define EARTH_RADIUS_KM 6371.0
#define FIBRE_KM_PER_MS 200.0
/* Nearer vantages than this weigh the same: places are city centres. */
#define NEAREST_KM 50.0

static double radians(double degrees)
{
	return degrees * (3.14159265358979323846 / 180.0);
}

double latency_distance_km(double lat1, double lon1, double lat2, double lon2)
{
	double s = sin(radians(lat2 - lat1) / 2);
	double t = sin(radians(lon2 - lon1) / 2);
	double h = s * s + cos(radians(lat1)) * cos(radians(lat2)) * t * t;

	/* Rounding can put antipodes a hair above 1. */
	return 2 * EARTH_RADIUS_KM * asin(sqrt(h < 1 ? h : 1));
}

double latency_way_ms(double distance_km)
{
	return 2 * distance_km / FIBRE_KM_PER_MS * LATENCY_STRETCH;
}

struct latency_ways latency_ways_of(const struct policy *policy,
				    const struct client_class *class)
{
	struct latency_ways ways = { .km = { 0 } };

	for (size_t i = 0; i < policy->vantage_count; i++)
		ways.km[i] = (float)
			latency_distance_km(class->latitude, class->longitude,
					    policy->vantages[i].latitude,
					    policy->vantages[i].longitude);
	return ways;
}

/* The vantages with a measurement, nearest first, at most LATENCY_NEAREST. */
static size_t find_nearest(const struct policy *policy,
			   const struct latency_ways *ways,
			   const struct view_endpoint *endpoint,
			   size_t nearest[LATENCY_NEAREST])
{
	size_t count = 0;

	for (size_t i = 0; i < policy->vantage_count; i++) {
		size_t at = count;

		if (!(endpoint->latency_ms[i] > 0))
			continue;
		while (at > 0 && ways->km[i] < ways->km[nearest[at - 1]]) {
			if (at < LATENCY_NEAREST)
				nearest[at] = nearest[at - 1];
			at--;
		}
		if (at < LATENCY_NEAREST)
			nearest[at] = i;
		if (count < LATENCY_NEAREST)
			count++;
	}
	return count;
}

struct latency latency_by_ways(const struct policy *policy,
			       const struct client_class *class,
			       const struct latency_ways *ways,
			       const struct view_endpoint *endpoint, int region)
{
	const struct policy_region *r = &policy->regions[region];
	size_t nearest[LATENCY_NEAREST];
	size_t count = find_nearest(policy, ways, endpoint, nearest);
	double sum_ms = 0, sum_weight = 0;

	for (size_t i = 0; i < count; i++) {
		double km = ways->km[nearest[i]];
		double weight = 1 / (km > NEAREST_KM ? km : NEAREST_KM);

		sum_weight += weight;
		sum_ms += weight * (endpoint->latency_ms[nearest[i]] +
				    latency_way_ms(km));
	}
	if (count > 0)
		return (struct latency){ sum_ms / sum_weight, true };
	return (struct latency){
		.ms = latency_way_ms(
			latency_distance_km(class->latitude, class->longitude,
					    r->latitude, r->longitude)),
	};
}

struct latency latency_expected(const struct policy *policy,
				const struct client_class *class,
				const struct view_endpoint *endpoint,
				int region)
{
	struct latency_ways ways = latency_ways_of(policy, class);

	return latency_by_ways(policy, class, &ways, endpoint, region);
}
