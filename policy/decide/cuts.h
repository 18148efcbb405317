/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuts -- prefixes written by people, to be walked bit by bit beside the geo
 * databases: the corrections, and the networks named in client sets.
 *
 * A reference is an inner node, or, with CUTS_FINAL set, the value of a whole
 * network: that of the longest prefix around it, or 0.  Pure.
 */
#ifndef POLICY_DECIDE_CUTS_H
#define POLICY_DECIDE_CUTS_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stdint.h>

#define CUTS_FINAL UINT32_C(0x80000000)

struct cuts;

/* NULL when memory runs out.  The caller owns it. */
struct cuts *cuts_new(void);

/* Accepts NULL. */
void cuts_free(struct cuts *cuts);

/*
 * The value stored at exactly this prefix, 0 before anything was; NULL when
 * memory runs out.  Valid until the next call; values are below CUTS_FINAL.
 */
uint32_t *cuts_at(struct cuts *cuts, const struct net_prefix *prefix);

/* The value of the longest prefix that contains this one, itself included. */
uint32_t cuts_longest(const struct cuts *cuts, const struct net_prefix *prefix);

/* Nothing may be added after this; then any thread may walk. */
void cuts_close(struct cuts *cuts);

/* Where the walk of a family begins. */
uint32_t cuts_root(const struct cuts *cuts, enum net_family family);

/* The halves of an inner node. */
void cuts_halves(const struct cuts *cuts, uint32_t ref, uint32_t halves[2]);

#endif
