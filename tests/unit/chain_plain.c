/* SPDX-License-Identifier: Apache-2.0 */
#include "chain_plain.h"

#include "policy/decide/latency.h"
#include "policy/decide/pin.h"

#include <stdlib.h>
#include <string.h>

struct plain {
	const struct policy *policy;
	const struct policy_service *service;
	const struct view_endpoint *seen;
	const struct latency_stretch *stretch;
	const struct client_class *class;
	uint64_t pinned; /* a bit each; 0: nobody holds these clients */
	bool panic;      /* too little is well, by the view */
	bool restored;   /* what is coming back has come back */
	struct in_turn {
		double ms;
		int endpoint, tier;
	} order[POLICY_ENDPOINTS_MAX];
	int count;
};

static bool is_allowed(const struct plain *p, int endpoint)
{
	return p->class->regions >> p->service->endpoints[endpoint].region & 1;
}

static float km_to(const struct plain *p, size_t vantage)
{
	const struct policy_vantage *v = &p->policy->vantages[vantage];

	return (float)latency_distance_km(p->class->latitude,
					  p->class->longitude, v->latitude,
					  v->longitude);
}

/* The nearest vantage that has a vote, of those not asked; else -1. */
static int next_voter(const struct plain *p, const struct quorum_result *health,
		      uint64_t asked)
{
	uint64_t voters = (health->up_by | health->down_by) & ~asked;
	int best = -1;

	for (int v = 0; v < (int)p->policy->vantage_count; v++)
		if ((voters >> v & 1) &&
		    (best < 0 || km_to(p, (size_t)v) < km_to(p, (size_t)best)))
			best = v;
	return best;
}

/* Out for the place: the nearest of those with a vote say so. */
static bool is_down(const struct plain *p, int e)
{
	const struct quorum_result *health = &p->seen[e].health;
	uint64_t asked = 0;
	uint32_t needed;

	if (health->verdict == VERDICT_DOWN)
		return true;
	if (p->service->check == POLICY_NONE || !p->class->located ||
	    !health->split)
		return false;
	needed = p->policy->checks[p->service->check].quorum;
	for (uint32_t i = 0; i < needed; i++) {
		int v = next_voter(p, health, asked);

		if (v < 0 || !(health->down_by >> v & 1))
			return false;
		asked |= UINT64_C(1) << v;
	}
	return true;
}

static int canary_of(const struct plain *p, int endpoint)
{
	int canary = p->service->endpoints[endpoint].shadowed_by;

	if (canary == POLICY_NONE || !is_allowed(p, canary) ||
	    is_down(p, canary) || p->seen[canary].accept == ACCEPT_NONE)
		return POLICY_NONE;
	return canary;
}

static bool is_eligible(const struct plain *p, int e)
{
	return is_allowed(p, e) &&
	       p->service->endpoints[e].canary == POLICY_NONE;
}

static bool is_drained(const struct plain *p, int e)
{
	return (p->pinned != 0 && !(p->pinned >> e & 1)) ||
	       (p->seen[e].cause == SHARE_COMMAND &&
		p->seen[e].accept == ACCEPT_NONE);
}

static bool is_alive(const struct plain *p, int e)
{
	int canary = canary_of(p, e);

	return !is_down(p, e) ||
	       (canary != POLICY_NONE && p->seen[canary].accept == ACCEPT_ALL);
}

static bool is_deferred(const struct plain *p, int e)
{
	return p->seen[e].deferred && !is_alive(p, e);
}

static bool on_trial(const struct plain *p, int e)
{
	return p->seen[e].trickle && !p->seen[e].deferred && !is_alive(p, e);
}

/* To what the first pin that may concern the class holds it, if any of that
 * is there to be given. */
static uint64_t find_pinned(const struct plain *p,
			    const struct view_service *view)
{
	for (size_t i = 0; i < view->pin_count; i++) {
		const struct pin *pin = &view->pins[i];
		bool may = false, can = false;

		for (int e = 0; e < (int)p->service->endpoint_count; e++) {
			if (!is_eligible(p, e) || !(pin->endpoints >> e & 1))
				continue;
			may = true;
			can |= is_alive(p, e) && !is_drained(p, e);
		}
		if ((p->class->sets >> pin->set & 1) && may)
			return can ? pin->endpoints : 0;
	}
	return 0;
}

enum wish { SERVED, OPEN_AND_ALIVE, ALIVE, OPEN, ANY };

