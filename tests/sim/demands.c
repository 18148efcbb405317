/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demands -- invariants of counted demand: what an agent takes it for, and what
 * its plans tell of it.
 */
#include "fleet.h"

#include "policy/base/hash.h"

#include <math.h>
#include <string.h>

enum {
	FOLLOW_MS = DEMAND_SMOOTH_MS / ASKERS_SPEED,
	STALE_MS = QUERIES_STALE_MS / ASKERS_SPEED,
	HEARD_MS = 4000, /* told, on its way, and reckoned */
	KEPT_MS = 10000, /* the store keeps a record, which may be read anew */
	TURNED_MOST = 6, /* so much of all may a flood have been */
};

/* What is reckoned by rounded numbers. */
#define NEAR 0.02

static struct askers_seat *seat_of(struct fleet *f, int node)
{
	return &f->seats[node - fleet_seat(0)].asked;
}

static double whole_of(const double *rate)
{
	double sum = 0;

	for (size_t h = 0; h < ASKERS_HOMES; h++)
		sum += rate[h];
	return sum;
}

/* What it takes the shares of homes for; false: it does not know. */
static bool shares_of(const struct fleet *f, const struct askers_seat *s,
		      double *share)
{
	const struct demand_rates *rates = reckoning_rates(&s->reckoning);
	double sum = 0;

	if (rates == NULL ||
	    reckoning_responders(&s->reckoning, f->askers.service) == 0)
		return false;
	for (size_t h = 0; h < ASKERS_HOMES; h++)
		sum += rates[f->askers.service].home[askers_home(h)];
	for (size_t h = 0; h < ASKERS_HOMES; h++)
		share[h] = rates[f->askers.service].home[askers_home(h)] / sum;
	return sum > 0;
}

/* For how long has nothing been wrong with it, nor with any responder? */
int64_t demands_well_for(const struct fleet *f, int node)
{
	int64_t since_ms = f->well_ms[node];

	for (int r = 0; r < FLEET_RESPONDERS; r++) {
		if (!f->alive[r] || f->paused_until_ms[r] > f->now_ms)
			return 0;
		if (f->well_ms[r] > since_ms)
			since_ms = f->well_ms[r];
	}
	return f->now_ms - since_ms;
}

