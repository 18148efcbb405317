/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a longest-prefix table from a walk in the order of addresses.
 *
 * One frame a level is open on the way to the current address.  A frame that
 * is full becomes a leaf of its parent when all of its slots are one class,
 * else a node; its children were kept in the frame until then, so that they
 * come to lie side by side.
 */
#include "policy/base/hash.h"
#include "policy/decide/lpm_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct lpm_node) == 32, "two nodes to a cache line");

struct frame {
	uint64_t nodes; /* slots with a child */
	unsigned filled, child_count;
	bool mixed;                  /* more than one class, or a child */
	uint16_t classes[LPM_SLOTS]; /* of leaf slots */
	struct lpm_node children[LPM_SLOTS];
};

/* Offsets of sets, by their content: open addressing, at most half full. */
struct set_index {
	uint32_t *slots; /* 0: free; LPM_MANY is never looked for */
	size_t slot_count, count;
};

struct lpm_builder {
	struct lpm *lpm;
	unsigned level; /* of the innermost open frame */
	bool failed, done;
	size_t node_cap, leaf_cap, set_count, set_cap;
	struct set_index index;
	uint32_t seen[UINT16_MAX + 1]; /* by class: the set that last had it */
	uint32_t seen_now;
	struct frame frames[LPM_LEVELS_MAX];
};

struct lpm_builder *lpm_builder_new(enum net_family family)
{
	struct lpm_builder *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->lpm = calloc(1, sizeof(*b->lpm));
	b->set_cap = b->index.slot_count = 1024;
	b->index.slots = calloc(b->index.slot_count, sizeof(*b->index.slots));
	if (b->lpm != NULL)
		b->lpm->sets = calloc(b->set_cap, sizeof(*b->lpm->sets));
	if (b->lpm == NULL || b->lpm->sets == NULL || b->index.slots == NULL) {
		lpm_builder_free(b);
		return NULL;
	}
	b->set_count = 1; /* the count of 0 at LPM_MANY */
	b->lpm->family = family;
	b->lpm->pad = family == NET_V6 ? LPM_PAD_V6 : 0;
#if defined(__x86_64__)
	b->lpm->has_popcnt = __builtin_cpu_supports("popcnt") != 0;
#else
	b->lpm->has_popcnt = true;
#endif
	return b;
}

void lpm_builder_free(struct lpm_builder *b)
{
	if (b == NULL)
		return;
	lpm_free(b->lpm);
	free(b->index.slots);
	free(b);
}

/* Room for more items of size octets behind count; false when there is none. */
static bool reserve(void **items, size_t *cap, size_t need, size_t size)
{
	size_t to = *cap == 0 ? 1024 : *cap;
	void *more;

	if (need <= *cap)
		return true;
	while (to < need)
		to += to / 2;
	if (need > INT32_MAX || (more = realloc(*items, to * size)) == NULL)
		return false;
	*items = more;
	*cap = to;
	return true;
}

static size_t set_slot(const struct lpm_builder *b, const uint16_t *set)
{
	size_t octets = (set[0] + 1u) * sizeof(*set);
	size_t mask = b->index.slot_count - 1;
	size_t at = hash_mix(hash_octets(HASH_FNV_OFFSET, set, octets)) & mask;

	while (b->index.slots[at] != 0 &&
	       memcmp(b->lpm->sets + b->index.slots[at], set, octets) != 0)
		at = (at + 1) & mask;
	return at;
}

static bool set_index_grow(struct lpm_builder *b)
{
	struct set_index old = b->index;

	b->index.slots = calloc(old.slot_count * 2, sizeof(*old.slots));
	if (b->index.slots == NULL) {
		b->index = old;
		return false;
	}
	b->index.slot_count *= 2;
	for (size_t i = 0; i < old.slot_count; i++)
		if (old.slots[i] != 0)
			b->index.slots[set_slot(b,
						b->lpm->sets + old.slots[i])] =
				old.slots[i];
	free(old.slots);
	return true;
}

/* The offset of a set, stored now if it is new. */
static uint32_t set_offset(struct lpm_builder *b, const uint16_t *set)
{
	size_t at = set_slot(b, set);
	void *sets = b->lpm->sets;

	if (b->index.slots[at] != 0)
		return b->index.slots[at];
	if (!reserve(&sets, &b->set_cap, b->set_count + set[0] + 1,
		     sizeof(*set))) {
		b->failed = true;
		return LPM_MANY;
	}
	b->lpm->sets = sets;
	memcpy(b->lpm->sets + b->set_count, set, (set[0] + 1u) * sizeof(*set));
	b->index.slots[at] = (uint32_t)b->set_count;
	b->set_count += set[0] + 1u;
	if (++b->index.count > b->index.slot_count / 2 && !set_index_grow(b))
		b->failed = true;
	return b->index.slots[set_slot(b, set)];
}