/* The eligible ones that fulfil the wish become the order, as listed. */
static bool take(struct plain *p, enum wish wish)
{
	p->count = 0;
	for (int e = 0; e < (int)p->service->endpoint_count; e++) {
		bool alive = wish == OPEN || wish == ANY || is_alive(p, e) ||
			     (wish == SERVED &&
			      (is_deferred(p, e) || on_trial(p, e)));
		bool open = wish == ALIVE || wish == ANY || !is_drained(p, e);

		if (is_eligible(p, e) && alive && open)
			p->order[p->count++] =
				(struct in_turn){ .endpoint = e };
	}
	return p->count > 0;
}

static uint32_t accept_in(const struct plain *p, int endpoint)
{
	const struct view_endpoint *e = &p->seen[endpoint];

	return p->restored && e->cause == SHARE_RAMP ? ACCEPT_ALL : e->accept;
}

static bool is_zero(const struct plain *p, int i, bool by_weight)
{
	int endpoint = p->order[i].endpoint;

	return by_weight ? p->seen[endpoint].weight == 0
			 : accept_in(p, endpoint) == ACCEPT_NONE;
}

static void drop_zeros(struct plain *p, bool by_weight)
{
	int count = 0;

	for (int i = 0; i < p->count; i++)
		count += !is_zero(p, i, by_weight);
	if (count == 0)
		return;
	count = 0;
	for (int i = 0; i < p->count; i++)
		if (!is_zero(p, i, by_weight))
			p->order[count++] = p->order[i];
	p->count = count;
}

/* The open ones that are alive, deferred or on trial, if a living one takes all
 * its clients. */
static bool take_served(struct plain *p)
{
	bool alive = false;

	if (!take(p, OPEN_AND_ALIVE) || !take(p, SERVED))
		return false;
	drop_zeros(p, false);
	drop_zeros(p, true);
	for (int i = 0; i < p->count; i++)
		alive |= is_alive(p, p->order[i].endpoint) &&
			 p->seen[p->order[i].endpoint].accept == ACCEPT_ALL;
	return alive && take(p, SERVED);
}

static bool is_among(const struct plain *p, int endpoint)
{
	for (int i = 0; i < p->count; i++)
		if (p->order[i].endpoint == endpoint)
			return true;
	return false;
}

static enum row_note choose(struct plain *p)
{
	bool alive;

	if (!take(p, ANY))
		return ROW_NO_REGION;
	if (!p->panic && (take_served(p) || take(p, OPEN_AND_ALIVE)))
		return ROW_PLAIN;
	if (!take(p, OPEN_AND_ALIVE) && take(p, ALIVE))
		return ROW_ALL_COMMANDED;
	alive = take(p, ALIVE);
	if (p->service->panic == PANIC_NO_ANSWER ||
	    (!alive && p->class->none_healthy == NONE_HEALTHY_NO_ANSWER))
		return ROW_WITHHELD;
	p->restored = true;
	if (p->service->panic == PANIC_FALLBACK && take(p, OPEN) &&
	    is_among(p, p->service->fallback)) {
		p->count = 1;
		p->order[0].endpoint = p->service->fallback;
		return ROW_PANIC;
	}
	if (!take(p, OPEN))
		take(p, ANY);
	return alive ? ROW_PANIC : ROW_NONE_HEALTHY;
}

/* The nearest vantage that measured e, of those not asked; else -1. */
static int next_vantage(const struct plain *p, int e, uint64_t asked)
{
	int best = -1;

	for (int v = 0; v < (int)p->policy->vantage_count; v++)
		if (p->seen[e].latency_ms[v] > 0 && !(asked >> v & 1) &&
		    (best < 0 || km_to(p, (size_t)v) < km_to(p, (size_t)best)))
			best = v;
	return best;
}

static double stretched(float stretch)
{
	return stretch > 0 ? (double)stretch : LATENCY_STRETCH;
}

static double expected_ms(const struct plain *p, int e)
{
	const struct policy_region *r =
		&p->policy->regions[p->service->endpoints[e].region];
	double sum_ms = 0, sum_weight = 0;
	uint64_t asked = 0;
	int v;

	for (int i = 0; p->service->steer == STEER_LATENCY && i < 3 &&
			(v = next_vantage(p, e, asked)) >= 0;
	     i++) {
		double km = km_to(p, (size_t)v);
		double weight = 1 / (km > 50 ? km : 50);

		asked |= UINT64_C(1) << v;
		sum_weight += weight;
		sum_ms += weight * ((double)p->seen[e].latency_ms[v] +
				    latency_light_ms(km) *
					    stretched(p->stretch->vantages[v]));
	}
	if (asked != 0)
		return sum_ms / sum_weight;
	sum_ms = latency_way_ms(latency_distance_km(p->class->latitude,
						    p->class->longitude,
						    r->latitude, r->longitude));
	return p->service->steer == STEER_LATENCY
		       ? sum_ms * (stretched(p->stretch->region) /
				   LATENCY_STRETCH)
		       : sum_ms;
}