static int64_t less(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

/* So much is left of what was otherwise so long ago. */
static double left_of(int64_t for_ms)
{
	return exp(-(double)(for_ms - HEARD_MS) / FOLLOW_MS);
}

/*
 * What the edge tells is as old as it was on its way, and when it told it; a
 * part of that goes into what is followed each time.
 */
static double amount_off(const struct fleet *f, int64_t for_ms)
{
	double part = (double)RECKONING_EVERY_MS / DEMAND_SMOOTH_MS;
	double late_ms = (double)(ASKERS_TICK_MS + f->delay_max_ms);

	return NEAR + part * late_ms * ASKERS_SPEED / RECKONING_EVERY_MS +
	       2 * left_of(for_ms);
}

/* Of what it knew at first, no more than so many times as much, beside a
 * little; what is usual follows in hours, a little of which passes. */
static bool check_bound(struct fleet *f, int node, const double *share)
{
	const struct askers_seat *s = seat_of(f, node);

	for (size_t h = 0; h < ASKERS_HOMES; h++)
		if (share[h] > 1.25 * RECKONING_SWING * s->first[h] +
				       1.25 * RECKONING_ROOM ||
		    share[h] < 0.9 / RECKONING_SWING * s->first[h])
			return fleet_broken(f,
					    "node %d takes the share of home "
					    "%zu for %.3f, after %.3f",
					    node, h, share[h], s->first[h]);
	return true;
}

/* Is what is true within what it may take it for? */
bool demands_may_know(const struct fleet *f, const struct askers_seat *s)
{
	double whole = whole_of(f->askers.rate);

	for (size_t h = 0; h < ASKERS_HOMES; h++) {
		double is = f->askers.rate[h] / whole;

		if (is > 0.9 * RECKONING_SWING * s->first[h] ||
		    is < 1.1 / RECKONING_SWING * s->first[h])
			return false;
	}
	return true;
}

static bool check_shares(struct fleet *f, int node, const double *share)
{
	const struct askers *a = &f->askers;
	double whole = whole_of(a->rate);
	int64_t for_ms =
		less(demands_well_for(f, node), f->now_ms - a->turned_ms);
	double off;

	for_ms = less(for_ms, f->now_ms - a->flood_ms);
	off = NEAR + TURNED_MOST * left_of(for_ms);
	if (a->flood_until_ms != 0 || for_ms < ASKERS_RIPE_MS ||
	    !demands_may_know(f, seat_of(f, node)))
		return true;
	f->totals.reckoned++;
	for (size_t h = 0; h < ASKERS_HOMES; h++)
		if (fabs(share[h] - a->rate[h] / whole) > off)
			return fleet_broken(
				f,
				"node %d takes the share of home %zu for "
				"%.3f; it is %.3f",
				node, h, share[h], a->rate[h] / whole);
	return true;
}

/* How much is asked, as long as the edge tells it. */
static bool check_amount(struct fleet *f, int node)
{
	const struct askers *a = &f->askers;
	const struct demand_rates *rates =
		reckoning_rates(&seat_of(f, node)->reckoning);
	int64_t for_ms =
		less(f->now_ms - f->well_ms[node], f->now_ms - a->turned_ms);
	double is = whole_of(a->rate), whole;

	for_ms = less(for_ms, f->now_ms - a->edge_ms);
	if (rates == NULL || for_ms < ASKERS_RIPE_MS)
		return true;
	whole = rates[a->service].whole;
	return fabs(whole - is) <= is * amount_off(f, for_ms) ||
	       fleet_broken(f,
			    "node %d takes demand for %.1f a second; it is "
			    "%.1f",
			    node, whole, is);
}

/* What spilling looks at, of its endpoints. */
static uint64_t look_of(const struct fleet *f, const struct view *view)
{
	const struct view_service *v = &view->services[f->askers.service];
	const struct policy_service *s =
		&f->policy->services[f->askers.service];
	uint64_t hash = v->panic.anywhere + 2 * v->pin_count;

	for (size_t e = 0; e < s->endpoint_count; e++) {
		const struct view_endpoint *is = &v->endpoints[e];

		hash = hash_mix(hash ^ is->weight) ^ is->accept;
		hash = hash_mix(hash ^ (uint64_t)is->health.verdict);
		hash = hash_mix(hash ^ is->deferred);
	}
	return hash;
}

void demands_turn(struct fleet *f, int node)
{
	struct askers_seat *s = seat_of(f, node);
	const struct view *view = f->seats[node - fleet_seat(0)].inputs.view;
	uint64_t look = look_of(f, view);
	double share[ASKERS_HOMES];
	bool known = shares_of(f, s, share);

	if (look != s->look)
		s->looked_ms = f->now_ms;
	s->look = look;
	if (known && !s->known)
		memcpy(s->first, share, sizeof(share));
	s->known = known;
	if (known && check_bound(f, node, share))
		check_shares(f, node, share);
	check_amount(f, node);
}

/* Responders that have told since then, and so may count. */
static unsigned told_since(const struct fleet *f, int64_t since_ms)
{
	unsigned count = 0;

	for (size_t r = 0; r < FLEET_RESPONDERS; r++)
		count += f->responders[r].record_ms >= since_ms;
	return count;
}

static void check_sources(struct fleet *f, const struct event *e,
			  const struct plan_demand *d)
{
	int64_t made_ms = (int64_t)e->b;
	int64_t well_ms = f->now_ms - f->well_ms[e->from];
	bool all = less(demands_well_for(f, e->from),
			f->now_ms - f->askers.edge_ms) >= ASKERS_RIPE_MS &&
		   f->now_ms - seat_of(f, e->from)->began_ms >= ASKERS_RIPE_MS;

	if (well_ms >= ASKERS_RIPE_MS &&
	    d->responders >
		    told_since(f, made_ms - KEPT_MS - STALE_MS - HEARD_MS))
		fleet_broken(f, "a plan tells demand by a responder that is "
				"gone");
	if (all && (d->edges != 1 || d->responders != FLEET_RESPONDERS))
		fleet_broken(f,
			     "a plan tells demand by %u responders, %u edges",
			     d->responders, d->edges);
}

/* What a plan tells of it. */
void demands_check(struct fleet *f, const struct event *e,
		   const struct plan *plan)
{
	const char *name = f->policy->services[f->askers.service].name;
	double is = whole_of(f->askers.rate);

	for (size_t i = 0; i < plan->demand_count; i++) {
		const struct plan_demand *d = &plan->demands[i];
		int64_t age_ms = (plan->wall_made_ms - d->wall_counted_ms) /
				 ASKERS_SPEED;
		int64_t for_ms = less(demands_well_for(f, e->from),
				      f->now_ms - f->askers.edge_ms);

		if (strcmp(d->service, name) != 0)
			fleet_broken(f, "a plan tells the demand of %s",
				     d->service);
		check_sources(f, e, d);
		for_ms = less(for_ms, f->now_ms - f->askers.turned_ms);
		if (for_ms < ASKERS_RIPE_MS)
			continue;
		if (age_ms < 0 || age_ms > STALE_MS + HEARD_MS)
			fleet_broken(f,
				     "a plan tells what was counted %lld ms "
				     "ago",
				     (long long)age_ms);
		if (fabs(d->demand - is) > is * amount_off(f, for_ms))
			fleet_broken(f,
				     "a plan tells a demand of %.1f; it is "
				     "%.1f",
				     d->demand, is);
	}
}
