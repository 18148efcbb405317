/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spill -- which part of its clients each endpoint may accept, that none has
 * to carry more than it can while another that they may use can carry it.
 *
 * Clients go where their rows say (policy/decide/chain): through the tiers, in
 * the order of the draw, to the first endpoint that accepts them; whom nobody
 * accepts the last tier takes.  An endpoint is to be loaded to
 * SPILL_USUAL_PCT of its capacity at most.  Where a row's clients find all
 * their endpoints at their bounds, the bounds of these endpoints rise together,
 * step by step, to the whole capacity and, when even that is too little, beyond
 * it: then it is overloaded, and nothing can help but capacity.  Bounds of
 * endpoints elsewhere stay, so who is short in one part of the world fills up
 * no other.
 *
 * Acceptance is a property of an endpoint and not of a class of clients: it is
 * what rows, plans and every edge know.  So who is passed on is drawn by the
 * hash that all of them share, and not picked by what the way costs him; and
 * where demand grows, more are passed on, and those who were still are.
 *
 * The same rows, demands and capacities give the same result on every machine.
 * More capacity never loads an endpoint more than its bounds.  It ends: bounds
 * only rise, SPILL_STEPS_MAX times at most; below given bounds acceptance only
 * falls, SPILL_ROUNDS_MAX times at most.  Pure.
 *
 * Source: the draw is policy/decide/share's: weighted rendezvous is a race of
 * exponential clocks, and of those who accept the first to ring takes the
 * client; integrated by Gauss and Legendre.
 */
#ifndef POLICY_DECIDE_SPILL_H
#define POLICY_DECIDE_SPILL_H

#include "policy/decide/chain.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	SPILL_USUAL_PCT = 80,
	SPILL_STEPS_MAX = 96,
	SPILL_ROUNDS_MAX = 400,
};

/* Clients who have one row. */
struct spill_load {
	const struct row *row; /* with every tier in it: see spill_view() */
	double demand;         /* >= 0, in the unit of capacities */
};

struct spill_case {
	size_t endpoint_count;
	const double *capacity; /* > 0, by endpoint */
	const struct spill_load *loads;
	size_t count;
};

struct spill {
	double accept[POLICY_ENDPOINTS_MAX]; /* in (0, 1], thousandths */
	double load[POLICY_ENDPOINTS_MAX];   /* that comes of it */
	double bound[POLICY_ENDPOINTS_MAX];  /* part of the capacity */
	bool overloaded; /* some load is beyond its capacity */
};

/* All borrowed. */
void spill_of(const struct spill_case *c, struct spill *out);

/*
 * The load of each endpoint when endpoints accept so much of their clients,
 * beside what rows say: what would be, if.
 */
void spill_loads(const struct spill_case *c, const double *accept,
		 double *load);

/*
 * The most that endpoints accept, by endpoint, so that none gets more than its
 * limit, in the unit of demand: where limits together are more than the demand
 * of clients who may all go everywhere, nobody is left over.
 */
void spill_within(const struct spill_case *c, const double *limit,
		  double *accept);

/*
 * Rows end with the tier that no client comes past.  That they have all tiers,
 * nobody in this service takes quite all of his clients from now on.
 */
void spill_view(struct view *view, size_t service);

#endif
