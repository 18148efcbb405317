/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/capacity.h"

static double capacity_mean(const struct policy *policy)
{
	double sum = 0;
	size_t stated = 0;

	for (size_t i = 0; i < policy->region_count; i++) {
		sum += policy->regions[i].capacity;
		stated += policy->regions[i].capacity > 0;
	}
	return stated == 0 ? 1 : sum / (double)stated;
}

double capacity_of(const struct policy *policy, int region)
{
	double stated = policy->regions[region].capacity;

	return stated > 0 ? stated : capacity_mean(policy);
}
