/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/lpm.h"

#include "policy/decide/lpm_table.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/*
 * Cost in user instructions, by callgrind over random networks of a real city
 * database, rows by six regions: 56 for a class of IPv4 and 150 for one of
 * IPv6; 300 and 750 for a scope, of which a search of the heap is 120 and a
 * scope inside a word 400, half of them the runs that it takes in.
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

enum { WORD_ORDERS = 6, NODE_ORDERS = 8 };

/* What tells whether a cover is in the row; by value, so that it stays in
 * registers. */
struct sight {
	const struct lpm_cover *covers;
	const struct lpm_row *rows;
	uint16_t row; /* of the address */
};

struct lpm_asked {
	const struct lpm *lpm;
	const struct net_addr *addr;
	struct sight sight;
};

/* The first octets of an address, the first one highest. */
ALWAYS_INLINE uint32_t head_of(const struct net_addr *addr)
{
	return net_v4(addr);
}

ALWAYS_INLINE const struct lpm_block *block_at(const struct lpm *l,
					       uint32_t head)
{
	return &l->blocks[l->block_of[head >> 24]];
}

ALWAYS_INLINE unsigned word_index(uint32_t head)
{
	return head >> 14 & (LPM_BLOCK_WORDS - 1);
}

ALWAYS_INLINE unsigned unit_of(uint32_t head)
{
	return head >> 8 & (LPM_UNITS - 1);
}

/* The value of a unit of a word; higher bits of unit do not count. */
ALWAYS_INLINE uint16_t word_value(const struct lpm *l,
				  const struct lpm_word *word, unsigned unit)
{
	return l->pool[word->base - 1u +
		       lpm_ones(word->starts << (~unit % LPM_UNITS))];
}

/*
 * The run of a list that octet is in.  No branch: which way it would go is as
 * random as the clients are.  All 16 octets are compared, those behind the
 * count in vain: LPM_POOL_SPARE.
 */
ALWAYS_INLINE unsigned list_run(const uint16_t *list, unsigned octet)
{
	const uint8_t *octets = lpm_list_octets(list);
#if defined(__SSE2__)
	__m128i begins = _mm_loadu_si128((const __m128i *)octets);
	__m128i ours = _mm_set1_epi8((char)octet);
	__m128i behind = _mm_subs_epu8(begins, ours);
	unsigned reached = (unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(behind, _mm_setzero_si128()));

	return lpm_ones(reached & ((1u << list[0]) - 1)) - 1;
#else
	unsigned at = 0;

	for (unsigned left = list[0]; left > 1;) {
		unsigned half = left / 2;

		at += octets[at + half] <= octet ? half : 0;
		left -= half;
	}
	return at;
#endif
}

ALWAYS_INLINE const struct lpm_word *field_word(const struct lpm *l,
						uint32_t place, unsigned octet)
{
	return &l->fields[(place & ~LPM_FIELD) + octet / LPM_UNITS];
}

/* The value at octet of a node; *place is the child's where it is one. */
ALWAYS_INLINE uint16_t node_value(const struct lpm *l, uint32_t *place,
				  unsigned octet)
{
	const struct lpm_word *word;
	const uint16_t *list, *values;
	uint16_t value;

	if (*place & LPM_FIELD) {
		word = field_word(l, *place, octet);
		value = word_value(l, word, octet);
		if (value >= LPM_CLASSES_MAX)
			*place = lpm_word_place(l, word, value);
		return value;
	}
	list = l->pool + *place;
	values = list + lpm_list_values(list[0]);
	value = values[list_run(list, octet)];
	if (value >= LPM_CLASSES_MAX)
		*place = lpm_place(values + list[0], value);
	return value;
}

/* 36 instructions for a client whose /24 is not divided. */
ALWAYS_INLINE uint16_t find(const struct lpm *l, const struct net_addr *addr)
{
	uint32_t head = head_of(addr), place;
	const struct lpm_block *block = block_at(l, head);
	const struct lpm_word *word = &block->words[word_index(head)];
	uint16_t value = word_value(l, word, unit_of(head));

	if (value < LPM_CLASSES_MAX)
		return value;
	place = lpm_word_place(l, word, value);
	for (unsigned i = LPM_UNIT_DEPTH / 8; value >= LPM_CLASSES_MAX; i++)
		value = node_value(l, &place, addr->octets[i]);
	return value;
}

