/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lpm -- a frozen longest-prefix table from addresses to classes.
 *
 * A poptrie: a direct root of 2^18 entries, then nodes of 64 slots.  A node
 * has a bit for each slot that has a node below it and a bit for each slot
 * where a run of equal leaves begins, so children and leaves lie packed side
 * by side and are found by counting bits.  A lookup reads one root entry, one
 * half cache line a level and one leaf; most IPv4 networks (/19 to /24) end in
 * the first level.  IPv6's root covers 2000::/3, where all the clients are;
 * other addresses start at the top node.
 *
 * Each node also names the set of the classes below it, equal sets stored
 * once.  lpm_scope() descends until such a set is uniform, and then looks
 * inside the node above for the widest block of slots that still is.  Sets
 * and blocks of more than LPM_SET_MAX classes count as mixed, which bounds the
 * cost of a query (a real city database with six regions had a mean IPv4 scope
 * of 16.8 bits at 256, 17.0 at 64, 17.4 at 32 and 18.0 at 16, while the cost
 * doubles with the bound); both tests hold for every part of a block for which
 * they hold, so the widest blocks are a partition whatever address one asks
 * from.
 *
 * Source: H. Asai, Y. Ohara, Poptrie: a compressed trie with population count
 * for fast and scalable software IP routing table lookup, SIGCOMM 2015.
 *
 * Pure.  A frozen table never changes: any thread may look up.
 */
#ifndef POLICY_DECIDE_LPM_H
#define POLICY_DECIDE_LPM_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LPM_SET_MAX = 32 };

struct lpm;
struct lpm_builder;

/* NULL when memory runs out. */
struct lpm_builder *lpm_builder_new(enum net_family family);

/* Accepts NULL. */
void lpm_builder_free(struct lpm_builder *builder);

/*
 * The next network in the order of addresses, with its prefix length.  Calls
 * must cover the family's whole space without gap or overlap.  What goes wrong
 * (memory, order) is kept, and lpm_freeze() tells.
 */
void lpm_add(struct lpm_builder *builder, unsigned bits, uint16_t class_id);

/*
 * The table; equal neighbours are merged.  NULL when memory ran out, or the
 * space was not covered in order.  Takes ownership of the builder.
 */
struct lpm *lpm_freeze(struct lpm_builder *builder);

/* Accepts NULL. */
void lpm_free(struct lpm *lpm);

struct lpm_match {
	uint16_t class_id;
	uint8_t bits; /* of the widest network around it of this class alone */
};

/* addr is of the table's family. */
uint16_t lpm_find(const struct lpm *lpm, const struct net_addr *addr);
struct lpm_match lpm_match(const struct lpm *lpm, const struct net_addr *addr);

/*
 * How many bits of addr a network must share with it for all of its classes to
 * have the row that addr's class has; never too few, and the fewest up to the
 * bound above.
 */
uint8_t lpm_scope(const struct lpm *lpm, const struct net_addr *addr,
		  const uint16_t *row_of_class);

size_t lpm_octets(const struct lpm *lpm);

/* Runs of equal leaves that are stored. */
size_t lpm_leaves(const struct lpm *lpm);

#endif
