/* SPDX-License-Identifier: Apache-2.0 */
/*
 * burden -- what endpoints of a service have to carry, and could.
 *
 * Demand is what was counted or what the policy states (policy/decide/demand);
 * where nothing is known, there is no burden to speak of.  Clients go by the
 * responder's own rows, each as far as acceptance lets him; where the service
 * spills by capacity, what endpoints accept once that has settled.  So what
 * people are told before they command something is what the agent will do.
 * Pure.
 */
#ifndef STEERING_BURDEN_H
#define STEERING_BURDEN_H

#include "policy/decide/crowd.h"
#include "policy/decide/demand.h"
#include "steering/effect.h"

#include <stdbool.h>
#include <stddef.h>

/* All borrowed. */
struct burden_case {
	const struct policy *policy;
	const struct view *view; /* of it */
	struct demand_classes classes;
	const struct demand_rates *rates; /* by service; NULL: none counted */
};

struct burden {
	bool known;    /* else all is 0 */
	double demand; /* of all clients */
	double load[POLICY_ENDPOINTS_MAX];
	double capacity[POLICY_ENDPOINTS_MAX]; /* of the region, all of it */
};

/* Its clients.  known false: nothing is known of demand, out is empty.
 * False: out of memory. */
bool burden_crowd(const struct burden_case *c, size_t service, bool *known,
		  struct crowd *out);

/* As the view has it, also of what capacity leaves.  False: out of memory. */
bool burden_of(const struct burden_case *c, size_t service, struct burden *out);

/*
 * As it would be under these commands, once all ramps are over and capacity has
 * its say where the service spills.
 */
bool burden_under(const struct burden_case *c, size_t service,
		  struct commands commands, struct burden *out);

/* The endpoint that is used the most, as a part of its capacity, into *use. */
size_t burden_most(const struct burden *burden, size_t endpoint_count,
		   double *use);

#endif