ALWAYS_INLINE bool span_in_row(struct sight s, struct lpm_span span)
{
	struct lpm_row first = s.rows[span.first];

	return first.row == s.row && first.until >= span.last;
}

/* A cover that is not has its first or its last span in another row, most
 * often. */
ALWAYS_INLINE bool cover_in_row(struct sight s, uint32_t number)
{
	const struct lpm_span *spans = s.covers[number].spans;

	return span_in_row(s, spans[0]) && span_in_row(s, spans[3]) &&
	       (spans[1].first == spans[3].first ||
		(span_in_row(s, spans[1]) && span_in_row(s, spans[2])));
}

ALWAYS_INLINE bool value_in_row(const struct lpm_asked *q,
				const uint16_t *places, uint16_t value)
{
	return value < LPM_CLASSES_MAX
		       ? q->sight.rows[value].row == q->sight.row
		       : q->lpm->reader->node_in_row(q,
						     lpm_place(places, value));
}

ALWAYS_INLINE bool list_in_row(const struct lpm_asked *q, const uint16_t *list)
{
	const uint16_t *values = list + lpm_list_values(list[0]);
	unsigned i = 0;

	if (list[0] > LPM_LIST_BARE)
		return cover_in_row(q->sight, lpm_number(list + 1));
	while (i < list[0] && value_in_row(q, values + list[0], values[i]))
		i++;
	return i == list[0];
}

ALWAYS_INLINE bool field_in_row(const struct lpm_asked *q, uint32_t place)
{
	return cover_in_row(
		q->sight,
		q->lpm->field_covers[(place & ~LPM_FIELD) / LPM_NODE_WORDS]);
}

/* Goes no deeper than an address has octets. */
ALWAYS_INLINE bool node_in_row(const struct lpm_asked *q, uint32_t place)
{
	return place & LPM_FIELD ? field_in_row(q, place)
				 : list_in_row(q, q->lpm->pool + place);
}

/*
 * The order of the widest aligned block of a word around unit that is in the
 * row, where that unit is.  Each round takes in the runs of the other half of
 * the next wider block, up to the first that is not.
 */
ALWAYS_INLINE unsigned word_order(const struct lpm_asked *q,
				  const struct lpm_word *word, unsigned unit)
{
	const uint16_t *values = q->lpm->pool + word->base;
	const uint16_t *places = values + lpm_ones(word->starts);
	uint64_t before = word->starts & lpm_upto(unit);
	uint64_t behind = word->starts ^ before;
	unsigned run = lpm_ones(before) - 1, last = run, order;

	for (order = 0; order < WORD_ORDERS; order++) {
		unsigned begin = unit >> order >> 1 << 1 << order;
		uint64_t inside = lpm_upto(begin + (2u << order) - 1);

		for (; before >> begin >> 1 != 0;
		     before ^= lpm_bit(63u - (unsigned)__builtin_clzll(before)))
			if (!value_in_row(q, places, values[--run]))
				return order;
		for (; (behind & inside) != 0; behind &= behind - 1)
			if (!value_in_row(q, places, values[++last]))
				return order;
	}
	return order;
}

/* Likewise of a list; NODE_ORDERS for all of it. */
ALWAYS_INLINE unsigned list_order(const struct lpm_asked *q,
				  const uint16_t *list, unsigned octet)
{
	const uint8_t *octets = lpm_list_octets(list);
	const uint16_t *values = list + lpm_list_values(list[0]);
	const uint16_t *places = values + list[0];
	unsigned run = list_run(list, octet), last = run + 1, order;

	for (order = 0; order < NODE_ORDERS; order++) {
		unsigned begin = octet >> order >> 1 << 1 << order;

		for (; octets[run] > begin; run--)
			if (!value_in_row(q, places, values[run - 1]))
				return order;
		for (; last < list[0] && octets[last] < begin + (2u << order);
		     last++)
			if (!value_in_row(q, places, values[last]))
				return order;
	}
	return order;
}

