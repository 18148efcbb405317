/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/lpm.h"

#include "policy/decide/lpm_table.h"

#include <string.h>

/*
 * Cost in user instructions, by callgrind over random networks of a real city
 * database: 95 for a class and its width; 770 for a scope, a third of them
 * comparisons of rows, at most LPM_SET_MAX for a node and as many for the
 * blocks in it.
 *
 * The bodies are compiled twice where the processor may or may not count bits
 * itself; ALWAYS_INLINE lets each copy use its caller's instructions.
 */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__) && !defined(__POPCNT__)
#define WITH_POPCNT __attribute__((target("popcnt")))
#else
#define WITH_POPCNT
#endif

/* An address, its first bit the highest of high. */
struct key {
	uint64_t high, low;
};

ALWAYS_INLINE uint64_t word(const uint8_t *octets)
{
	uint64_t value;

	memcpy(&value, octets, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

ALWAYS_INLINE struct key key_of(const struct net_addr *addr)
{
	if (addr->family == NET_V4)
		return (struct key){ .high = (uint64_t)net_v4(addr) << 32 };
	return (struct key){ word(addr->octets), word(addr->octets + 8) };
}

ALWAYS_INLINE unsigned ones(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

/* The slot in a node at a padded depth.  Bits behind the address are 0. */
ALWAYS_INLINE unsigned slot_at(const struct lpm *l, struct key key,
			       unsigned depth)
{
	enum { SHIFT = 64 - LPM_STRIDE };

	if (depth < l->pad)
		return (unsigned)(key.high >> SHIFT >> l->pad);
	depth -= l->pad;
	if (depth <= SHIFT)
		return (unsigned)(key.high >> (SHIFT - depth)) &
		       (LPM_SLOTS - 1);
	if (depth >= 64)
		return (unsigned)(key.low << (depth - 64) >> SHIFT);
	return (unsigned)(key.high << (depth - SHIFT) |
			  key.low >> (64 + SHIFT - depth)) &
	       (LPM_SLOTS - 1);
}

ALWAYS_INLINE const struct lpm_node *
child(const struct lpm *l, const struct lpm_node *node, unsigned slot)
{
	return &l->nodes[node->node_base +
			 ones(node->nodes & (lpm_bit(slot) - 1))];
}

/* Index of the run that leaf slot s is in. */
ALWAYS_INLINE uint32_t run_of(const struct lpm_node *node, unsigned slot)
{
	return node->leaf_base +
	       ones(node->starts & ((lpm_bit(slot) << 1) - 1)) - 1;
}

/* Where the descent begins: a root entry and the padded depth it stands for. */
ALWAYS_INLINE uint32_t start(const struct lpm *l, struct key key,
			     unsigned *depth)
{
	const uint32_t root_mask = (1u << LPM_ROOT_BITS) - 1;

	*depth = LPM_ROOT_BITS;
	if (l->family == NET_V4)
		return l->root[key.high >> (64 - LPM_ROOT_BITS)];
	if (key.high >> 61 == LPM_CLIENTS_V6) {
		*depth += LPM_STRIDE;
		return l->root[key.high >> (61 - LPM_ROOT_BITS) & root_mask];
	}
	*depth = 0;
	return l->top;
}

ALWAYS_INLINE struct lpm_match match(const struct lpm *l, struct key key,
				     bool want_bits)
{
	struct lpm_match m = { 0 };
	const struct lpm_node *node;
	unsigned depth, slot, bits;
	uint32_t entry = start(l, key, &depth);

	if (entry & LPM_LEAF) {
		m.class_id = (uint16_t)entry;
		bits = entry >> 16 & 63;
	} else {
		node = &l->nodes[entry];
		slot = slot_at(l, key, depth);
		while (node->nodes & lpm_bit(slot)) {
			node = child(l, node, slot);
			depth += LPM_STRIDE;
			slot = slot_at(l, key, depth);
		}
		m.class_id = l->leaves[run_of(node, slot)];
		bits = want_bits ? depth + LPM_STRIDE -
					   lpm_block_order(node, slot)
				 : 0;
	}
	m.bits = (uint8_t)(bits > l->pad ? bits - l->pad : 0);
	return m;
}

/* Are all these classes in this row?  Four to a branch. */
ALWAYS_INLINE bool all_in_row(const uint16_t *classes, unsigned count,
			      const uint16_t *rows, uint16_t row)
{
	unsigned i = 0;

	for (; i + 4 <= count; i += 4)
		if (((rows[classes[i]] ^ row) | (rows[classes[i + 1]] ^ row) |
		     (rows[classes[i + 2]] ^ row) |
		     (rows[classes[i + 3]] ^ row)) != 0)
			return false;
	for (; i < count; i++)
		if (rows[classes[i]] != row)
			return false;
	return true;
}

ALWAYS_INLINE bool set_uniform(const uint16_t *set, const uint16_t *rows,
			       uint16_t row)
{
	return set[0] > 0 && all_in_row(set + 1, set[0], rows, row);
}

/*
 * How many classes the slots of block hold: one for each run that begins in it
 * and the set of each child; LPM_SET_MAX + 1 when they are more, or not all in
 * this row.  A sum over slots, so that it does not matter from which half of a
 * block one comes.
 */
ALWAYS_INLINE unsigned block_cost(const struct lpm *l,
				  const struct lpm_node *node, uint64_t block,
				  const uint16_t *rows, uint16_t row)
{
	const unsigned mixed = LPM_SET_MAX + 1;
	uint64_t leaves = block & ~node->nodes;
	unsigned cost = 0;

	if (leaves != 0) {
		unsigned first = (unsigned)__builtin_ctzll(leaves);
		const uint16_t *run = &l->leaves[run_of(node, first)];
		unsigned last = ones(node->starts & leaves & ~lpm_bit(first));

		if (!all_in_row(run, last + 1, rows, row))
			return mixed;
		cost = ones(node->starts & leaves);
	}
	for (uint64_t left = block & node->nodes; left != 0; left &= left - 1) {
		const uint16_t *set =
			l->sets +
			child(l, node, (unsigned)__builtin_ctzll(left))->set;

		cost += set[0];
		if (cost > LPM_SET_MAX || !set_uniform(set, rows, row))
			return mixed;
	}
	return cost;
}

/* Order of the widest block around slot that is uniform and not too costly. */
ALWAYS_INLINE unsigned uniform_order(const struct lpm *l,
				     const struct lpm_node *node, unsigned slot,
				     const uint16_t *rows, uint16_t row)
{
	const unsigned orders =
		node == &l->nodes[l->top] ? LPM_STRIDE - l->pad : LPM_STRIDE;

	unsigned cost = block_cost(l, node, lpm_bit(slot), rows, row);
	unsigned order = 0;

	while (order < orders) {
		unsigned buddy = (slot & ~((1u << order) - 1)) ^ (1u << order);

		cost += block_cost(l, node, lpm_block(buddy, order), rows, row);
		if (cost > LPM_SET_MAX)
			break;
		order++;
	}
	return order;
}

ALWAYS_INLINE uint8_t scope(const struct lpm *l, struct key key,
			    const uint16_t *rows)
{
	uint16_t row = rows[match(l, key, false).class_id];
	const struct lpm_node *node;
	unsigned depth = 0, slot, bits;

	if (l->top & LPM_LEAF)
		return 0;
	node = &l->nodes[l->top];
	if (set_uniform(l->sets + node->set, rows, row))
		return 0;
	for (;;) {
		const struct lpm_node *below;

		slot = slot_at(l, key, depth);
		if (!(node->nodes & lpm_bit(slot)))
			break;
		below = child(l, node, slot);
		if (set_uniform(l->sets + below->set, rows, row))
			break;
		node = below;
		depth += LPM_STRIDE;
	}
	bits = depth + LPM_STRIDE - uniform_order(l, node, slot, rows, row);
	return (uint8_t)(bits > l->pad ? bits - l->pad : 0);
}

WITH_POPCNT static struct lpm_match match_popcnt(const struct lpm *l,
						 struct key key, bool want_bits)
{
	return match(l, key, want_bits);
}

WITH_POPCNT static uint8_t scope_popcnt(const struct lpm *l, struct key key,
					const uint16_t *rows)
{
	return scope(l, key, rows);
}

uint16_t lpm_find(const struct lpm *l, const struct net_addr *addr)
{
	struct key key = key_of(addr);

	return l->has_popcnt ? match_popcnt(l, key, false).class_id
			     : match(l, key, false).class_id;
}

struct lpm_match lpm_match(const struct lpm *l, const struct net_addr *addr)
{
	struct key key = key_of(addr);

	return l->has_popcnt ? match_popcnt(l, key, true) : match(l, key, true);
}

uint8_t lpm_scope(const struct lpm *l, const struct net_addr *addr,
		  const uint16_t *row_of_class)
{
	struct key key = key_of(addr);

	return l->has_popcnt ? scope_popcnt(l, key, row_of_class)
			     : scope(l, key, row_of_class);
}

size_t lpm_octets(const struct lpm *l)
{
	return sizeof(*l) + (sizeof(*l->root) << LPM_ROOT_BITS) +
	       l->node_count * sizeof(*l->nodes) +
	       l->leaf_count * sizeof(*l->leaves) + l->set_octets;
}

size_t lpm_leaves(const struct lpm *l)
{
	return l->leaf_count;
}
