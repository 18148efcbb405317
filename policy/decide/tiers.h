/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tiers -- a service's endpoints in order, tier by tier, best first: the
 * ordered step of policy/decide/chain.
 *
 * What users measured (policy/decide/rum) replaces what is expected of an
 * endpoint.  Users see what no vantage does, the last mile: by so much as they
 * measured more than was expected, on the mean over the endpoints of which both
 * is known, more is expected of the others.
 *
 * latency and geo go by expected milliseconds: all within `within` of the best
 * of what is left are one tier, and so on.  weighted is one tier; failover a
 * tier each, as listed; cost a tier for those that cost the same, the cheapest
 * first.  schedule: those that are open by the clock, then those that have no
 * windows, then the others as listed: they are closed, and better than nobody.
 * From a place that is not known, latency and geo are one tier too.
 *
 * Tiers are found one at a time, because few are ever asked for: what it costs
 * to order endpoints that no client reaches is saved.  Pure.
 */
#ifndef POLICY_DECIDE_TIERS_H
#define POLICY_DECIDE_TIERS_H

#include "policy/decide/latency.h"
#include "policy/decide/view.h"

#include <stdbool.h>
#include <stdint.h>

/* Of one service and view, the same from every place. */
struct tiers_ground {
	const struct policy *policy;
	const struct policy_service *service;
	const struct view_service *view;
	const struct latency_stretch *stretch; /* the view's */
	const struct rum *rum;                 /* the view's */
	double region_scale; /* what it makes of ways to regions */
	uint64_t endpoints;  /* all of them, a bit each */
	uint64_t in_region[POLICY_REGIONS_MAX]; /* those in each */
	/*
	 * For latency: the endpoints that the same vantages have measured
	 * stand next to each other, so that their means are worked out
	 * together.
	 */
	struct tiers_heard {
		uint64_t vantages; /* a bit each */
		unsigned end;      /* of places; it begins where the one
				    * before ends */
	} heard[POLICY_ENDPOINTS_MAX];
	unsigned heard_count;
	uint8_t at_place[POLICY_ENDPOINTS_MAX]; /* endpoint at each */
	uint8_t place_of[POLICY_ENDPOINTS_MAX]; /* the other way round */
	struct latency_measured measured;       /* by place */
};

/* All borrowed. */
void tiers_ground_init(struct tiers_ground *ground, const struct policy *policy,
		       const struct view *view, size_t service);

/* Does the order depend on where the client is? */
bool tiers_by_way(const struct policy_service *service);

struct tiers {
	const struct tiers_ground *ground; /* borrowed, as is ways */
	const struct latency_ways *ways;   /* NULL: by no distance */
	uint64_t left;                     /* not in a tier yet: a bit each */
	unsigned region;                   /* geo: the next in ways->regions */
	/* latency: expected, by place; INFINITY where it is not left */
	double ms[LATENCY_ROOM];
};

/*
 * Will go through these endpoints.  ways is from the client's place, NULL when
 * that is not known; it is not read where tiers_by_way() is false.
 */
void tiers_init(struct tiers *tiers, const struct tiers_ground *ground,
		const struct latency_ways *ways, uint64_t endpoints);

/* The next tier, a bit each; 0 when there is none. */
uint64_t tiers_next(struct tiers *tiers);

/* What an endpoint was ordered by: for explain. */
struct tiers_way {
	double ms; /* expected; 0: by no distance */
	/* The vantages whose measurements made it; none: distance alone. */
	struct latency_near near;
	uint32_t users; /* so many measured it, and that was taken instead */
};
struct tiers_way tiers_way(const struct tiers *tiers, size_t endpoint);

#endif