/* Likewise of four words that are not all in the row, but octet's own is. */
ALWAYS_INLINE unsigned words_order(const struct lpm_asked *q,
				   const struct lpm_word *own, unsigned index)
{
	const struct lpm_word *other = own - index + (index ^ 1);

	return WORD_ORDERS + (cover_in_row(q->sight, other->cover) ? 1 : 0);
}

/*
 * The scope in bits inside the node that stands behind octet number index - 1,
 * and which is not in the row by its cover.  All of the node may be so by its
 * runs, which know better: then the scope is the node and no more, because from
 * outside the cover is what counts.  Goes no deeper than an address has octets.
 */
ALWAYS_INLINE unsigned node_scope(const struct lpm_asked *q, uint32_t place,
				  unsigned index)
{
	const struct lpm *l = q->lpm;
	const uint16_t *list = l->pool + place;
	const struct lpm_word *word = NULL;
	unsigned octet = q->addr->octets[index];
	unsigned bits = 8 * index + NODE_ORDERS;

	if (place & LPM_FIELD) {
		word = field_word(l, place, octet);
		if (cover_in_row(q->sight, word->cover))
			return bits - words_order(q, word, octet / LPM_UNITS);
	}
	if (node_value(l, &place, octet) >= LPM_CLASSES_MAX &&
	    !node_in_row(q, place))
		return l->reader->node_scope(q, place, index + 1);
	return bits - (word != NULL ? word_order(q, word, octet % LPM_UNITS)
				    : list_order(q, list, octet));
}

/* The scope inside a word of a block, whose cover is not in the row. */
ALWAYS_INLINE uint8_t word_scope(const struct lpm *l,
				 const struct net_addr *addr,
				 const struct lpm_row *rows, uint16_t row)
{
	const struct lpm_asked q = { l, addr, { l->covers, rows, row } };
	uint32_t head = head_of(addr);
	const struct lpm_word *word =
		&block_at(l, head)->words[word_index(head)];
	unsigned unit = unit_of(head);
	uint16_t value = word_value(l, word, unit);

	if (value >= LPM_CLASSES_MAX) {
		uint32_t place = lpm_word_place(l, word, value);

		if (!node_in_row(&q, place))
			return (uint8_t)l->reader->node_scope(&q, place,
							      LPM_UNIT_DEPTH /
								      8);
	}
	return (uint8_t)(LPM_UNIT_DEPTH - word_order(&q, word, unit));
}

/*
 * The fewest bits whose cover is in the row, where those of the word are.  A
 * cover holds those of its parts, so halves are enough.  Most scopes are from
 * /8 on: there the search begins.
 */
ALWAYS_INLINE uint8_t heap_scope(const struct lpm *l, struct sight s,
				 const struct lpm_block *block, uint32_t head)
{
	unsigned word = word_index(head) | LPM_BLOCK_WORDS;
	unsigned top = head >> 24 | LPM_HEAP;
	unsigned low = LPM_BLOCK_BITS, high = LPM_WORD_DEPTH;

	__builtin_prefetch(&s.covers[block->heap[word >> 2]]);
	__builtin_prefetch(&s.covers[block->heap[word >> 8]]);
	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (cover_in_row(
			    s, block->heap[word >> (LPM_WORD_DEPTH - middle)]))
			high = middle;
		else
			low = middle + 1;
	}
	while (high <= LPM_BLOCK_BITS && high > 0 &&
	       cover_in_row(s, l->heap[top >> (LPM_BLOCK_BITS + 1 - high)]))
		high--;
	return (uint8_t)high;
}

ALWAYS_INLINE uint8_t scope(const struct lpm *l, const struct net_addr *addr,
			    const struct lpm_row *rows, uint16_t row)
{
	const struct sight s = { l->covers, rows, row };
	uint32_t head = head_of(addr);
	const struct lpm_block *block = block_at(l, head);

	if (cover_in_row(s, block->words[word_index(head)].cover))
		return heap_scope(l, s, block, head);
	return l->reader->word_scope(l, addr, rows, row);
}

static bool node_in_row_plain(const struct lpm_asked *q, uint32_t place)
{
	return node_in_row(q, place);
}

