/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency -- how long the way from a client to an endpoint takes.
 *
 * Inverse-distance mean over the LATENCY_NEAREST vantages that have measured it
 * (policy/decide/view says for how long that counts): what the vantage measured
 * to the endpoint plus the way from client to vantage.  A way is distance over
 * the speed of light in fibre (200 000 km/s), there and back, times a stretch,
 * because fibre does not follow great circles.  Without any measurement it is
 * the way from the client to the endpoint's region.
 *
 * Each vantage fits the stretch around itself (health/stretch) and reports it;
 * it is used for the ways to that vantage.  Where one is not known it is the
 * median of all that are, and LATENCY_STRETCH while none is.
 *
 * Three steps, each of which is worked out once for what comes after it: the
 * ways from a place (struct latency_ways), the nearest of the vantages that
 * have measured an endpoint (struct latency_near; mostly the same ones for all
 * endpoints of a service), the mean.  Pure.
 */
#ifndef POLICY_DECIDE_LATENCY_H
#define POLICY_DECIDE_LATENCY_H

#include "policy/language/policy.h"

enum { LATENCY_NEAREST = 3 };
#define LATENCY_STRETCH 1.6 /* the preset */

/* Great-circle kilometres between two points in degrees (haversine). */
double latency_distance_km(double lat1, double lon1, double lat2, double lon2);

/* Round trip of light in straight fibre, in milliseconds. */
double latency_light_ms(double distance_km);

/* Round trip over a distance with the preset stretch, in milliseconds. */
double latency_way_ms(double distance_km);

/* By vantage, and for ways to regions; 0: the preset. */
struct latency_stretch {
	float region;
	float vantages[POLICY_VANTAGES_MAX];
};

/*
 * From what the vantages reported, count of them, 0 where one has too little
 * to go by.  Of an even number the median is the lower middle one.
 */
struct latency_stretch latency_stretch_of(const float *reported, size_t count);

/*
 * From one place to all that a policy names.  The arrays are the caller's, of
 * as many as the policy has.
 */
struct latency_ways {
	double *region_ms; /* round trip to each, preset stretch */
	uint8_t *regions;  /* all of them, nearest first */
	float *vantage_km;
	uint8_t *vantages; /* the same; of equally near ones the first listed */
	uint16_t *cell;    /* where it is: rum_cell() */
};

/* Room for the ways from one place of any policy. */
struct latency_room {
	double region_ms[POLICY_REGIONS_MAX];
	float vantage_km[POLICY_VANTAGES_MAX];
	uint8_t regions[POLICY_REGIONS_MAX], vantages[POLICY_VANTAGES_MAX];
	uint16_t cell;
};
struct latency_ways latency_ways_in(struct latency_room *room);

/* Fills what ways points to for a place in degrees. */
void latency_go(const struct policy *policy, double latitude, double longitude,
		const struct latency_ways *ways);

/*
 * The nearest of some vantages, and how much each counts.  Where there are
 * fewer than LATENCY_NEAREST, the others have no weight.
 */
struct latency_near {
	unsigned count;
	uint8_t vantages[LATENCY_NEAREST];
	double weights[LATENCY_NEAREST], sum_weight;
	double way_ms[LATENCY_NEAREST];
};

/* Of the set measured: bit i is vantage i of so many that the policy has. */
struct latency_near latency_nearest(size_t vantage_count,
				    const struct latency_ways *ways,
				    const struct latency_stretch *stretch,
				    uint64_t measured);

/* Endpoints are taken so many at a time: room for one block more is needed. */
enum { LATENCY_BLOCK = 8, LATENCY_ROOM = POLICY_ENDPOINTS_MAX + LATENCY_BLOCK };

/* Milliseconds that each vantage measured to endpoints side by side. */
struct latency_measured {
	float ms[POLICY_VANTAGES_MAX][LATENCY_ROOM];
};

/*
 * The means over near, which has at least one, for the endpoints that stand in
 * measured from `from` to before `end`: into ms, at the same places.  What is
 * behind `end` in ms, up to a block, is lost.
 */
void latency_means(const struct latency_near *near,
		   const struct latency_measured *measured, unsigned from,
		   unsigned end, double ms[LATENCY_ROOM]);

#endif
