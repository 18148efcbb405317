/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/latency.h"

#include "policy/decide/rum.h"

#include <assert.h>
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

double latency_light_ms(double distance_km)
{
	return 2 * distance_km / FIBRE_KM_PER_MS;
}

double latency_way_ms(double distance_km)
{
	return latency_light_ms(distance_km) * LATENCY_STRETCH;
}

/* The lower middle one of those that are not 0; 0 when all are. */
static float median_known(const float *values, size_t count)
{
	float sorted[POLICY_VANTAGES_MAX];
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		size_t to = known;

		if (!(values[i] > 0))
			continue;
		for (; to > 0 && values[i] < sorted[to - 1]; to--)
			sorted[to] = sorted[to - 1];
		sorted[to] = values[i];
		known++;
	}
	return known == 0 ? 0 : sorted[(known - 1) / 2];
}

struct latency_stretch latency_stretch_of(const float *reported, size_t count)
{
	struct latency_stretch stretch = {
		.region = median_known(reported, count),
	};

	for (size_t i = 0; i < count; i++)
		stretch.vantages[i] =
			reported[i] > 0 ? reported[i] : stretch.region;
	return stretch;
}

struct latency_ways latency_ways_in(struct latency_room *room)
{
	return (struct latency_ways){
		.region_ms = room->region_ms,
		.regions = room->regions,
		.vantage_km = room->vantage_km,
		.vantages = room->vantages,
		.cell = &room->cell,
	};
}

static void go_to_regions(const struct policy *policy, double latitude,
			  double longitude, const struct latency_ways *ways)
{
	for (size_t i = 0; i < policy->region_count; i++) {
		const struct policy_region *r = &policy->regions[i];
		double ms = latency_way_ms(
			latency_distance_km(latitude, longitude, r->latitude,
					    r->longitude));
		size_t to = i;

		for (; to > 0 && ms < ways->region_ms[ways->regions[to - 1]];
		     to--)
			ways->regions[to] = ways->regions[to - 1];
		ways->regions[to] = (uint8_t)i;
		ways->region_ms[i] = ms;
	}
}

static void go_to_vantages(const struct policy *policy, double latitude,
			   double longitude, const struct latency_ways *ways)
{
	for (size_t i = 0; i < policy->vantage_count; i++) {
		const struct policy_vantage *v = &policy->vantages[i];
		float km =
			(float)latency_distance_km(latitude, longitude,
						   v->latitude, v->longitude);
		size_t to = i;

		for (; to > 0 && km < ways->vantage_km[ways->vantages[to - 1]];
		     to--)
			ways->vantages[to] = ways->vantages[to - 1];
		ways->vantages[to] = (uint8_t)i;
		ways->vantage_km[i] = km;
	}
}

void latency_go(const struct policy *policy, double latitude, double longitude,
		const struct latency_ways *ways)
{
	*ways->cell = rum_cell(latitude, longitude);
	go_to_regions(policy, latitude, longitude, ways);
	go_to_vantages(policy, latitude, longitude, ways);
}

static double stretched(float stretch)
{
	return stretch > 0 ? (double)stretch : LATENCY_STRETCH;
}

struct latency_near latency_nearest(size_t vantage_count,
				    const struct latency_ways *ways,
				    const struct latency_stretch *stretch,
				    uint64_t measured)
{
	struct latency_near near = { 0 };

	for (size_t i = 0; i < vantage_count && near.count < LATENCY_NEAREST;
	     i++) {
		uint8_t vantage = ways->vantages[i];
		double km = ways->vantage_km[vantage];
		double weight = 1 / (km > NEAREST_KM ? km : NEAREST_KM);

		if (!(measured >> vantage & 1))
			continue;
		near.vantages[near.count] = vantage;
		near.weights[near.count] = weight;
		near.way_ms[near.count] = latency_light_ms(km) *
					  stretched(stretch->vantages[vantage]);
		near.sum_weight += weight;
		near.count++;
	}
	return near;
}

/* A fixed count without branches becomes vector instructions. */
static void mean_block(const struct latency_near *n, const float *first,
		       const float *second, const float *third, double *ms)
{
	static_assert(LATENCY_NEAREST == 3, "spelled out");
	for (unsigned i = 0; i < LATENCY_BLOCK; i++)
		ms[i] = n->weights[0] * ((double)first[i] + n->way_ms[0]) +
			n->weights[1] * ((double)second[i] + n->way_ms[1]) +
			n->weights[2] * ((double)third[i] + n->way_ms[2]);
	for (unsigned i = 0; i < LATENCY_BLOCK; i++)
		ms[i] /= n->sum_weight;
}

void latency_means(const struct latency_near *near,
		   const struct latency_measured *measured, unsigned from,
		   unsigned end, double ms[LATENCY_ROOM])
{
	const struct latency_near n = *near; /* nobody else writes to it */

	for (; from < end; from += LATENCY_BLOCK)
		mean_block(&n, &measured->ms[n.vantages[0]][from],
			   &measured->ms[n.vantages[1]][from],
			   &measured->ms[n.vantages[2]][from], &ms[from]);
}
