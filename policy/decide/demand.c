/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/demand.h"

#include "policy/decide/latency.h"

#include <math.h>

size_t demand_home(const struct policy *policy,
		   const struct client_class *class)
{
	size_t home = DEMAND_NOWHERE;
	double least = INFINITY;

	for (size_t i = 0; class->located && i < policy->region_count; i++) {
		const struct policy_region *r = &policy->regions[i];
		double km;

		if (!(class->regions >> i & 1))
			continue;
		km = latency_distance_km(class->latitude, class->longitude,
					 r->latitude, r->longitude);
		if (km < least) {
			least = km;
			home = i;
		}
	}
	return home;
}

static double weigh(struct demand_classes classes, double *out)
{
	double whole = 0;

	for (size_t i = 0; i < classes.count; i++)
		whole += classes.list[i]->weight_v4;
	for (size_t i = 0; i < classes.count; i++)
		out[i] = whole > 0 ? classes.list[i]->weight_v4 : 1;
	return whole > 0 ? whole : (double)classes.count;
}

static double sum_of(const struct demand_rates *rates)
{
	double sum = 0;

	for (size_t i = 0; rates != NULL && i < DEMAND_HOMES; i++)
		sum += rates->home[i];
	return sum;
}

double demand_part(int64_t passed_ms)
{
	return 1 - exp(-(double)passed_ms / DEMAND_SMOOTH_MS);
}

void demand_follow(struct demand_rates *rates,
		   const struct demand_rates *counted, int64_t passed_ms)
{
	double part = sum_of(rates) > 0 ? demand_part(passed_ms) : 1;

	for (size_t i = 0; i < DEMAND_HOMES; i++)
		rates->home[i] += part * (counted->home[i] - rates->home[i]);
}

bool demand_is_counted(const struct demand_rates *rates)
{
	return sum_of(rates) > 0;
}

const char *demand_by(bool counted)
{
	return counted ? "counted demand" : "address space";
}

void demand_share(const struct policy *policy, struct demand_classes classes,
		  const struct demand_rates *rates, double *out)
{
	double whole[DEMAND_HOMES] = { 0 };
	size_t count[DEMAND_HOMES] = { 0 };

	for (size_t i = 0; i < classes.count; i++) {
		size_t home = demand_home(policy, classes.list[i]);

		whole[home] += out[i];
		count[home]++;
	}
	for (size_t i = 0; i < classes.count; i++) {
		size_t home = demand_home(policy, classes.list[i]);

		out[i] = rates->home[home] *
			 (whole[home] > 0 ? out[i] / whole[home]
					  : 1.0 / (double)count[home]);
	}
}

bool demand_spread(const struct policy *policy, size_t service,
		   struct demand_classes classes,
		   const struct demand_rates *rates, double *out)
{
	double stated = policy->services[service].demand;
	double whole = weigh(classes, out);

	if (rates != NULL && rates->whole > 0)
		stated = rates->whole;
	if (rates != NULL && demand_is_counted(rates)) {
		demand_share(policy, classes, rates, out);
		return true;
	}
	for (size_t i = 0; i < classes.count; i++)
		out[i] *= whole > 0 ? stated / whole : 0;
	return stated > 0 && classes.count > 0;
}
