/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/allot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a part of a client costs: see the header. */
static const double cost_moved = 1;
static const double cost_last = 0.5;  /* the last of an order */
static const double cost_kept = 0.9;  /* less, of who moved before */
static const double cost_usual = 1.6; /* beyond the usual load */
static const double cost_first = 0.8; /* but the first step */
static const double cost_step = 0.05; /* and from step to step more */
static const double cost_beyond = 10; /* beyond the capacity */

static const double band = 0.02;        /* a step up to the capacity */
static const double band_beyond = 0.01; /* and from there */
static const double spare = 1.002;      /* see fit() */
static const double full = 0.97;        /* of a capacity: see the header */
static const double same = 0.005;       /* of a flock: as good as none */
static const double over = 1.005;       /* what rounding does is no overload */

enum { STEPS_BEYOND = 150, PATHS_MAX = 20000 };

/* How a flock may go to one endpoint. */
struct lane {
	double goes; /* so much does */
	double well; /* so much costs nothing */
	double now;  /* so much, and at least that, costs less */
	double most; /* so much can: 0, not at all */
	double rank; /* in [0, 1]: of their orders, on the mean */
};

struct work {
	const struct allot_case *c;
	struct lane *lanes; /* by flock and endpoint */
	double demand;      /* of all */
	double load[POLICY_ENDPOINTS_MAX];
};

static struct lane *lane_of(const struct work *w, size_t flock, size_t e)
{
	return &w->lanes[flock * w->c->endpoint_count + e];
}

/* As good as nothing. */
static double none(const struct work *w)
{
	return w->demand * 1e-9;
}

/* One step of a cost: so much of it is left. */
struct step {
	double cost, left;
};

static double cost_of(const struct lane *lane)
{
	return cost_moved + cost_last * lane->rank;
}

static struct step step_in(const struct work *w, const struct lane *lane)
{
	double left = lane->most - lane->goes;

	if (left <= none(w))
		return (struct step){ INFINITY, 0 };
	if (lane->well - lane->goes > none(w))
		return (struct step){ 0, fmin(left, lane->well - lane->goes) };
	if (lane->now - lane->goes > none(w))
		return (struct step){ cost_of(lane) - cost_kept,
				      fmin(left, lane->now - lane->goes) };
	return (struct step){ cost_of(lane), left };
}

static struct step step_out(const struct work *w, const struct lane *lane)
{
	if (lane->goes - lane->now > none(w))
		return (struct step){ cost_of(lane), lane->goes - lane->now };
	if (lane->goes - lane->well > none(w))
		return (struct step){ cost_of(lane) - cost_kept,
				      lane->goes - lane->well };
	return (struct step){ 0, lane->goes };
}

/* What an endpoint's next client costs. */
static struct step step_at(const struct work *w, size_t e)
{
	double capacity = fmax(w->c->capacity[e], none(w) * 10);
	double use = (w->load[e] + none(w)) / capacity;
	double usual = ALLOT_USUAL_PCT / 100.0, k, end;

	if (use < usual)
		return (struct step){ 0, usual * capacity - w->load[e] };
	if (use < full) {
		k = floor((use - usual) / band);
		end = fmin(usual + (k + 1) * band, full);
		return (struct step){ k > 0 ? cost_usual + k * cost_step
					    : cost_first,
				      end * capacity - w->load[e] };
	}
	k = floor((use - full) / band_beyond);
	if (k >= STEPS_BEYOND)
		return (struct step){ cost_beyond + STEPS_BEYOND, INFINITY };
	end = full + (k + 1) * band_beyond;
	return (struct step){ cost_beyond + k, end * capacity - w->load[e] };
}

/* The cheapest ways to one more client at each endpoint. */
struct ways {
	double cost[POLICY_ENDPOINTS_MAX];
	/* Who makes room by going from `from`; from -1: the clients themselves
	 * come. */
	int from[POLICY_ENDPOINTS_MAX];
	size_t who[POLICY_ENDPOINTS_MAX];
};

/* Who goes from an endpoint to another for the least. */
struct swap {
	double cost;
	size_t who;
};