/* Adds class to set in rising order.  False when the set is full. */
static bool set_put(struct lpm_builder *b, uint16_t *set, uint16_t class_id)
{
	unsigned at = set[0];

	if (b->seen[class_id] == b->seen_now)
		return true;
	if (at == LPM_SET_MAX)
		return false;
	b->seen[class_id] = b->seen_now;
	for (; at > 0 && set[at] > class_id; at--)
		set[at + 1] = set[at];
	set[at + 1] = class_id;
	set[0]++;
	return true;
}

static uint32_t classes_below(struct lpm_builder *b, const struct frame *f)
{
	uint16_t set[LPM_SET_MAX + 1] = { 0 };

	b->seen_now++;
	for (unsigned i = 0; i < f->child_count; i++) {
		const uint16_t *below = b->lpm->sets + f->children[i].set;

		if (below[0] == 0)
			return LPM_MANY;
		for (unsigned j = 1; j <= below[0]; j++)
			if (!set_put(b, set, below[j]))
				return LPM_MANY;
	}
	for (unsigned slot = 0; slot < f->filled; slot++)
		if (!(f->nodes & lpm_bit(slot)) &&
		    !set_put(b, set, f->classes[slot]))
			return LPM_MANY;
	return set_offset(b, set);
}

/* Packs the runs of equal leaves; slots with a child belong to any run. */
static void pack_leaves(struct lpm *l, const struct frame *f,
			struct lpm_node *node)
{
	bool first = true;
	uint16_t last = 0;

	node->leaf_base = (uint32_t)l->leaf_count;
	for (unsigned slot = 0; slot < f->filled; slot++) {
		if (f->nodes & lpm_bit(slot))
			continue;
		if (!first && f->classes[slot] == last)
			continue;
		first = false;
		last = f->classes[slot];
		node->starts |= lpm_bit(slot);
		l->leaves[l->leaf_count++] = last;
	}
}

static struct lpm_node frame_node(struct lpm_builder *b, const struct frame *f)
{
	struct lpm *l = b->lpm;
	struct lpm_node node = { .nodes = f->nodes };
	void *nodes = l->nodes, *leaves = l->leaves;
	bool room =
		reserve(&nodes, &b->node_cap,
			l->node_count + f->child_count + 1, sizeof(*l->nodes));

	room = reserve(&leaves, &b->leaf_cap, l->leaf_count + LPM_SLOTS,
		       sizeof(*l->leaves)) &&
	       room;
	l->nodes = nodes;
	l->leaves = leaves;
	if (!room) {
		b->failed = true;
		return node;
	}
	node.node_base = (uint32_t)l->node_count;
	memcpy(l->nodes + l->node_count, f->children,
	       f->child_count * sizeof(*l->nodes));
	l->node_count += f->child_count;
	pack_leaves(l, f, &node);
	node.set = classes_below(b, f);
	return node;
}

static void fill(struct frame *f, unsigned slots, uint16_t class_id)
{
	f->mixed = f->mixed || (f->filled > 0 && f->classes[0] != class_id);
	for (unsigned i = 0; i < slots; i++)
		f->classes[f->filled++] = class_id;
}

static void finish(struct lpm_builder *b, const struct frame *f)
{
	struct lpm *l = b->lpm;

	b->done = true;
	if (!f->mixed) {
		l->top = lpm_leaf(0, f->classes[0]);
		return;
	}
	struct lpm_node node = frame_node(b, f);

	if (b->failed)
		return;
	l->top = (uint32_t)l->node_count;
	l->nodes[l->node_count++] = node; /* frame_node() left room */
}

/* Padding leaves the top frame with fewer slots. */
static bool is_full(const struct lpm_builder *b)
{
	unsigned pad = b->level == 0 ? b->lpm->pad : 0;

	return b->frames[b->level].filled == (unsigned)LPM_SLOTS >> pad;
}

/* Closes full frames, from the innermost outwards. */
static void close_full(struct lpm_builder *b)
{
	while (is_full(b) && !b->failed) {
		struct frame *f = &b->frames[b->level];
		struct frame *parent = f - 1;

		if (b->level == 0) {
			finish(b, f);
			return;
		}
		b->level--;
		if (!f->mixed) {
			fill(parent, 1, f->classes[0]);
			continue;
		}
		parent->children[parent->child_count++] = frame_node(b, f);
		parent->nodes |= lpm_bit(parent->filled);
		parent->classes[parent->filled++] = 0;
		parent->mixed = true;
	}
}

