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
#include <stdint.h>

struct node;
struct plan_release;
struct policy_rollout;
struct registry;

/* Does it take policies from the bus? */
bool waves_takes(const struct node *node);

/*
 * A prober that takes policies and refuses this one, or does not probe by it
 * yet; NULL when there is none.  Who was not heard of lately is not asked.
 */
const struct node *waves_refuser(const struct registry *registry,
				 int64_t now_ms, const char *digest);
const struct node *waves_unready(const struct registry *registry,
				 int64_t now_ms, const char *digest);

/* Adds the responders of the wave of this index.  False: out of memory. */
bool waves_add(struct plan_release *said, const struct policy_rollout *rollout,
	       const struct registry *registry, size_t index);

#endif