static struct swap cheapest(const struct work *w, size_t from, size_t to)
{
	struct swap found = { INFINITY, 0 };

	for (size_t g = 0; g < w->c->count; g++) {
		const struct lane *there = lane_of(w, g, from);
		double cost;

		if (there->goes <= none(w))
			continue;
		cost = step_in(w, lane_of(w, g, to)).cost -
		       step_out(w, there).cost;
		if (cost < found.cost)
			found = (struct swap){ cost, g };
	}
	return found;
}

static bool relax_one(const struct work *w, struct ways *ways, size_t from,
		      size_t to)
{
	static const double gain = 1e-7;
	struct swap swap;

	if (isinf(ways->cost[from]))
		return false;
	swap = cheapest(w, from, to);
	if (ways->cost[from] + swap.cost >= ways->cost[to] - gain)
		return false;
	ways->cost[to] = ways->cost[from] + swap.cost;
	ways->from[to] = (int)from;
	ways->who[to] = swap.who;
	return true;
}

/* Bellman and Ford's, over the endpoints. */
static void relax(const struct work *w, struct ways *ways)
{
	size_t count = w->c->endpoint_count;
	bool better = true;

	for (size_t round = 0; better && round < count; round++) {
		better = false;
		for (size_t to = 0; to < count; to++) {
			for (size_t from = 0; from < count; from++)
				better |= from != to &&
					  relax_one(w, ways, from, to);
		}
	}
}

static void find_ways(const struct work *w, size_t flock, struct ways *ways)
{
	for (size_t e = 0; e < w->c->endpoint_count; e++) {
		ways->cost[e] = step_in(w, lane_of(w, flock, e)).cost;
		ways->from[e] = -1;
		ways->who[e] = flock;
	}
}

static int cheapest_end(const struct work *w, const struct ways *ways,
			double *cost)
{
	int found = -1;

	*cost = INFINITY;
	for (size_t e = 0; e < w->c->endpoint_count; e++) {
		double c = ways->cost[e] + step_at(w, e).cost;

		if (c < *cost) {
			*cost = c;
			found = (int)e;
		}
	}
	return found;
}

/* How much can go this way at one price, or, with an amount, does. */
static double along(const struct work *w, const struct ways *ways, int end,
		    double amount)
{
	size_t left = w->c->endpoint_count;
	double most = step_at(w, (size_t)end).left;

	for (int e = end; e >= 0 && left-- > 0; e = ways->from[e]) {
		struct lane *to = lane_of(w, ways->who[e], (size_t)e);

		most = fmin(most, step_in(w, to).left);
		if (amount > 0)
			to->goes += amount;
		if (ways->from[e] >= 0) {
			struct lane *from =
				lane_of(w, ways->who[e], (size_t)ways->from[e]);

			most = fmin(most, step_out(w, from).left);
			if (amount > 0)
				from->goes -= amount;
		}
	}
	return most;
}

/* One path of one flock; returns how much it took. */
static double augment(struct work *w, size_t flock, double demand)
{
	struct ways ways;
	double cost, amount;
	int end;

	find_ways(w, flock, &ways);
	end = cheapest_end(w, &ways, &cost);
	if (cost > 0) {
		relax(w, &ways);
		end = cheapest_end(w, &ways, &cost);
	}
	if (end < 0)
		return 0;
	amount = fmin(demand, along(w, &ways, end, 0));
	if (amount <= none(w))
		return 0;
	along(w, &ways, end, amount);
	w->load[end] += amount;
	return amount;
}

static double demand_of(const struct allot_flock *flock)
{
	double demand = 0;

	for (size_t i = 0; i < flock->count; i++)
		demand += flock->loads[i].demand;
	return demand;
}

static void divide(struct work *w)
{
	for (size_t g = 0; g < w->c->count; g++) {
		double left = demand_of(&w->c->flocks[g]);

		for (unsigned i = 0; i < PATHS_MAX && left > none(w); i++) {
			double took = augment(w, g, left);

			if (took <= 0)
				break;
			left -= took;
		}
	}
}

