/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allot -- which part of each flock of clients (policy/decide/flock) each
 * endpoint accepts, that none has to carry more than it can while another that
 * they may use can carry it.
 *
 * First how much of each flock goes where, as a flow of least cost from flocks
 * through endpoints, which no flock may use beyond what residency, health and
 * commands leave it.  What costs, the dearest first:
 *
 *   load beyond an endpoint's capacity, but for three per cent that are left
 * for what demand does between two looks, the more the further beyond, so that
 *   what nobody can carry is spread;
 *   load beyond ALLOT_USUAL_PCT of it, and two points more for those who are
 *   there already, whom noise shall not move; a little more from step to step,
 *   so that who has to take more takes it together with others;
 *   a client who does not get what he would get were all well: so only those
 *   move who must, and above all those whose endpoint is gone;
 *   how far down in the client's own order the endpoint is: so the step from 80
 *   to 100 per cent weighs about as much as the way from the first of an order
 *   to its last.
 *
 * Where two divisions cost about the same, the one in force stays: noise in
 * demand moves nobody to and fro.
 *
 * So clients whom nothing binds make room for those who are bound, and whoever
 * could be carried by some division is.  Then what endpoints accept of a flock,
 * that the draw (policy/decide/share) gives this division: of clients who all
 * pass their own orders, such thresholds exist, and are found from above.  In
 * thousandths, downwards; whoever takes all that come takes what is left.
 *
 * The same case gives the same result on every machine of one arithmetic.  Of a
 * flock that goes where it would go by itself all is accepted.  Pure.
 *
 * Source: successive shortest paths (R. Ahuja, T. Magnanti, J. Orlin, Network
 * Flows, 9.7), with the convex costs as steps (ibid., 14); that the thresholds
 * exist: E. Azevedo, J. Leshno, A supply and demand framework for two-sided
 * matching markets, 2016.
 */
#ifndef POLICY_DECIDE_ALLOT_H
#define POLICY_DECIDE_ALLOT_H

#include "policy/decide/spill.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ALLOT_USUAL_PCT = SPILL_USUAL_PCT };

/* By endpoint of the service. */
struct allot_amounts {
	double of[POLICY_ENDPOINTS_MAX];
};

struct allot_flock {
	const struct spill_load *loads; /* by row: see chain's `whole` */
	size_t count;
	/* How much of it would be where were all well: not more in all than
	 * the loads have. */
	struct allot_amounts well;
	/* How much of it is where by the plan in force: it stays there unless
	 * that gains something.  Zeros: there is none. */
	struct allot_amounts now;
};

struct allot_case {
	size_t endpoint_count;
	const double *capacity; /* by endpoint, >= 0: of now, and all of it */
	const struct allot_flock *flocks;
	size_t count;
};

struct allot {
	struct allot_amounts *accept; /* by flock: in [0, 1], thousandths */
	struct allot_amounts *goes;   /* by flock: how much of it */
	double load[POLICY_ENDPOINTS_MAX]; /* that comes of it */
	bool overloaded; /* some load is beyond its capacity */
};

/* All borrowed.  False: out of memory, out is empty. */
bool allot_of(const struct allot_case *c, struct allot *out);
void allot_fini(struct allot *allot);

#endif
