/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counted -- measures of canaries from what edges tell on the bus of the
 * requests that they passed on (policy/bus/served).
 *
 * What came between two documents of one edge is added up here for each
 * endpoint, so an edge that begins anew, comes or goes takes nothing back.
 * Pure.
 */
#ifndef STEERING_COUNTED_H
#define STEERING_COUNTED_H

#include "policy/bus/served.h"
#include "policy/language/policy.h"
#include "steering/measure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counted_node {
	struct served *last; /* owned */
	int64_t heard_ms;    /* monotonic */
};

/* Zero-initialised is empty. */
struct counted {
	const struct policy *policy; /* borrowed */
	struct counted_node *nodes;  /* owned */
	size_t count, room;
	struct served_count *totals; /* of every endpoint; owned */
	size_t *first;               /* of a service in totals; owned */
};

void counted_fini(struct counted *c);

/* Another policy, borrowed from now on: counts begin anew.  False: out of
 * memory, and then it counts nothing. */
bool counted_adopt(struct counted *c, const struct policy *policy);

/* A document of an edge; takes ownership.  False: out of memory. */
bool counted_take(struct counted *c, struct served *served, int64_t now_ms);

/* Has an edge told of a service of this policy within SERVED_STALE_MS?  c NULL:
 * no. */
bool counted_tells(const struct counted *c, const struct policy *policy,
		   size_t service, int64_t now_ms);

/* What endpoints of a service in a region, canaries too, have served so far;
 * zeros when c is of another policy, or NULL. */
struct trials counted_in(const struct counted *c, const struct policy *policy,
			 size_t service, size_t region);

/* The same of one endpoint. */
struct trials counted_at(const struct counted *c, const struct policy *policy,
			 size_t service, size_t endpoint);

/* What edges tell of one service. */
struct counted_service {
	uint64_t requests;  /* since the policy is this one, of all endpoints */
	uint64_t endpoints; /* told of lately: bits */
	unsigned edges;     /* that do */
};

/* By service of the policy, into out; while it counts nothing it is left as it
 * is. */
void counted_services(const struct counted *c, int64_t now_ms,
		      struct counted_service *out);

/*
 * What a canary's measure is at a stage, but for its number.  EMPTY while no
 * edge has told anything within SERVED_STALE_MS.
 */
struct measure counted_measure(struct counted *c, size_t canary, uint32_t stage,
			       int64_t now_ms);

#endif
