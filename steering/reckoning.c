/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/reckoning.h"

#include "policy/language/policy.h"
#include "steering/counted.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct reckoned {
	struct demand_rates asked;  /* queries a second, followed */
	double usual[DEMAND_HOMES]; /* shares; sum 0: none yet */
	double share[DEMAND_HOMES]; /* of the demand; sum 0: not counted */
	bool bounded;               /* some share is not as counted */
	double per_s;               /* requests, followed */
	uint64_t requests;          /* of edges, at the last turn */
	bool based;                 /* that one is known */
	unsigned edges;             /* that tell of it; 0: none */
	bool whole;                 /* of each endpoint that is the service's */
	unsigned responders;
	int64_t heard_ms;
};

static double sum_of(const double *of)
{
	double sum = 0;

	for (size_t i = 0; i < DEMAND_HOMES; i++)
		sum += of[i];
	return sum;
}

static void forget(struct reckoning *r)
{
	free(r->services);
	free(r->rates);
	free(r->sums);
	free(r->told);
	free(r->demands);
}

void reckoning_fini(struct reckoning *r)
{
	forget(r);
	*r = (struct reckoning){ .policy = NULL };
}

void reckoning_quiet(struct reckoning *r, int64_t now_ms)
{
	r->quiet_until_ms = now_ms + RECKONING_QUIET_MS;
}

/* How much is asked of it. */
static double whole_of(const struct reckoned *s, double stated)
{
	if (s->edges == 0)
		return stated;
	return s->whole ? s->per_s : fmax(s->per_s, stated);
}

static void put_rates(const struct reckoning *r, size_t service)
{
	const struct policy_service *p = &r->policy->services[service];
	const struct reckoned *s = &r->services[service];
	struct demand_rates *to = &r->rates[service];

	*to = (struct demand_rates){ .whole = 0 };
	if (p->demand_from == DEMAND_FROM_POLICY)
		return;
	to->whole = whole_of(s, p->demand);
	for (size_t i = 0; i < DEMAND_HOMES; i++)
		to->home[i] = to->whole * s->share[i];
}

/* Of every home by its index now. */
struct change {
	const struct policy *before, *now;
};

static void carry_homes(const struct change *c, const double *from, double *to)
{
	for (size_t i = 0; i < DEMAND_HOMES; i++)
		to[i] = 0;
	to[DEMAND_NOWHERE] = from[DEMAND_NOWHERE];
	for (size_t i = 0; i < c->now->region_count; i++) {
		int old =
			policy_find_region(c->before, c->now->regions[i].name);

		to[i] = old < 0 ? 0 : from[old];
	}
}

/* Shares of what is left of the homes. */
static void carry_shares(const struct change *c, const double *from, double *to)
{
	double sum;

	carry_homes(c, from, to);
	sum = sum_of(to);
	for (size_t i = 0; sum > 0 && i < DEMAND_HOMES; i++)
		to[i] /= sum;
}

/* What edges have counted begins anew, at 0 again. */
static void carry(const struct change *c, const struct reckoned *from,
		  struct reckoned *to)
{
	*to = *from;
	to->requests = 0;
	carry_homes(c, from->asked.home, to->asked.home);
	carry_shares(c, from->usual, to->usual);
	carry_shares(c, from->share, to->share);
}

static void carry_all(const struct reckoning *from, struct reckoning *to)
{
	const struct change change = { from->policy, to->policy };

	for (size_t i = 0; i < to->policy->service_count; i++) {
		int old = from->policy == NULL
				  ? POLICY_NONE
				  : policy_find_service(
					    from->policy,
					    to->policy->services[i].name);

		if (old >= 0)
			carry(&change, &from->services[old], &to->services[i]);
		put_rates(to, i);
	}
}

bool reckoning_adopt(struct reckoning *r, const struct policy *policy,
		     int64_t now_ms)
{
	size_t room = policy->service_count + 1;
	struct reckoning next = {
		.policy = policy,
		.services = calloc(room, sizeof(*next.services)),
		.rates = calloc(room, sizeof(*next.rates)),
		.sums = calloc(room, sizeof(*next.sums)),
		.told = calloc(room, sizeof(*next.told)),
		.demands = calloc(room, sizeof(*next.demands)),
		.turned_ms = r->turned_ms,
		.known = r->known,
	};
	bool ok = next.services != NULL && next.rates != NULL &&
		  next.sums != NULL && next.told != NULL &&
		  next.demands != NULL;

	if (ok) {
		reckoning_quiet(&next, now_ms);
		carry_all(r, &next);
	} else {
		reckoning_fini(&next);
	}
	forget(r);
	*r = next;
	return ok;
}

