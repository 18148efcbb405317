/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_rum -- what users measured, as a plan carries it: see plan.h.  Pure.
 */
#ifndef POLICY_BUS_PLAN_RUM_H
#define POLICY_BUS_PLAN_RUM_H

struct plan;

/* Puts it in its order. */
void plan_sort_rum(struct plan *plan);

#endif
