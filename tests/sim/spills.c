/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spills -- invariants of what capacity does with counted demand: whom plans
 * move by it, and what comes to each endpoint in the end.
 */
#include "fleet.h"

#include "policy/base/hash.h"
#include "policy/decide/share.h"
#include "steering/spilling.h"

#include <math.h>
#include <string.h>

enum {
	LOOKED_MS = SPILLING_PERIOD_MS + 2000, /* a look has gone by */
	CLIENTS = 1000,                        /* of a class, at the end */
	CROWDED_PCT = 95, /* used by more: it may be too much for them */
	USED_PCT = 106,   /* of a capacity, by what is known within an error */
	FULL_PCT = 95,    /* the same, by what is known a little later */
};

static int64_t less(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

/* The spill of the same clients. */
static const struct plan_spill *twin_of(const struct plan_spill *s,
					const struct plan *plan)
{
	for (size_t i = 0; i < plan->spills.count; i++) {
		const struct plan_spill *t = &plan->spills.list[i];
		bool same = strcmp(s->service, t->service) == 0 &&
			    strcmp(s->home, t->home) == 0 &&
			    s->count == t->count;

		for (size_t k = 0; same && k < s->count; k++)
			same = strcmp(s->parts[k].endpoint,
				      t->parts[k].endpoint) == 0;
		if (same)
			return t;
	}
	return NULL;
}

/* The largest change of what is accepted, of those that one of them names. */
static double changed(const struct plan *a, const struct plan *b)
{
	double most = 0;

	for (size_t i = 0; i < a->spills.count; i++) {
		const struct plan_spill *s = &a->spills.list[i];
		const struct plan_spill *t = twin_of(s, b);

		for (size_t k = 0; k < s->count; k++)
			most = fmax(most,
				    fabs(s->parts[k].share -
					 (t == NULL ? 1 : t->parts[k].share)));
	}
	return most;
}

/* For how long has nothing happened that may move clients? */
static int64_t still_for(const struct fleet *f, int node)
{
	const struct askers *a = &f->askers;
	int64_t since_ms = a->flood_until_ms != 0 ? f->now_ms : a->flood_ms;

	if (a->turned_ms > since_ms)
		since_ms = a->turned_ms;
	if (a->edge_ms > since_ms)
		since_ms = a->edge_ms;
	for (size_t i = 0; i < FLEET_SEATS; i++)
		if (f->seats[i].asked.looked_ms > since_ms)
			since_ms = f->seats[i].asked.looked_ms;
	return less(f->now_ms - since_ms, demands_well_for(f, node));
}

/* Endpoints of the service that residency leaves a class, said by hand: a bit
 * each. */
static uint64_t open_to(const struct fleet *f, size_t class)
{
	const struct policy_service *s =
		&f->policy->services[f->askers.service];
	uint64_t open = 0;

	for (size_t e = 0; e < s->endpoint_count; e++)
		if (f->class_regions[class] >> s->endpoints[e].region & 1)
			open |= UINT64_C(1) << e;
	return open;
}

/* A home's clients are alike in its classes. */
static double rate_of(const double *rate, size_t class)
{
	unsigned classes = 0;

	for (size_t k = 0; k < FLEET_CLASSES; k++)
		classes += askers_home_of(k) == askers_home_of(class);
	return rate[askers_home_of(class)] / classes;
}

/* What an endpoint of the service can carry. */
static double room_of(const struct fleet *f, size_t e)
{
	int region = f->policy->services[f->askers.service].endpoints[e].region;

	return f->policy->regions[region].capacity;
}

/* Has every set of endpoints more capacity than those who can go nowhere else
 * need?  Then, by Hall's theorem, there is a division that fits. */
static bool has_room(const struct fleet *f)
{
	const struct policy_service *s =
		&f->policy->services[f->askers.service];
	uint64_t all = (UINT64_C(1) << s->endpoint_count) - 1;

	for (uint64_t set = 1; set <= all; set++) {
		double need = 0, room = 0;

		for (size_t k = 0; k < FLEET_CLASSES; k++)
			if (open_to(f, k) != 0 && (open_to(f, k) & ~set) == 0)
				need += rate_of(f->askers.rate, k);
		for (size_t e = 0; e < s->endpoint_count; e++)
			if (set >> e & 1)
				room += room_of(f, e);
		if (100 * need > CROWDED_PCT * room)
			return false;
	}
	return true;
}

/* Where a responder sends the clients of a class: parts of one. */
static void send_class(const struct fleet *f, size_t r, size_t class,
		       double *part)
{
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	struct row row = chain_row(f->policy, f->responders[r].world.view,
				   f->askers.service, &f->classes[class], NULL);

	share_keys(f->policy, f->askers.service, keys);
	for (size_t i = 0; i < CLIENTS; i++)
		if (share_pick(&row, keys, hash_mix(i), 1, picks) > 0)
			part[picks[0]] += 1.0 / CLIENTS;
}

/* The endpoint that a responder uses most, and how much of what it can carry.
 */
static size_t most_used(const struct fleet *f, size_t r, const double *rate,
			double *pct)
{
	const struct policy_service *s =
		&f->policy->services[f->askers.service];
	double load[POLICY_ENDPOINTS_MAX] = { 0 };
	size_t most = 0;

	for (size_t k = 0; k < FLEET_CLASSES; k++) {
		double part[POLICY_ENDPOINTS_MAX] = { 0 };

		send_class(f, r, k, part);
		for (size_t e = 0; e < s->endpoint_count; e++)
			load[e] += part[e] * rate_of(rate, k);
	}
	*pct = 0;
	for (size_t e = 0; e < s->endpoint_count; e++) {
		double used = 100 * load[e] / room_of(f, e);

		most = used > *pct ? e : most;
		*pct = fmax(*pct, used);
	}
	return most;
}

/* Does some endpoint have more than it can carry, by what who leads takes
 * demand for?  That cannot wait.  Whether demand is that, demands.c says; who
 * does not know it goes by the policy. */
static bool is_full(const struct fleet *f, const struct askers_seat *s)
{
	const struct demand_rates *known = reckoning_rates(&s->reckoning);
	double rate[ASKERS_HOMES], pct = 0;

	if (!s->known)
		return true;
	for (size_t h = 0; h < ASKERS_HOMES; h++)
		rate[h] = known[f->askers.service].home[askers_home(h)];
	for (size_t r = 0; r < FLEET_RESPONDERS && pct <= FULL_PCT; r++)
		most_used(f, r, rate, &pct);
	return pct > FULL_PCT;
}

/*
 * Who goes on from a plan and knows no demand yet moves nobody; who knows it,
 * moves clients a little at a time, unless something has happened, or there is
 * hardly room for them, in all or where they are.
 */
void spills_check(struct fleet *f, const struct event *e,
		  const struct plan *last, const struct plan *plan)
{
	const struct seat *s = &f->seats[e->from - fleet_seat(0)];
	double most = fmax(changed(last, plan), changed(plan, last));

	f->totals.spilled += most > 0;
	if (most > 0 && s->asked.waited && s->asked.looked_ms < s->led_ms)
		fleet_broken(f,
			     "node %d moves clients by a demand that it does "
			     "not know",
			     e->from);
	if (most > SPILLING_MOST + 0.001 &&
	    still_for(f, e->from) >= LOOKED_MS && has_room(f) &&
	    !is_full(f, &s->asked))
		fleet_broken(f, "%.3f of some clients move at once by capacity",
			     most);
}

static bool check_load(struct fleet *f, size_t r)
{
	double pct;
	size_t most = most_used(f, r, f->askers.rate, &pct);

	return pct <= USED_PCT ||
	       fleet_broken(f,
			    "responder %zu sends %.1f a second to %s, which "
			    "can carry %.0f",
			    r, pct / 100 * room_of(f, most),
			    f->policy->services[f->askers.service]
				    .endpoints[most]
				    .name,
			    room_of(f, most));
}

/* Does who leads know it, and has it for long enough, and may it act by it? In
 * panic clients stay where they are. */
static bool is_known(const struct fleet *f)
{
	for (size_t i = 0; i < FLEET_SEATS; i++) {
		const struct seat *s = &f->seats[i];

		if (s->leads != 0 && s->asked.known &&
		    !s->inputs.view->services[f->askers.service]
			     .panic.anywhere &&
		    f->now_ms - s->asked.looked_ms >= LOOKED_MS &&
		    f->now_ms - s->led_ms >= ASKERS_RIPE_MS)
			return demands_well_for(f, fleet_seat(i)) >=
				       ASKERS_RIPE_MS &&
			       demands_may_know(f, &s->asked);
	}
	return false;
}

bool spills_converged(struct fleet *f)
{
	if (!is_known(f) || !has_room(f))
		return true;
	f->totals.carried++;
	for (size_t r = 0; r < FLEET_RESPONDERS; r++)
		if (!check_load(f, r))
			return false;
	return true;
}