/*
 * The first count is where the next one is measured from.  Not at a look that
 * comes late: what was told while this process stood still is yet to be read.
 */
static void follow_edges(struct reckoned *s, const struct counted_service *now,
			 uint64_t stable, int64_t passed_ms)
{
	double per_s = 0;
	bool began = s->edges == 0;
	bool late = passed_ms >= 2 * (int64_t)RECKONING_EVERY_MS;

	if (s->based && now->requests > s->requests)
		per_s = 1000.0 * (double)(now->requests - s->requests) /
			(double)passed_ms;
	s->edges = s->based ? now->edges : 0;
	s->whole = (now->endpoints & stable) == stable;
	s->based = now->edges > 0 && (s->based || !late);
	s->requests = now->requests;
	if (s->edges == 0)
		s->per_s = 0;
	else
		s->per_s += (began ? 1 : demand_part(passed_ms)) *
			    (per_s - s->per_s);
}

/* The endpoints that clients come to by themselves. */
static uint64_t stable_of(const struct policy_service *service)
{
	uint64_t stable = 0;

	for (size_t i = 0; i < service->endpoint_count; i++)
		if (service->endpoints[i].canary == POLICY_NONE)
			stable |= UINT64_C(1) << i;
	return stable;
}

/*
 * A home's share of what is counted times scale, but not too far from usual.
 * Where hardly anything but a flood is left, the others are as usual among
 * themselves.
 */
static double bound_one(const struct reckoned *s, size_t i, double counted,
			double scale)
{
	double least = s->usual[i] / RECKONING_SWING;
	double most = s->usual[i] * RECKONING_SWING + RECKONING_ROOM;

	return fmax(least, fmin(most, scale * (counted + 1e-6 * s->usual[i])));
}

/* Who is held back leaves room to the others, in proportion: scale is what
 * makes their sum 1. */
static void bound(struct reckoned *s, double asked_per_s)
{
	double low = -40, high = 40; /* powers of 2 */

	for (int step = 0; step < 60; step++) {
		double middle = (low + high) / 2;

		for (size_t i = 0; i < DEMAND_HOMES; i++)
			s->share[i] =
				bound_one(s, i, s->asked.home[i] / asked_per_s,
					  exp2(middle));
		if (sum_of(s->share) < 1)
			low = middle;
		else
			high = middle;
	}
	s->bounded = fabs(exp2(high) - 1) > 1e-4;
}

static void follow_usual(struct reckoned *s, int64_t passed_ms)
{
	double part = 1 - exp(-(double)passed_ms / RECKONING_USUAL_MS);

	for (size_t i = 0; i < DEMAND_HOMES; i++)
		s->usual[i] += part * (s->share[i] - s->usual[i]);
}

static void leave_to_policy(struct reckoned *s)
{
	for (size_t i = 0; i < DEMAND_HOMES; i++)
		s->usual[i] = s->share[i] = 0;
	s->bounded = false;
}

static void follow_queries(struct reckoned *s, const struct queries_sum *now,
			   int64_t passed_ms)
{
	struct demand_rates counted = { .whole = 0 };
	bool was = sum_of(s->share) > 0;
	double per_s, count;

	for (size_t i = 0; i < DEMAND_HOMES; i++)
		counted.home[i] = now->home[i];
	demand_follow(&s->asked, &counted, passed_ms);
	s->responders = now->responders;
	if (now->responders > 0)
		s->heard_ms = now->heard_ms;
	per_s = sum_of(s->asked.home);
	count = per_s * 2 * DEMAND_SMOOTH_MS / 1000;
	if (count < RECKONING_LEAST / (was ? 2.0 : 1.0)) {
		leave_to_policy(s);
		return;
	}
	for (size_t i = 0; !was && i < DEMAND_HOMES; i++)
		s->usual[i] = s->asked.home[i] / per_s;
	bound(s, per_s);
	follow_usual(s, passed_ms);
}

