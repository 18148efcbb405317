/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd -- all clients of a service as flocks with their rows and demands: what
 * policy/decide/allot divides among the endpoints.
 *
 * Rows are those of the view's health, commands, shares and ramps, with every
 * tier in them, and without what capacity took in the plan of before.  Where a
 * flock would be were all well is worked out by rows of a view in which all
 * endpoints are healthy, whole and under no command.  Pure.
 */
#ifndef POLICY_DECIDE_CROWD_H
#define POLICY_DECIDE_CROWD_H

#include "policy/decide/allot.h"
#include "policy/decide/flock.h"

#include <stdbool.h>
#include <stddef.h>

struct client_class;

struct crowd_case {
	const struct policy *policy;
	const struct view *view;
	size_t service;
	const struct client_class *const *classes;
	size_t count;         /* of them */
	const double *demand; /* by class, >= 0, in the unit of capacities */
};

struct crowd {
	/* Whose number is a flock's: among and home alone. */
	struct flock *keys;
	struct allot_flock *flocks;
	size_t count;
	double capacity[POLICY_ENDPOINTS_MAX]; /* of now, all of it */
	struct spill_load *loads;              /* the flocks', in order */
	struct row *rows;                      /* the loads' */
};

/* False: out of memory, out is empty. */
bool crowd_gather(const struct crowd_case *c, struct crowd *out);
void crowd_fini(struct crowd *crowd);

/* The same, divided among the endpoints. */
struct allot_case crowd_case(const struct crowd *crowd, size_t endpoint_count);

#endif