static int by_ms(const void *a, const void *b)
{
	const struct in_turn *x = a, *y = b;

	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	return x->endpoint - y->endpoint;
}

static int by_tier(const void *a, const void *b)
{
	const struct in_turn *x = a, *y = b;

	return x->tier != y->tier ? x->tier - y->tier
				  : x->endpoint - y->endpoint;
}

static void order(struct plain *p)
{
	enum steer steer = p->service->steer;
	double limit_ms = 0;

	if (p->restored && p->service->panic == PANIC_ALL)
		return;
	if (steer == STEER_FAILOVER)
		for (int i = 0; i < p->count; i++)
			p->order[i].tier = i;
	if (!p->class->located ||
	    (steer != STEER_LATENCY && steer != STEER_GEO))
		return;
	for (int i = 0; i < p->count; i++)
		p->order[i].ms = expected_ms(p, p->order[i].endpoint);
	qsort(p->order, (size_t)p->count, sizeof(p->order[0]), by_ms);
	for (int i = 0; i < p->count; i++) {
		bool begins = i == 0 || p->order[i].ms > limit_ms;

		if (begins)
			limit_ms = p->order[i].ms + p->service->within_ms;
		p->order[i].tier = i == 0 ? 0 : p->order[i - 1].tier + begins;
	}
	qsort(p->order, (size_t)p->count, sizeof(p->order[0]), by_tier);
}

static void add_entry(const struct plain *p, int i, uint8_t tier,
		      struct row *row)
{
	struct row_entry *entry = &row->entries[row->count++];
	int endpoint = p->order[i].endpoint, canary = canary_of(p, endpoint);
	const struct view_endpoint *e = &p->seen[endpoint];
	uint32_t accept = accept_in(p, endpoint);

	entry->endpoint = (uint8_t)endpoint;
	entry->tier = tier;
	entry->canary = canary == POLICY_NONE ? ROW_NONE : (uint8_t)canary;
	entry->weight = e->weight == 0 ? 1 : e->weight;
	entry->accept = accept == ACCEPT_NONE ? ACCEPT_ALL : accept;
	entry->deferred =
		(row->note == ROW_PLAIN && is_deferred(p, endpoint)) ||
		(row->note == ROW_PANIC && !is_alive(p, endpoint));
	if (row->note == ROW_PLAIN && on_trial(p, endpoint))
		entry->accept = e->accept < accept_of(REPORT_TRICKLE)
					? e->accept
					: accept_of(REPORT_TRICKLE);
	if (canary != POLICY_NONE)
		entry->canary_accept = p->seen[canary].accept;
}

/* Divides by what divides all, the greatest first. */
static void reduce(struct row *row, int from)
{
	for (uint32_t by = row->entries[from].weight; by > 1; by--) {
		bool divides = true;

		for (int i = from; i < row->count; i++)
			divides &= row->entries[i].weight % by == 0;
		for (int i = from; divides && i < row->count; i++)
			row->entries[i].weight /= by;
	}
}

static void fill(const struct plain *p, struct row *row)
{
	unsigned certain = 0;
	uint8_t tier = 0;

	for (int at = 0; at < p->count && certain < p->service->answers;
	     tier++) {
		int from = row->count, old = p->order[at].tier;

		for (; at < p->count && p->order[at].tier == old; at++) {
			add_entry(p, at, tier, row);
			certain += row->entries[row->count - 1].accept ==
				   ACCEPT_ALL;
		}
		reduce(row, from);
	}
}

struct row chain_plain(const struct policy *policy, const struct view *view,
		       size_t service, const struct client_class *class)
{
	struct plain p = {
		.policy = policy,
		.service = &policy->services[service],
		.seen = view->services[service].endpoints,
		.stretch = &view->stretch,
		.class = class,
		.panic = panic_binds(&view->services[service].panic, policy,
				     class->regions),
	};
	struct row_entry *last;
	struct row row;

	p.pinned = find_pinned(&p, &view->services[service]);
	memset(&row, 0, sizeof(row));
	row.changing = view->services[service].changing;
	row.note = (uint8_t)choose(&p);
	if (row.note == ROW_NO_REGION || row.note == ROW_WITHHELD)
		return row;
	order(&p);
	drop_zeros(&p, false);
	drop_zeros(&p, true);
	fill(&p, &row);
	for (int i = 0; i < row.count; i++)
		if (row.note == ROW_PLAIN && row.entries[i].deferred)
			row.note = ROW_DEFERRED;
	last = &row.entries[row.count - 1];
	if (row.count == 1 ||
	    (p.service->answers == 1 && last[-1].tier != last->tier))
		last->accept = ACCEPT_ALL;
	return row;
}
