/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/lpm.h"

#include "policy/decide/lpm_table.h"

/*
 * The bodies are compiled twice where the processor may or may not count bits
 * itself; ALWAYS_INLINE lets each copy use its caller's instructions.
 */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__) && !defined(__POPCNT__)
#define WITH_POPCNT __attribute__((target("popcnt")))
#else
#define WITH_POPCNT
#endif

struct asked;

/* What goes from node to node, as the caller's instructions have it. */
struct ways {
	bool (*node_in_row)(const struct asked *q, uint32_t place);
	unsigned (*node_scope)(const struct asked *q, uint32_t place,
			       unsigned index);
};

/* Of one question for a scope. */
struct asked {
	const struct lpm *lpm;
	const struct net_addr *addr;
	const struct lpm_row *rows;
	const struct ways *ways;
	uint16_t row;
};

ALWAYS_INLINE const struct lpm_block *block_at(const struct lpm *l,
					       const struct net_addr *addr)
{
	return &l->blocks[l->block_of[addr->octets[0]]];
}

/* Where octets 1 and 2 say a word is, of a block. */
ALWAYS_INLINE unsigned word_index(const struct net_addr *addr)
{
	return (unsigned)addr->octets[1] << 2 | addr->octets[2] >> 6;
}

/* The run that unit is in, from 0 for the first of the word. */
ALWAYS_INLINE unsigned run_at(const struct lpm_word *word, unsigned unit)
{
	return lpm_ones(word->starts & lpm_upto(unit)) - 1;
}

/* The run of a list that octet is in.  Runs begin at 0.  No branch: which way
 * it would go is as random as the clients are. */
ALWAYS_INLINE unsigned list_run(const struct lpm_node *list, unsigned octet)
{
	unsigned at = 0;

	for (unsigned left = list->count; left > 1;) {
		unsigned half = left / 2;

		at += list->octets[at + half] <= octet ? half : 0;
		left -= half;
	}
	return at;
}

/* The value at octet of a node; *place is the child's where it is one. */
ALWAYS_INLINE uint16_t node_value(const struct lpm *l, uint32_t *place,
				  unsigned octet)
{
	struct lpm_node node = lpm_node_at(l, *place);
	const struct lpm_word *word;
	uint16_t value;

	if (node.count > 0) {
		value = node.values[list_run(&node, octet)];
		if (value >= LPM_CLASSES_MAX)
			*place = lpm_place(node.values + node.count, value);
		return value;
	}
	word = &node.words[octet / LPM_UNITS];
	value = l->pool[word->base + run_at(word, octet % LPM_UNITS)];
	if (value >= LPM_CLASSES_MAX)
		*place = lpm_word_place(l, word, value);
	return value;
}

ALWAYS_INLINE uint16_t find(const struct lpm *l, const struct net_addr *addr)
{
	const struct lpm_word *word =
		&block_at(l, addr)->words[word_index(addr)];
	uint16_t value =
		l->pool[word->base + run_at(word, addr->octets[2] % LPM_UNITS)];
	uint32_t place;

	if (value < LPM_CLASSES_MAX)
		return value;
	place = lpm_word_place(l, word, value);
	for (unsigned i = LPM_UNIT_DEPTH / 8; value >= LPM_CLASSES_MAX; i++)
		value = node_value(l, &place, addr->octets[i]);
	return value;
}

ALWAYS_INLINE bool span_in_row(const struct asked *q, struct lpm_span span)
{
	struct lpm_row first = q->rows[span.first];

	return first.row == q->row && first.until >= span.last;
}

/* A cover that is not has its first or its last span in another row, most
 * often. */
ALWAYS_INLINE bool cover_in_row(const struct asked *q, uint32_t number)
{
	const struct lpm_span *spans = q->lpm->covers[number].spans;

	return span_in_row(q, spans[0]) && span_in_row(q, spans[3]) &&
	       (spans[1].first == spans[3].first ||
		(span_in_row(q, spans[1]) && span_in_row(q, spans[2])));
}

ALWAYS_INLINE bool value_in_row(const struct asked *q, const uint16_t *places,
				uint16_t value)
{
	if (value >= LPM_CLASSES_MAX)
		return q->ways->node_in_row(q, lpm_place(places, value));
	return q->rows[value].row == q->row;
}

