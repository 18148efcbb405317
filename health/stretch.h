/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stretch -- how much longer than light in straight fibre the ways around a
 * vantage take, from its own measurements to endpoints of known places.
 *
 * The least absolute deviations of rtt = stretch * light, that is the median of
 * rtt / light, each weighed by its light: one endpoint that is not where its
 * region is said to be, or a detour, moves it little, and far ones, where the
 * way outweighs what the server takes, count for more.  Bounded, and 0 from
 * fewer than STRETCH_LEAST places.
 *
 * What is reported moves only with a fit that is off by more than a tenth, for
 * all readers work out all that is steered by latency anew when it does.
 *
 * Source: P. Bloomfield, W. L. Steiger, Least Absolute Deviations (1983), for
 * the weighted median; I. N. Bozkurt et al., Why Is the Internet so Slow?!
 * (PAM 2017), for what values to expect.  Pure.
 */
#ifndef HEALTH_STRETCH_H
#define HEALTH_STRETCH_H

#include <stddef.h>

enum { STRETCH_LEAST = 3 };
#define STRETCH_MAX 4.0
#define STRETCH_NEAR_MS                                    \
	3.0 /* of light, 300 km: nearer, the server's time \
	     * is most of it */

struct stretch_point {
	double light_ms; /* there and back, straight */
	double rtt_ms;   /* measured; 0: not */
};

/*
 * What the points say, 0 when too few do; puts them in another order.  Points
 * nearer than STRETCH_NEAR_MS say nothing, nor does one that would be faster
 * than light: it is not where it is said to be.
 */
double stretch_fit(struct stretch_point *points, size_t count);

/* What is to be reported after a fit, when reported was. */
double stretch_step(double reported, double fit);

#endif
