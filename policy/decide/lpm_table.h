/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lpm_table -- the inside of a frozen longest-prefix table, shared by its
 * builder and its reader and by nobody else.
 *
 * Depths count in steps of LPM_STRIDE from the top node.  So that IPv6's root
 * begins right below 2000::/3, IPv6 addresses are taken to have LPM_PAD_V6
 * zero bits in front: its top node has eight slots in use.  Pure.
 */
#ifndef POLICY_DECIDE_LPM_TABLE_H
#define POLICY_DECIDE_LPM_TABLE_H

#include "policy/decide/lpm.h"

enum {
	LPM_STRIDE = 6,
	LPM_SLOTS = 1 << LPM_STRIDE,
	LPM_ROOT_BITS = 18,
	LPM_PAD_V6 = 3,
	LPM_CLIENTS_V6 = 1, /* slot of 2000::/3 in the top node */
	LPM_LEVELS_MAX = (128 + LPM_PAD_V6 + LPM_STRIDE - 1) / LPM_STRIDE,
};

/* Two to a cache line. */
struct lpm_node {
	uint64_t nodes;     /* bit s: slot s has a node below it */
	uint64_t starts;    /* bit s: leaf slot s differs from the leaf slot
			     * before it */
	uint32_t node_base; /* first child */
	uint32_t leaf_base; /* first run of leaves */
	uint32_t set;       /* offset of the set of classes below it */
	uint32_t zero;
};

/*
 * An entry of the root is either a node's index or, with the top bit set, a
 * leaf: padded prefix length of the widest block of its class (6 bits) and the
 * class (16 bits).
 */
#define LPM_LEAF UINT32_C(0x80000000)

static inline uint32_t lpm_leaf(unsigned padded_bits, uint16_t class_id)
{
	return LPM_LEAF | (uint32_t)padded_bits << 16 | class_id;
}

/* In sets[]: a count, then as many class ids in rising order.  At offset
 * LPM_MANY stands a count of 0: more than LPM_SET_MAX. */
#define LPM_MANY UINT32_C(0)

struct lpm {
	enum net_family family;
	unsigned pad;    /* LPM_PAD_V6 or 0 */
	bool has_popcnt; /* the processor counts bits itself */
	uint32_t top;    /* entry of the whole space */
	uint32_t *root;  /* 1 << LPM_ROOT_BITS entries */
	struct lpm_node *nodes;
	uint16_t *leaves; /* class ids */
	uint16_t *sets;
	size_t node_count, leaf_count, set_octets;
};

static inline uint64_t lpm_bit(unsigned slot)
{
	return UINT64_C(1) << slot;
}

/* The slots of the aligned block of 1 << order slots that begins at first. */
static inline uint64_t lpm_block(unsigned first, unsigned order)
{
	return order == LPM_STRIDE ? UINT64_MAX
				   : (lpm_bit(1u << order) - 1) << first;
}

/*
 * The order (0..LPM_STRIDE) of the widest aligned block around leaf slot s
 * that is all of its class.  Walls stand before each slot that begins a run
 * and on both sides of a node; the block of order k around s reaches over the
 * wall to slot t when s and t differ only below bit k.  No branch: which way
 * it would go is as random as the clients are.
 */
static inline unsigned lpm_block_order(const struct lpm_node *node,
				       unsigned slot)
{
	uint64_t walls = node->starts | node->nodes | node->nodes << 1 | 1;
	uint64_t left = walls & ((lpm_bit(slot) << 1) - 1);
	uint64_t right = walls >> 1 >> slot;
	unsigned before = 62u - (unsigned)__builtin_clzll(left);
	unsigned after = right == 0
				 ? LPM_SLOTS
				 : slot + 1 + (unsigned)__builtin_ctzll(right);
	unsigned reach_left = slot ^ before, reach_right = slot ^ after;
	unsigned reach = reach_left < reach_right ? reach_left : reach_right;

	return 31u - (unsigned)__builtin_clz(reach);
}

#endif