/* Where no responder at all tells, silence is no count of 0. */
void reckoning_turn(struct reckoning *r, struct queries *queries,
		    const struct counted *edges, int64_t now_ms)
{
	int64_t passed_ms = now_ms - r->turned_ms;
	bool quiet = now_ms < r->quiet_until_ms;

	if (r->policy == NULL ||
	    (r->turned_ms != 0 && passed_ms < RECKONING_EVERY_MS))
		return;
	r->turned_ms = now_ms;
	queries_sum(queries, now_ms, r->sums);
	memset(r->told, 0, r->policy->service_count * sizeof(*r->told));
	counted_services(edges, now_ms, r->told);
	for (size_t i = 0; i < r->policy->service_count; i++) {
		follow_edges(&r->services[i], &r->told[i],
			     stable_of(&r->policy->services[i]), passed_ms);
		if (quiet)
			continue;
		if (queries->count > 0)
			follow_queries(&r->services[i], &r->sums[i], passed_ms);
		put_rates(r, i);
	}
	r->known |= !quiet;
}

const struct demand_rates *reckoning_rates(const struct reckoning *r)
{
	return r->known ? r->rates : NULL;
}

/* Is demand to be what is counted? */
static bool is_free(const struct reckoning *r, size_t service)
{
	return r->known &&
	       r->policy->services[service].demand_from != DEMAND_FROM_POLICY;
}

static bool is_shared(const struct reckoning *r, size_t service)
{
	return is_free(r, service) && sum_of(r->services[service].share) > 0;
}

unsigned reckoning_responders(const struct reckoning *r, size_t service)
{
	return is_shared(r, service) ? r->services[service].responders : 0;
}

unsigned reckoning_edges(const struct reckoning *r, size_t service)
{
	return is_free(r, service) ? r->services[service].edges : 0;
}

/* What it has to carry, as far as that is known; 0: it is not. */
static double demand_of(const struct reckoning *r, size_t service)
{
	double stated = r->policy->services[service].demand;

	return reckoning_edges(r, service) > 0
		       ? whole_of(&r->services[service], stated)
		       : stated;
}

struct plan_demand_list reckoning_demands(const struct reckoning *r,
					  int64_t now_ms, int64_t wall_ms)
{
	struct plan_demand_list told = { r->demands, 0 };

	for (size_t i = 0; r->known && i < r->policy->service_count; i++) {
		const struct policy_service *s = &r->policy->services[i];
		struct plan_demand d = {
			.demand = demand_of(r, i),
			.responders = reckoning_responders(r, i),
			.edges = reckoning_edges(r, i),
		};

		if (s->spill != SPILL_CAPACITY || !(d.demand > 0))
			continue;
		if (d.responders > 0)
			d.wall_counted_ms =
				wall_ms - (now_ms - r->services[i].heard_ms);
		snprintf(d.service, sizeof(d.service), "%s", s->name);
		r->demands[told.count++] = d;
	}
	return told;
}

static bool put_share(json_t *to, const char *home, double share)
{
	return !(share > 0) ||
	       json_object_set_new(to, home, json_real(share)) == 0;
}

static json_t *write_shares(const struct reckoning *r, size_t service)
{
	const double *share = r->services[service].share;
	json_t *json = json_object();
	bool ok = put_share(json, "", share[DEMAND_NOWHERE]);

	for (size_t i = 0; i < r->policy->region_count; i++)
		ok = put_share(json, r->policy->regions[i].name, share[i]) &&
		     ok;
	if (ok)
		return json;
	json_decref(json);
	return NULL;
}

struct json_t *reckoning_write(const struct reckoning *r, size_t service,
			       int64_t now_ms)
{
	unsigned edges = reckoning_edges(r, service);
	bool counted = is_shared(r, service);
	const struct reckoned *s;
	double stated;

	if (r->policy == NULL)
		return NULL;
	s = &r->services[service];
	stated = r->policy->services[service].demand;
	if (!counted && edges == 0 && !(stated > 0))
		return NULL;
	return json_pack("{s:s, s:s, s:f, s:i, s:i, s:f, s:I, s:b, s:o*}",
			 "homes", counted ? "counted" : "policy", "amount",
			 edges > 0    ? "edges"
			 : stated > 0 ? "policy"
				      : "unknown",
			 "demand", demand_of(r, service), "responders",
			 (int)reckoning_responders(r, service), "edges",
			 (int)edges, "queries_per_s", sum_of(s->asked.home),
			 "age_ms",
			 (json_int_t)(counted ? now_ms - s->heard_ms : 0),
			 "bounded", counted && s->bounded, "shares",
			 counted ? write_shares(r, service) : NULL);
}
