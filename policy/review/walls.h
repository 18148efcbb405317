/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walls -- what residency rules, as they fall on the classes of clients that
 * there are, leave to nobody: clients whose rules leave them no endpoint of a
 * service, and endpoints that no client may get.  Pure.
 */
#ifndef POLICY_REVIEW_WALLS_H
#define POLICY_REVIEW_WALLS_H

struct errors;
struct geo;
struct policy;

/* Warns of them, once a service and once an endpoint. */
void walls_judge(const struct policy *policy, const struct geo *geo,
		 struct errors *errs);

#endif
