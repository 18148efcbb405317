/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency -- how long the way from a class to an endpoint takes.
 *
 * Inverse-distance mean over the LATENCY_NEAREST vantages with a fresh
 * measurement: what the vantage measured to the endpoint plus the way from
 * class to vantage.  A way is distance over the speed of light in fibre
 * (200 000 km/s), there and back, times LATENCY_STRETCH.  Without any fresh
 * measurement it is the way from class to the endpoint's region.  Pure.
 */
#ifndef POLICY_DECIDE_LATENCY_H
#define POLICY_DECIDE_LATENCY_H

#include "policy/decide/client.h"
#include "policy/decide/view.h"

#include <stdbool.h>

enum { LATENCY_NEAREST = 3 };
#define LATENCY_STRETCH 1.6 /* fibre paths over great circles, round trip */

/* Great-circle kilometres between two points in degrees (haversine). */
double latency_distance_km(double lat1, double lon1, double lat2, double lon2);

/* Round trip over a distance, in milliseconds. */
double latency_way_ms(double distance_km);

struct latency {
	double ms;
	bool measured;
};

/* From one class to every vantage: computed once for all endpoints. */
struct latency_ways {
	float km[POLICY_VANTAGES_MAX];
};

struct latency_ways latency_ways_of(const struct policy *policy,
				    const struct client_class *class);

/* As latency_expected(), with ways already known. */
struct latency latency_by_ways(const struct policy *policy,
			       const struct client_class *class,
			       const struct latency_ways *ways,
			       const struct view_endpoint *endpoint,
			       int region);

/* class must be located. */
struct latency latency_expected(const struct policy *policy,
				const struct client_class *class,
				const struct view_endpoint *endpoint,
				int region);

#endif
