/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/tiers.h"

#include <assert.h>
#include <math.h>
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

/* The next place is this endpoint's. */
static void add_place(struct tiers_ground *ground, unsigned place,
		      size_t endpoint)
{
	const struct view_endpoint *e = &ground->view->endpoints[endpoint];

	ground->at_place[place] = (uint8_t)endpoint;
	ground->place_of[endpoint] = (uint8_t)place;
	for (size_t v = 0; v < ground->policy->vantage_count; v++)
		ground->measured.ms[v][place] = e->latency_ms[v];
}

/* Gives endpoints places, beside those that the same vantages measured. */
static void find_places(struct tiers_ground *ground)
{
	size_t count = ground->service->endpoint_count;
	uint64_t heard[POLICY_ENDPOINTS_MAX], rest = 0;
	unsigned place = 0;

	for (size_t i = 0; i < count; i++) {
		heard[i] = measured_from(ground->policy,
					 &ground->view->endpoints[i]);
		rest |= bit(i);
	}
	while (rest != 0) {
		struct tiers_heard *h = &ground->heard[ground->heard_count++];

		h->vantages = heard[first_of(rest)];
		for (uint64_t set = rest; set != 0; set &= set - 1) {
			unsigned i = first_of(set);

			if (heard[i] != h->vantages)
				continue;
			add_place(ground, place++, i);
			rest &= ~bit(i);
		}
		h->end = place;
	}
	/* Blocks reach beyond the last place: no NaN shall be there. */
	for (size_t v = 0; v < ground->policy->vantage_count; v++)
		memset(&ground->measured.ms[v][place], 0,
		       LATENCY_BLOCK * sizeof(float));
}

