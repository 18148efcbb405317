/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capacity -- what an endpoint can carry, as a part of its service: what its
 * region states.  Pure.
 */
#ifndef POLICY_DECIDE_CAPACITY_H
#define POLICY_DECIDE_CAPACITY_H

#include "policy/language/policy.h"

/*
 * In the policy's units, > 0.  A region that states none counts as the mean of
 * those that do; where none does, all are alike.
 */
double capacity_of(const struct policy *policy, int region);

#endif
