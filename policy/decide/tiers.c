/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/tiers.h"

#include <assert.h>
#include <string.h>

static_assert(POLICY_ENDPOINTS_MAX <= 64, "a uint64_t is a set of them");

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

/* The first of a set that is not empty. */
static unsigned first_of(uint64_t set)
{
	return (unsigned)__builtin_ctzll(set);
}

static uint64_t measured_from(const struct policy *policy,
			      const struct view_endpoint *endpoint)
{
	uint64_t vantages = 0;

	for (size_t v = 0; v < policy->vantage_count; v++)
		if (endpoint->latency_ms[v] > 0)
			vantages |= bit(v);
	return vantages;
}

static void add_heard(struct tiers_ground *ground, uint64_t vantages,
		      size_t endpoint)
{
	unsigned i = 0;

	while (i < ground->heard_count && ground->heard[i].vantages != vantages)
		i++;
	if (i == ground->heard_count)
		ground->heard[ground->heard_count++] =
			(struct tiers_heard){ .vantages = vantages };
	ground->heard[i].endpoints |= bit(endpoint);
}

void tiers_ground_init(struct tiers_ground *ground, const struct policy *policy,
		       const struct view *view, size_t service)
{
	const struct policy_service *s = &policy->services[service];

	ground->policy = policy;
	ground->service = s;
	ground->view = &view->services[service];
	ground->heard_count = 0;
	if (!tiers_by_way(s))
		return;
	memset(ground->in_region, 0,
	       policy->region_count * sizeof(ground->in_region[0]));
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct view_endpoint *e = &ground->view->endpoints[i];

		ground->in_region[s->endpoints[i].region] |= bit(i);
		if (s->steer == STEER_LATENCY)
			add_heard(ground, measured_from(policy, e), i);
	}
}

bool tiers_by_way(const struct policy_service *service)
{
	return service->steer == STEER_LATENCY || service->steer == STEER_GEO;
}

static double region_ms(const struct tiers *tiers, size_t endpoint)
{
	int region = tiers->ground->service->endpoints[endpoint].region;

	return tiers->ways->region_ms[region];
}

/* Endpoints that the same vantages have measured, or none has. */
static void expect(struct tiers *tiers, const struct tiers_heard *heard)
{
	const struct tiers_ground *ground = tiers->ground;
	uint64_t set = heard->endpoints & tiers->left;
	struct latency_near near =
		latency_nearest(ground->policy, tiers->ways, heard->vantages);

	for (; set != 0; set &= set - 1) {
		unsigned i = first_of(set);

		tiers->ms[i] =
			near.count == 0
				? region_ms(tiers, i)
				: latency_mean_ms(&near,
						  ground->view->endpoints[i]
							  .latency_ms);
	}
}

void tiers_init(struct tiers *tiers, const struct tiers_ground *ground,
		const struct latency_ways *ways, uint64_t endpoints)
{
	tiers->ground = ground;
	tiers->ways = tiers_by_way(ground->service) ? ways : NULL;
	tiers->left = endpoints;
	tiers->region = 0;
	if (tiers->ways == NULL || ground->service->steer != STEER_LATENCY)
		return;
	for (unsigned i = 0; i < ground->heard_count; i++)
		expect(tiers, &ground->heard[i]);
}

/* Regions are in order already: it ends at the first that is too far. */
static uint64_t next_by_region(struct tiers *tiers)
{
	const struct tiers_ground *ground = tiers->ground;
	const struct latency_ways *ways = tiers->ways;
	double limit_ms = 0;
	uint64_t tier = 0;

	for (; tiers->region < ground->policy->region_count; tiers->region++) {
		uint8_t region = ways->regions[tiers->region];
		uint64_t here = ground->in_region[region] & tiers->left;

		if (here == 0)
			continue;
		if (tier == 0)
			limit_ms = ways->region_ms[region] +
				   ground->service->within_ms;
		else if (ways->region_ms[region] > limit_ms)
			break;
		tier |= here;
	}
	return tier;
}

static uint64_t next_by_latency(const struct tiers *tiers)
{
	double best_ms = tiers->ms[first_of(tiers->left)], limit_ms;
	uint64_t tier = 0;

	for (uint64_t set = tiers->left; set != 0; set &= set - 1) {
		double ms = tiers->ms[first_of(set)];

		best_ms = ms < best_ms ? ms : best_ms;
	}
	limit_ms = best_ms + tiers->ground->service->within_ms;
	for (uint64_t set = tiers->left; set != 0; set &= set - 1) {
		unsigned i = first_of(set);

		tier |= (uint64_t)(tiers->ms[i] <= limit_ms) << i;
	}
	return tier;
}

uint64_t tiers_next(struct tiers *tiers)
{
	enum steer steer = tiers->ground->service->steer;
	uint64_t tier = tiers->left;

	if (tier == 0)
		return 0;
	if (steer == STEER_FAILOVER)
		tier = bit(first_of(tier));
	else if (tiers->ways != NULL && steer == STEER_LATENCY)
		tier = next_by_latency(tiers);
	else if (tiers->ways != NULL)
		tier = next_by_region(tiers);
	tiers->left &= ~tier;
	return tier;
}

struct tiers_way tiers_way(const struct tiers *tiers, size_t endpoint)
{
	const struct tiers_ground *ground = tiers->ground;
	const struct view_endpoint *e = &ground->view->endpoints[endpoint];

	if (tiers->ways == NULL)
		return (struct tiers_way){ 0 };
	if (ground->service->steer == STEER_GEO)
		return (struct tiers_way){ .ms = region_ms(tiers, endpoint) };
	return (struct tiers_way){ tiers->ms[endpoint],
				   measured_from(ground->policy, e) != 0 };
}