static unsigned node_scope_plain(const struct lpm_asked *q, uint32_t place,
				 unsigned index)
{
	return node_scope(q, place, index);
}

static uint16_t find_plain(const struct lpm *l, const struct net_addr *addr)
{
	return find(l, addr);
}

static uint8_t scope_plain(const struct lpm *l, const struct net_addr *addr,
			   const struct lpm_row *rows, uint16_t row)
{
	return scope(l, addr, rows, row);
}

static uint8_t word_scope_plain(const struct lpm *l,
				const struct net_addr *addr,
				const struct lpm_row *rows, uint16_t row)
{
	return word_scope(l, addr, rows, row);
}

WITH_POPCNT static bool node_in_row_popcnt(const struct lpm_asked *q,
					   uint32_t place)
{
	return node_in_row(q, place);
}

WITH_POPCNT static unsigned node_scope_popcnt(const struct lpm_asked *q,
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
					const struct lpm_row *rows,
					uint16_t row)
{
	return scope(l, addr, rows, row);
}

WITH_POPCNT static uint8_t word_scope_popcnt(const struct lpm *l,
					     const struct net_addr *addr,
					     const struct lpm_row *rows,
					     uint16_t row)
{
	return word_scope(l, addr, rows, row);
}

const struct lpm_reader *lpm_reader(void)
{
	static const struct lpm_reader plain = {
		find_plain,        scope_plain,      word_scope_plain,
		node_in_row_plain, node_scope_plain,
	};
	static const struct lpm_reader popcnt = {
		find_popcnt,        scope_popcnt,      word_scope_popcnt,
		node_in_row_popcnt, node_scope_popcnt,
	};

#if defined(__x86_64__)
	if (!__builtin_cpu_supports("popcnt"))
		return &plain;
#endif
	return &popcnt;
}

uint16_t lpm_find(const struct lpm *l, const struct net_addr *addr)
{
	return l->reader->find(l, addr);
}

/* Most often a scope is asked for, too. */
void lpm_fetch(const struct lpm *l, const struct net_addr *addr)
{
	uint32_t head = head_of(addr);
	const struct lpm_block *block = block_at(l, head);
	unsigned index = word_index(head);

	__builtin_prefetch(&block->words[index]);
	__builtin_prefetch(&block->heap[(index | LPM_BLOCK_WORDS) >> 2]);
	__builtin_prefetch(&block->heap[(index | LPM_BLOCK_WORDS) >> 5]);
}

/* The values of a word fill two lines at most. */
void lpm_fetch_next(const struct lpm *l, const struct net_addr *addr)
{
	uint32_t head = head_of(addr);
	const struct lpm_block *block = block_at(l, head);
	unsigned index = word_index(head);
	const struct lpm_word *word = &block->words[index];

	__builtin_prefetch(&l->pool[word->base]);
	__builtin_prefetch(&l->pool[word->base + LPM_UNITS / 2]);
	__builtin_prefetch(&l->covers[word->cover]);
	index |= LPM_BLOCK_WORDS;
	__builtin_prefetch(&l->covers[block->heap[index >> 5]]);
	__builtin_prefetch(&l->covers[block->heap[index >> 2]]);
}

void lpm_rows_span(struct lpm_row *rows, size_t count)
{
	for (size_t i = count; i-- > 0;)
		rows[i].until = i + 1 < count && rows[i].row == rows[i + 1].row
					? rows[i + 1].until
					: (uint16_t)i;
}

uint8_t lpm_scope(const struct lpm *l, const struct net_addr *addr,
		  const struct lpm_row *row_of_class, uint16_t row)
{
	return l->reader->scope(l, addr, row_of_class, row);
}

size_t lpm_octets(const struct lpm *l)
{
	return sizeof(*l) + l->block_count * sizeof(*l->blocks) +
	       l->field_count * sizeof(*l->fields) +
	       l->field_count / LPM_NODE_WORDS * sizeof(*l->field_covers) +
	       l->cover_count * sizeof(*l->covers) +
	       l->pool_count * sizeof(*l->pool);
}

size_t lpm_leaves(const struct lpm *l)
{
	return l->leaf_count;
}
