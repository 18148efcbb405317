/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster -- a bus on a Redis Cluster, looked at: each node, whether they agree
 * on who serves the slot of the environment, and the one that does, with its
 * replicas.  Shell.
 */
#ifndef STEERING_RUNBOOK_CLUSTER_H
#define STEERING_RUNBOOK_CLUSTER_H

#include <stdbool.h>

struct checkup;
struct patient;

/* Whether INFO is that of a node of one. */
bool cluster_is_one(const char *info);

/* p is a node of one that was met; the others are found through it. */
void cluster_examine(struct checkup *c, struct patient *p);

#endif
