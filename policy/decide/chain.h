/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain -- the one place that decides which endpoints a class may get.
 *
 *   eligible -> commanded -> healthy -> ordered -> shared
 *
 * Each step may only remove or order what the one before left; nothing adds
 * an endpoint back that residency removed.
 *
 * eligible   stable endpoints of the regions that residency leaves the class.
 * commanded  those that a command brought to share 0 go, and, for the members
 *            of a client set that is pinned (policy/decide/pin), those that it
 *            is not pinned to, unless all that it is pinned to are gone or
 *            down: a pin says "rather these".
 * healthy    those that are down go, for everybody or for clients of this
 *            place alone (policy/decide/locality), but for the deferred
 *            (policy/decide/budget) where one that is well takes all its
 *            clients beside them.  An endpoint whose clients all go to its
 *            canary is judged by the canary.  When commands and health
 *            together leave nothing, drained but healthy endpoints are kept: a
 *            drain says "rather not", a failed probe says "cannot"
 *            (ROW_ALL_COMMANDED).  When these leave nothing either, or it is
 *            panic (policy/decide/panic), it is the first of these (never empty
 *            by accident):
 *              1. nothing, when all are down and the class's rule says
 *                 no-answer, or it is the service's panic that says so
 *                                                    (ROW_WITHHELD)
 *              2. the service's fallback, when its panic says so and it is
 *                 eligible and not drained           (ROW_PANIC)
 *              3. all that are not drained, else all; shares that endpoints
 *                 have after an outage do not count
 *                                     (ROW_NONE_HEALTHY when all are down,
 *                                      else ROW_PANIC)
 * ordered    into tiers (policy/decide/tiers); into one when panic says all.
 * shared     endpoints of share 0 (on hold after an outage), then those of
 *            weight 0, then those whose capacity leaves nothing to these
 *            clients (policy/decide/flock; not in panic), go unless nothing
 *            else is left; shares, weights and canaries of the rest go into
 *            the row.  Order is decided before,
 *            so a ramp that begins moves only clients to its own endpoint.
 *
 * A row is in normal form: weights of a tier have no common divisor, a tier of
 * one has weight 1, entries that no client can reach are left out, so that
 * equal answers are equal rows and merge into wide ECS scopes.
 *
 * chain_row() takes one class through it: for `test`, `explain`, the agent.
 * The responder, which needs the rows of all classes, takes the same two steps
 * apart: what seldom depends on the place, chain_choose(), once per realm of
 * policy/decide/vicinity, and again for the places from which an endpoint
 * cannot be reached; the rest, chain_place(), once per kind.  Pure.
 */
#ifndef POLICY_DECIDE_CHAIN_H
#define POLICY_DECIDE_CHAIN_H

#include "policy/decide/client.h"
#include "policy/decide/locality.h"
#include "policy/decide/tiers.h"
#include "policy/decide/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_NONE UINT8_MAX

/* What an extended error (RFC 8914) or a person should be told of a row. */
enum row_note {
	ROW_PLAIN,
	ROW_NO_REGION,     /* residency leaves nothing: no answer */
	ROW_NONE_HEALTHY,  /* all are down: served all the same */
	ROW_WITHHELD,      /* all are down and the rule says no answer */
	ROW_ALL_COMMANDED, /* only drained ones work: drains did not apply */
	ROW_DEFERRED,      /* some are down, and too many for all to go out */
	ROW_PANIC,         /* too few are well: served whether up or down */
};

struct row_entry {
	uint8_t endpoint; /* index into the service's endpoints */
	uint8_t tier;     /* 0 is best; entries are sorted by tier, and inside
			   * a tier by endpoint index */
	uint8_t canary;   /* endpoint that shadows this one, or ROW_NONE */
	uint8_t deferred; /* 1: it is down, and served all the same */
	uint32_t weight;  /* > 0 */
	uint32_t accept;  /* > 0 */
	uint32_t canary_accept; /* > 0 when there is a canary, else 0 */
};

