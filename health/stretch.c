/* SPDX-License-Identifier: Apache-2.0 */
#include "health/stretch.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static bool says_something(const struct stretch_point *p)
{
	return p->light_ms >= STRETCH_NEAR_MS && p->rtt_ms >= p->light_ms;
}

static int by_ratio(const void *a, const void *b)
{
	const struct stretch_point *x = a, *y = b;
	double left = x->rtt_ms * y->light_ms, right = y->rtt_ms * x->light_ms;

	return (left > right) - (left < right);
}

double stretch_fit(struct stretch_point *points, size_t count)
{
	double whole_ms = 0, below_ms = 0, fit;
	size_t kept = 0, i = 0;

	for (size_t from = 0; from < count; from++) {
		if (!says_something(&points[from]))
			continue;
		points[kept] = points[from];
		whole_ms += points[kept++].light_ms;
	}
	if (kept < STRETCH_LEAST)
		return 0;
	qsort(points, kept, sizeof(*points), by_ratio);
	while (i + 1 < kept && below_ms + points[i].light_ms < whole_ms / 2)
		below_ms += points[i++].light_ms;
	fit = points[i].rtt_ms / points[i].light_ms;
	return fit > STRETCH_MAX ? STRETCH_MAX : fit;
}

double stretch_step(double reported, double fit)
{
	if (fit <= 0)
		return reported;
	return reported <= 0 || fabs(fit - reported) > reported / 10 ? fit
								     : reported;
}
