/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loss -- can the rest carry a service when one of its regions is lost?
 *
 * Of services that state a demand: it is spread over the clients by address
 * space, each region is lost in turn, all else is well, and the responder's own
 * rows say where clients go.  Whether another sharing could help,
 * policy/decide/spill says.  Pure.
 */
#ifndef POLICY_REVIEW_LOSS_H
#define POLICY_REVIEW_LOSS_H

#include <stdbool.h>

struct errors;
struct geo;
struct policy;

/*
 * Warns, once a service, of the loss after which an endpoint would be loaded
 * the furthest beyond its capacity; with the numbers.  False when memory runs
 * out.
 */
bool loss_judge(const struct policy *policy, const struct geo *geo,
		struct errors *errs);

#endif