struct row {
	uint8_t count;    /* of entries; 0: no answer, see note */
	uint8_t note;     /* enum row_note */
	uint8_t changing; /* 1: TTL for changing times */
	uint8_t zero;
	struct row_entry entries[POLICY_ENDPOINTS_MAX]; /* zero beyond count */
};

/* Why an endpoint is where it is: for explain. */
enum chain_step {
	STEP_KEPT, /* in the row, or behind those that take every client */
	STEP_ELIGIBLE,
	STEP_COMMANDED,
	STEP_HEALTHY,
	STEP_CANARY, /* not a candidate itself: shadows a stable endpoint */
	STEP_SHARED, /* share or weight 0 */
	STEP_PANIC,  /* not what panic answers */
};

struct chain_trace {
	struct chain_reason {
		enum chain_step step; /* that removed it, or STEP_KEPT */
		int residency;        /* rule that removed it, or POLICY_NONE */
		bool away; /* not reached by the vantages nearest to the
			    * client, though by others */
		struct tiers_way way; /* when ordered by one */
		uint8_t tier;         /* of STEP_KEPT */
		uint32_t spilled;     /* the part of these clients that capacity
				       * leaves it; ACCEPT_ALL: nothing says less */
	} endpoints[POLICY_ENDPOINTS_MAX];
	uint8_t home; /* of whom `spilled` is told: see policy/decide/flock */
	/* The pin that concerns the class, of the view; NULL: none does.  It
	 * binds when one of its endpoints is there to be given. */
	const struct pin *pin;
	bool pin_binds;
};

/* One service and view; all borrowed. */
struct chain {
	const struct policy *policy;
	const struct policy_service *service;
	const struct view_service *view;
	struct tiers_ground ground;
	struct locality locality;
	/* Rows have all tiers, also those that no client comes to, and what
	 * capacity leaves does not count: for who works that out.  Set it
	 * after chain_init(). */
	bool whole;
};

void chain_init(struct chain *chain, const struct policy *policy,
		const struct view *view, size_t service);

/* What is left of the endpoints, a bit each, before they are in order. */
struct chain_choice {
	enum row_note note;
	uint64_t eligible; /* by residency */
	uint64_t left;     /* to be ordered; 0: no answer */
	uint64_t kept;     /* of these in the row: `shared` removes the others
			    * from the tiers that all of them made */
	uint64_t canaried; /* of these, whose canary takes a part */
	uint64_t deferred; /* of these, that are down and others are not */
	uint64_t restored; /* of these, whose share after an outage does not
			    * count */
	bool spread;       /* they are one tier */
	uint64_t trickle;  /* of these, that are on trial with users */
	/* By endpoint, what capacity leaves its clients (policy/decide/flock);
	 * NULL: all.  Of chain_place() alone. */
	const uint32_t *spill;
};

/*
 * Eligible, commanded, healthy, and what `shared` will remove, for a class: of
 * it, regions and none_healthy are read (residency with a trace, and sets where
 * the view has pins).  away is that of chain->locality from its place; 0 for
 * one that is not known.  trace, which may be NULL, is filled but for order.
 */
struct chain_choice chain_choose(const struct chain *chain,
				 const struct client_class *class,
				 uint64_t away, struct chain_trace *trace);

/*
 * Ordered and shared.  ways is as for tiers_init(); trace, which may be NULL,
 * is what chain_choose() filled.  Entries of out beyond its count are left as
 * they are.
 */
void chain_place(const struct chain *chain, const struct chain_choice *choice,
		 const struct latency_ways *ways, struct row *out,
		 struct chain_trace *trace);

/*
 * The row of policy->services[service] for clients of class in this view.
 * trace may be NULL.
 */
struct row chain_row(const struct policy *policy, const struct view *view,
		     size_t service, const struct client_class *class,
		     struct chain_trace *trace);

/* Equal rows give every client the same answer, and others do not. */
bool row_equal(const struct row *a, const struct row *b);

/*
 * May two clients with this row get different answers?  Then the ECS scope is
 * at least the sticky prefix.
 */
bool row_is_draw(const struct row *row, uint32_t answers);

/* "no-region", ...; ROW_PLAIN is "plain". */
const char *row_note_name(enum row_note note);

#endif
