/* SPDX-License-Identifier: Apache-2.0 */
/*
 * portions -- how the clients of a service are divided among the endpoints that
 * an edge has for it: what every kind of proxy is told comes from here.
 *
 * An endpoint has the weight that it was given here, or the plan's own weight
 * in its place, times the share that the plan leaves it: its whole.  A canary's
 * endpoint "CANARY/ENDPOINT" takes its share of the whole of ENDPOINT, and
 * ENDPOINT the rest; a canary that the plan does not name takes nobody.  This
 * is how responders divide (policy/decide/share): a canary at 0.01 is one
 * client in a hundred, and at 1 it is all of them.
 *
 * Pure.
 */
#ifndef STEERING_EDGE_PORTIONS_H
#define STEERING_EDGE_PORTIONS_H

#include "policy/bus/plan.h"
#include "steering/edge/orders.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PORTIONS_MAX = 256, /* endpoints of a service at an edge */
};

struct portion {
	char name[PLAN_NAME_SIZE]; /* ENDPOINT, or CANARY/ENDPOINT */
	uint32_t weight;           /* given here; unused for a canary's */
	/* What follows is computed. */
	struct orders_word word; /* what is ordered of it */
	int shadows;  /* the stable endpoint's index; -1: it is one */
	double whole; /* a stable endpoint's, with its canaries: >= 0 */
	double part;  /* what it takes of all the wholes, itself: >= 0 */
};

struct portions {
	struct portion parts[PORTIONS_MAX];
	size_t count;
	double whole; /* the sum of all */
};

/* Adds one; false when there is no room, or its name is too long. */
bool portions_add(struct portions *portions, const char *name, uint32_t weight);

/* Computes all parts from what is ordered of service. */
void portions_make(struct portions *portions, const struct orders *orders,
		   const char *service);

/*
 * An endpoint that the plan names for the service and that is not here: NULL
 * when there is none.  A canary's takes nobody here: that is a choice, and no
 * mistake.
 */
const char *portions_missing(const struct portions *portions,
			     const struct orders *orders, const char *service);

/* Does any part take anybody? */
bool portions_serves(const struct portions *portions);

/*
 * The share in [0, 1] of all clients that the canary's endpoints take together;
 * where it is the same at every endpoint, that share to the last bit, for it
 * becomes a threshold as the responders' does.  0 when nobody is divided.
 */
double portions_cohort(const struct portions *portions, const char *canary);

/* Is name an endpoint of this canary? */
bool portions_is_of(const char *name, const char *canary);

#endif