/* Goes no deeper than an address has octets. */
ALWAYS_INLINE bool node_in_row(const struct asked *q, uint32_t place)
{
	struct lpm_node node = lpm_node_at(q->lpm, place);
	unsigned i = 0;

	if (node.count == 0) {
		while (i < LPM_NODE_WORDS &&
		       cover_in_row(q, node.words[i].cover))
			i++;
		return i == LPM_NODE_WORDS;
	}
	while (i < node.count &&
	       value_in_row(q, node.values + node.count, node.values[i]))
		i++;
	return i == node.count;
}

/* The order of the widest aligned block around at, of those that begin at left
 * or behind it and end before right. */
ALWAYS_INLINE unsigned widest_order(unsigned at, unsigned left, unsigned right,
				    unsigned orders)
{
	unsigned order = 0;

	while (order < orders) {
		unsigned first = at >> (order + 1) << (order + 1);

		if (first < left || first + (2u << order) > right)
			break;
		order++;
	}
	return order;
}

/* The order of the widest block of a word around unit that is in the row,
 * where that unit is. */
ALWAYS_INLINE unsigned word_order(const struct asked *q,
				  const struct lpm_word *word, unsigned unit)
{
	const uint16_t *values = q->lpm->pool + word->base;
	const uint16_t *places = values + lpm_ones(word->starts);
	uint64_t before = word->starts & lpm_upto(unit);
	uint64_t behind = word->starts & ~lpm_upto(unit);
	unsigned run = lpm_ones(before) - 1, last = run;
	unsigned left, right = LPM_UNITS, limit;

	for (;;) {
		left = 63u - (unsigned)__builtin_clzll(before);
		if (run == 0 || !value_in_row(q, places, values[run - 1]))
			break;
		run--;
		before ^= lpm_bit(left);
	}
	/* No block that begins at left or behind ends behind limit. */
	limit = widest_order(unit, left, LPM_UNITS, 6);
	limit = ((unit >> limit) + 1) << limit;
	for (; behind != 0; behind &= behind - 1) {
		right = (unsigned)__builtin_ctzll(behind);
		if (right >= limit || !value_in_row(q, places, values[++last]))
			break;
		right = LPM_UNITS;
	}
	return widest_order(unit, left, right < limit ? right : limit, 6);
}

/* Likewise of a list; 8 for all of it. */
ALWAYS_INLINE unsigned list_order(const struct asked *q,
				  const struct lpm_node *list, unsigned octet)
{
	const uint16_t *places = list->values + list->count;
	unsigned run = list_run(list, octet), last = run + 1, right;

	while (run > 0 && value_in_row(q, places, list->values[run - 1]))
		run--;
	while (last < list->count &&
	       value_in_row(q, places, list->values[last]))
		last++;
	right = last < list->count ? list->octets[last] : LPM_NODE_UNITS;
	return widest_order(octet, list->octets[run], right, 8);
}

/* Likewise of four words. */
ALWAYS_INLINE unsigned field_order(const struct asked *q,
				   const struct lpm_word *words, unsigned octet)
{
	unsigned index = octet / LPM_UNITS;

	if (!cover_in_row(q, words[index].cover))
		return word_order(q, &words[index], octet % LPM_UNITS);
	if (!cover_in_row(q, words[index ^ 1].cover))
		return 6;
	if (!cover_in_row(q, words[index ^ 2].cover) ||
	    !cover_in_row(q, words[index ^ 3].cover))
		return 7;
	return 8;
}

/*
 * The scope in bits, if it is inside the node that begins behind octet number
 * index - 1; 8 * index if all of the node is in the row.  Goes no deeper than
 * an address has octets.
 */
ALWAYS_INLINE unsigned node_scope(const struct asked *q, uint32_t place,
				  unsigned index)
{
	struct lpm_node node = lpm_node_at(q->lpm, place);
	unsigned octet = q->addr->octets[index], scope;
	uint16_t value = node_value(q->lpm, &place, octet);

	if (value >= LPM_CLASSES_MAX) {
		scope = q->ways->node_scope(q, place, index + 1);
		if (scope > 8 * (index + 1))
			return scope;
	}
	return 8 * (index + 1) - (node.count > 0
					  ? list_order(q, &node, octet)
					  : field_order(q, node.words, octet));
}