/* Ranks are by tier, of as many as the row has. */
static void add_row(struct work *w, size_t flock, const struct spill_load *load)
{
	const struct row *row = load->row;
	double tiers = row->count == 0 ? 1 : row->entries[row->count - 1].tier;

	for (unsigned i = 0; i < row->count; i++) {
		const struct row_entry *e = &row->entries[i];
		struct lane *lane = lane_of(w, flock, e->endpoint);

		lane->most += load->demand * accept_share(e->accept);
		if (tiers > 0)
			lane->rank += load->demand * e->tier / tiers;
	}
}

static void make_lanes(struct work *w)
{
	for (size_t g = 0; g < w->c->count; g++) {
		const struct allot_flock *flock = &w->c->flocks[g];
		double demand = demand_of(flock);

		w->demand += demand;
		for (size_t i = 0; i < flock->count; i++)
			add_row(w, g, &flock->loads[i]);
		for (size_t e = 0; e < w->c->endpoint_count; e++) {
			struct lane *lane = lane_of(w, g, e);

			lane->well = fmin(flock->well.of[e], lane->most);
			lane->now = fmax(flock->now.of[e], lane->well);
			if (demand > 0)
				lane->rank /= demand;
		}
	}
}

/*
 * What endpoints accept that so much goes to each.  Limits that together are
 * hardly more than the demand leave one that takes whoever comes.
 */
static void fit(const struct work *w, size_t flock,
		struct allot_amounts *accept)
{
	const struct allot_flock *f = &w->c->flocks[flock];
	const struct spill_case c = {
		.endpoint_count = w->c->endpoint_count,
		.loads = f->loads,
		.count = f->count,
	};
	double goes[POLICY_ENDPOINTS_MAX], limit[POLICY_ENDPOINTS_MAX];
	double demand = demand_of(f);
	bool alike = true;

	for (size_t e = 0; e < c.endpoint_count; e++)
		accept->of[e] = 1;
	spill_loads(&c, accept->of, goes);
	for (size_t e = 0; e < c.endpoint_count; e++) {
		double wanted = lane_of(w, flock, e)->goes;

		alike = alike && fabs(goes[e] - wanted) <= same * demand;
		limit[e] = wanted * spare;
	}
	if (alike)
		return;
	spill_within(&c, limit, accept->of);
	for (size_t e = 0; e < c.endpoint_count; e++) {
		bool nobody = limit[e] <= none(w) && accept->of[e] < 1;

		accept->of[e] =
			nobody ? 0 : floor(accept->of[e] * 1000 + 1e-4) / 1000;
	}
}

/* What comes of it, by the rows, and who is overloaded. */
static void tell(const struct work *w, struct allot *out)
{
	const struct allot_case *c = w->c;

	for (size_t g = 0; g < c->count; g++) {
		const struct spill_case one = {
			.endpoint_count = c->endpoint_count,
			.loads = c->flocks[g].loads,
			.count = c->flocks[g].count,
		};

		fit(w, g, &out->accept[g]);
		spill_loads(&one, out->accept[g].of, out->goes[g].of);
		for (size_t e = 0; e < c->endpoint_count; e++)
			out->load[e] += out->goes[g].of[e];
	}
	for (size_t e = 0; e < c->endpoint_count; e++)
		out->overloaded |=
			out->load[e] > c->capacity[e] * over + none(w) * 100;
}

bool allot_of(const struct allot_case *c, struct allot *out)
{
	struct work w = {
		.c = c,
		.lanes = calloc(c->count * c->endpoint_count + 1,
				sizeof(*w.lanes)),
	};
	bool ok;

	*out = (struct allot){
		.accept = calloc(c->count + 1, sizeof(*out->accept)),
		.goes = calloc(c->count + 1, sizeof(*out->goes)),
	};
	ok = w.lanes != NULL && out->accept != NULL && out->goes != NULL;
	if (ok) {
		make_lanes(&w);
		divide(&w);
		tell(&w, out);
	} else {
		allot_fini(out);
	}
	free(w.lanes);
	return ok;
}

void allot_fini(struct allot *allot)
{
	free(allot->accept);
	free(allot->goes);
	*allot = (struct allot){ .overloaded = false };
}