static void open_frame(struct lpm_builder *b)
{
	struct frame *f = &b->frames[++b->level];

	f->nodes = 0;
	f->filled = f->child_count = 0;
	f->mixed = false;
}

void lpm_add(struct lpm_builder *b, unsigned bits, uint16_t class_id)
{
	unsigned padded = bits + b->lpm->pad;
	struct frame *f;
	unsigned span;

	if (b->failed || b->done || bits > net_bits(b->lpm->family)) {
		b->failed = true;
		return;
	}
	while (padded > LPM_STRIDE * (b->level + 1))
		open_frame(b);
	f = &b->frames[b->level];
	span = padded < LPM_STRIDE * b->level
		       ? UINT32_MAX
		       : 1u << (LPM_STRIDE * (b->level + 1) - padded);
	if (span > LPM_SLOTS || f->filled % span != 0) {
		b->failed = true;
		return;
	}
	fill(f, span, class_id);
	close_full(b);
}

/* Fills the root below one node; entries are first.. for each slot. */
static void root_below(struct lpm *l, uint32_t *first, uint32_t index,
		       unsigned padded, unsigned root_end)
{
	const struct lpm_node *node = &l->nodes[index];
	unsigned width = 1u << (root_end - padded - LPM_STRIDE);
	uint32_t run = node->leaf_base - 1, below = node->node_base;

	for (unsigned slot = 0; slot < LPM_SLOTS; slot++, first += width) {
		bool is_node = (node->nodes & lpm_bit(slot)) != 0;
		uint32_t entry = below;

		run += (node->starts & lpm_bit(slot)) != 0;
		if (is_node && width > 1) {
			root_below(l, first, below++, padded + LPM_STRIDE,
				   root_end);
			continue;
		}
		if (is_node)
			below++;
		else
			entry = lpm_leaf(padded + LPM_STRIDE -
						 lpm_block_order(node, slot),
					 l->leaves[run]);
		for (unsigned i = 0; i < width; i++)
			first[i] = entry;
	}
}

/* The entry of 2000::/3, which has a slot of its own in the top node. */
static uint32_t clients_v6(const struct lpm *l)
{
	const struct lpm_node *top = &l->nodes[l->top];
	uint64_t slot = lpm_bit(LPM_CLIENTS_V6), before = slot - 1;
	unsigned order;

	if (top->nodes & slot)
		return top->node_base +
		       (uint32_t)__builtin_popcountll(top->nodes & before);
	order = lpm_block_order(top, LPM_CLIENTS_V6);
	return lpm_leaf(LPM_STRIDE - order,
			l->leaves[top->leaf_base - 1 +
				  (uint32_t)__builtin_popcountll(
					  top->starts & (before | slot))]);
}

static bool make_root(struct lpm *l)
{
	const unsigned above = l->family == NET_V6 ? LPM_STRIDE : 0;
	uint32_t entry = l->top;

	l->root = calloc((size_t)1 << LPM_ROOT_BITS, sizeof(*l->root));
	if (l->root == NULL)
		return false;
	if (!(entry & LPM_LEAF) && l->family == NET_V6)
		entry = clients_v6(l);
	if (!(entry & LPM_LEAF)) {
		root_below(l, l->root, entry, above, above + LPM_ROOT_BITS);
		return true;
	}
	for (size_t i = 0; i < (size_t)1 << LPM_ROOT_BITS; i++)
		l->root[i] = entry;
	return true;
}

/* Gives back what growth left over; a refusal costs nothing but memory. */
static void trim(void **items, size_t count, size_t size)
{
	void *less = count == 0 ? NULL : realloc(*items, count * size);

	if (less != NULL)
		*items = less;
}

struct lpm *lpm_freeze(struct lpm_builder *b)
{
	struct lpm *l = b->lpm;
	void *nodes = l->nodes, *leaves = l->leaves, *sets = l->sets;
	bool ok = b->done && !b->failed;

	trim(&nodes, l->node_count, sizeof(*l->nodes));
	trim(&leaves, l->leaf_count, sizeof(*l->leaves));
	trim(&sets, b->set_count, sizeof(*l->sets));
	l->nodes = nodes;
	l->leaves = leaves;
	l->sets = sets;
	l->set_octets = b->set_count * sizeof(*l->sets);
	ok = ok && make_root(l);
	b->lpm = NULL;
	lpm_builder_free(b);
	if (ok)
		return l;
	lpm_free(l);
	return NULL;
}

void lpm_free(struct lpm *l)
{
	if (l == NULL)
		return;
	free(l->root);
	free(l->nodes);
	free(l->leaves);
	free(l->sets);
	free(l);
}