/* The scope inside a word of a block, whose cover is not in the row. */
ALWAYS_INLINE unsigned word_scope(const struct asked *q,
				  const struct lpm_word *word)
{
	unsigned unit = q->addr->octets[2] % LPM_UNITS;
	uint16_t value = q->lpm->pool[word->base + run_at(word, unit)];

	if (value >= LPM_CLASSES_MAX) {
		unsigned scope =
			q->ways->node_scope(q,
					    lpm_word_place(q->lpm, word, value),
					    LPM_UNIT_DEPTH / 8);

		if (scope > LPM_UNIT_DEPTH)
			return scope;
	}
	return LPM_UNIT_DEPTH - word_order(q, word, unit);
}

/*
 * The fewest bits whose cover is in the row, where those of the word are.  A
 * cover holds those of its parts, so halves are enough.  Most scopes are from
 * /8 on: there the search begins.
 */
ALWAYS_INLINE unsigned heap_scope(const struct asked *q,
				  const struct lpm_block *block)
{
	const struct net_addr *addr = q->addr;
	unsigned word = word_index(addr) | LPM_BLOCK_WORDS;
	unsigned top = addr->octets[0] | LPM_HEAP;
	unsigned low = LPM_BLOCK_BITS, high = LPM_WORD_DEPTH;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (cover_in_row(
			    q, block->heap[word >> (LPM_WORD_DEPTH - middle)]))
			high = middle;
		else
			low = middle + 1;
	}
	while (high <= LPM_BLOCK_BITS && high > 0 &&
	       cover_in_row(q,
			    q->lpm->heap[top >> (LPM_BLOCK_BITS - high + 1)]))
		high--;
	return high;
}

ALWAYS_INLINE uint8_t scope(const struct lpm *l, const struct net_addr *addr,
			    const struct lpm_row *rows, const struct ways *ways)
{
	const struct lpm_block *block = block_at(l, addr);
	const struct lpm_word *word = &block->words[word_index(addr)];
	const struct asked q = {
		.lpm = l,
		.addr = addr,
		.rows = rows,
		.ways = ways,
		.row = rows[find(l, addr)].row,
	};

	return (uint8_t)(cover_in_row(&q, word->cover) ? heap_scope(&q, block)
						       : word_scope(&q, word));
}

static bool node_in_row_plain(const struct asked *q, uint32_t place)
{
	return node_in_row(q, place);
}

static unsigned node_scope_plain(const struct asked *q, uint32_t place,
				 unsigned index)
{
	return node_scope(q, place, index);
}

static uint16_t find_plain(const struct lpm *l, const struct net_addr *addr)
{
	return find(l, addr);
}

static uint8_t scope_plain(const struct lpm *l, const struct net_addr *addr,
			   const struct lpm_row *rows)
{
	static const struct ways ways = { node_in_row_plain, node_scope_plain };

	return scope(l, addr, rows, &ways);
}

WITH_POPCNT static bool node_in_row_popcnt(const struct asked *q,
					   uint32_t place)
{
	return node_in_row(q, place);
}

WITH_POPCNT static unsigned node_scope_popcnt(const struct asked *q,
					      uint32_t place, unsigned index)
{
	return node_scope(q, place, index);
}

WITH_POPCNT static uint16_t find_popcnt(const struct lpm *l,
					const struct net_addr *addr)
{
	return find(l, addr);
}

WITH_POPCNT static uint8_t scope_popcnt(const struct lpm *l,
					const struct net_addr *addr,
					const struct lpm_row *rows)
{
	static const struct ways ways = { node_in_row_popcnt,
					  node_scope_popcnt };

	return scope(l, addr, rows, &ways);
}

uint16_t lpm_find(const struct lpm *l, const struct net_addr *addr)
{
	return l->has_popcnt ? find_popcnt(l, addr) : find_plain(l, addr);
}

void lpm_rows_span(struct lpm_row *rows, size_t count)
{
	for (size_t i = count; i-- > 0;)
		rows[i].until = i + 1 < count && rows[i].row == rows[i + 1].row
					? rows[i + 1].until
					: (uint16_t)i;
}

uint8_t lpm_scope(const struct lpm *l, const struct net_addr *addr,
		  const struct lpm_row *row_of_class)
{
	return l->has_popcnt ? scope_popcnt(l, addr, row_of_class)
			     : scope_plain(l, addr, row_of_class);
}

size_t lpm_octets(const struct lpm *l)
{
	return sizeof(*l) + l->block_count * sizeof(*l->blocks) +
	       l->field_count * sizeof(*l->fields) +
	       l->cover_count * sizeof(*l->covers) +
	       l->pool_count * sizeof(*l->pool);
}

size_t lpm_leaves(const struct lpm *l)
{
	return l->leaf_count;
}
