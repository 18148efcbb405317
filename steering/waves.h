/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waves -- which responders take a published policy, and in which order.
 *
 * By the names that the policy in force writes, or by a share of those that
 * take policies, in the order of a hash of their names: the same first ones
 * each time.  Each wave has those before in it; the one behind those that are
 * written is all.  Pure.
 */
#ifndef STEERING_WAVES_H
#define STEERING_WAVES_H

#include <stdbool.h>
#include <stddef.h>

struct node;
struct plan_release;
struct policy_rollout;
struct registry;

/* Does it take policies from the bus? */
bool waves_takes(const struct node *node);

/* Adds the responders of the wave of this index.  False: out of memory. */
bool waves_add(struct plan_release *said, const struct policy_rollout *rollout,
	       const struct registry *registry, size_t index);

#endif