void tiers_ground_init(struct tiers_ground *ground, const struct policy *policy,
		       const struct view *view, size_t service)
{
	const struct policy_service *s = &policy->services[service];

	ground->policy = policy;
	ground->service = s;
	ground->view = &view->services[service];
	ground->stretch = &view->stretch;
	ground->rum = &view->rum;
	ground->region_scale =
		view->stretch.region > 0
			? (double)view->stretch.region / LATENCY_STRETCH
			: 1;
	ground->heard_count = 0;
	ground->endpoints = 0;
	for (size_t i = 0; i < s->endpoint_count; i++)
		ground->endpoints |= bit(i);
	if (!tiers_by_way(s))
		return;
	memset(ground->in_region, 0,
	       policy->region_count * sizeof(ground->in_region[0]));
	for (size_t i = 0; i < s->endpoint_count; i++)
		ground->in_region[s->endpoints[i].region] |= bit(i);
	if (s->steer == STEER_LATENCY)
		find_places(ground);
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

static struct latency_near nearest(const struct tiers *tiers, uint64_t vantages)
{
	return latency_nearest(tiers->ground->policy->vantage_count,
			       tiers->ways, tiers->ground->stretch, vantages);
}

/* Expected milliseconds of all endpoints, and no end behind the last. */
static void expect(struct tiers *tiers)
{
	const struct tiers_ground *ground = tiers->ground;
	unsigned from = 0;

	for (unsigned i = 0; i < ground->heard_count; i++) {
		const struct tiers_heard *h = &ground->heard[i];
		struct latency_near near = nearest(tiers, h->vantages);

		if (near.count > 0)
			latency_means(&near, &ground->measured, from, h->end,
				      tiers->ms);
		for (; near.count == 0 && from < h->end; from++)
			tiers->ms[from] =
				region_ms(tiers, ground->at_place[from]) *
				ground->region_scale;
		from = h->end;
	}
	for (unsigned i = 0; i < LATENCY_BLOCK; i++)
		tiers->ms[from + i] = INFINITY;
}

static const struct rum_value *measured_by_users(const struct tiers *tiers,
						 const struct rum_value *row,
						 unsigned place)
{
	const struct tiers_ground *ground = tiers->ground;
	unsigned endpoint = ground->at_place[place];

	return &row[ground->service->endpoints[endpoint].region];
}

/* row: what users at the client's place measured, by region. */
static void correct(struct tiers *tiers, const struct rum_value *row)
{
	size_t count = tiers->ground->service->endpoint_count;
	double more_ms = 0;
	unsigned both = 0;

	for (unsigned i = 0; i < count; i++) {
		float ms = measured_by_users(tiers, row, i)->ms;

		if (!(ms > 0))
			continue;
		more_ms += (double)ms - tiers->ms[i];
		both++;
	}
	for (unsigned i = 0; both > 0 && i < count; i++) {
		float ms = measured_by_users(tiers, row, i)->ms;

		tiers->ms[i] =
			ms > 0 ? (double)ms : tiers->ms[i] + more_ms / both;
	}
}

static void take_away(struct tiers *tiers, uint64_t endpoints)
{
	for (uint64_t set = endpoints; set != 0; set &= set - 1)
		tiers->ms[tiers->ground->place_of[first_of(set)]] = INFINITY;
}

void tiers_init(struct tiers *tiers, const struct tiers_ground *ground,
		const struct latency_ways *ways, uint64_t endpoints)
{
	const struct rum_value *row;

	tiers->ground = ground;
	tiers->ways = tiers_by_way(ground->service) ? ways : NULL;
	tiers->left = endpoints;
	tiers->region = 0;
	if (tiers->ways == NULL || ground->service->steer != STEER_LATENCY)
		return;
	expect(tiers);
	row = rum_at(ground->rum, *ways->cell);
	if (row != NULL)
		correct(tiers, row);
	take_away(tiers, ground->endpoints & ~endpoints);
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

/* Of count, and up to a block behind, where there is nothing but INFINITY. */
static double least_of(const double ms[LATENCY_ROOM], size_t count)
{
	enum { LANES = 4 }; /* comparisons that do not wait for each other */
	double least[LANES] = { INFINITY, INFINITY, INFINITY, INFINITY };

	static_assert((int)LANES <= (int)LATENCY_BLOCK, "a block is behind");
	for (size_t i = 0; i < count; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			least[k] = ms[i + k] < least[k] ? ms[i + k] : least[k];
	for (size_t k = 1; k < LANES; k++)
		least[0] = least[k] < least[0] ? least[k] : least[0];
	return least[0];
}

static uint64_t next_by_latency(struct tiers *tiers)
{
	const struct tiers_ground *ground = tiers->ground;
	size_t count = ground->service->endpoint_count;
	double limit_ms =
		least_of(tiers->ms, count) + ground->service->within_ms;
	uint64_t tier = 0;

	for (size_t i = 0; i < count; i++)
		if (tiers->ms[i] <= limit_ms)
			tier |= bit(ground->at_place[i]);
	take_away(tiers, tier);
	return tier;
}

static uint64_t next_by_cost(const struct tiers *tiers)
{
	const struct tiers_ground *ground = tiers->ground;
	double least = INFINITY;
	uint64_t tier = 0;

	for (uint64_t rest = tiers->left; rest != 0; rest &= rest - 1) {
		unsigned i = first_of(rest);
		int region = ground->service->endpoints[i].region;
		double cost = ground->policy->regions[region].cost;

		if (cost < least)
			tier = 0;
		if (cost <= least)
			tier |= bit(i);
		least = cost < least ? cost : least;
	}
	return tier;
}

static uint64_t next_by_schedule(const struct tiers *tiers)
{
	const struct tiers_ground *ground = tiers->ground;
	uint64_t open = tiers->left & ground->view->opening.open;
	uint64_t untimed = 0;

	if (open != 0)
		return open;
	for (uint64_t rest = tiers->left; rest != 0; rest &= rest - 1)
		if (ground->service->endpoints[first_of(rest)].open == 0)
			untimed |= rest & -rest;
	return untimed != 0 ? untimed : bit(first_of(tiers->left));
}

uint64_t tiers_next(struct tiers *tiers)
{
	enum steer steer = tiers->ground->service->steer;
	uint64_t tier = tiers->left;

	if (tier == 0)
		return 0;
	if (steer == STEER_FAILOVER)
		tier = bit(first_of(tier));
	else if (steer == STEER_COST)
		tier = next_by_cost(tiers);
	else if (steer == STEER_SCHEDULE)
		tier = next_by_schedule(tiers);
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
	const struct rum_value *row;

	if (tiers->ways == NULL)
		return (struct tiers_way){ 0 };
	if (ground->service->steer == STEER_GEO)
		return (struct tiers_way){ .ms = region_ms(tiers, endpoint) };
	row = rum_at(ground->rum, *tiers->ways->cell);
	return (struct tiers_way){
		.ms = tiers->ms[ground->place_of[endpoint]],
		.users = row == NULL ? 0
				     : row[ground->service->endpoints[endpoint]
						   .region]
					       .samples,
		.near = nearest(tiers, measured_from(ground->policy, e)),
	};
}
