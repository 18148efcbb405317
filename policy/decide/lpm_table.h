/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lpm_table -- the inside of a frozen longest-prefix table, shared by its
 * builder, its reader and its file, and by nobody else.
 *
 *   block_of[octet 0] -> block -> words[octets 1 and 2] -> pool: a class, or
 *   LPM_CLASSES_MAX + i: child i of the word -> node[octet 3] -> ...
 *
 * In the pool, counted in units of 16 bits:
 *
 *   at a word's base   the value of each run, then the place of each child
 *   at a list's place  the count of runs, the octets at which they begin, two
 *                      to a unit, their values, the places of the children
 *
 * A place takes two units, the low one first: where a list begins in the pool,
 * or, with LPM_FIELD set, the first of four words in fields.  Pure.
 */
#ifndef POLICY_DECIDE_LPM_TABLE_H
#define POLICY_DECIDE_LPM_TABLE_H

#include "policy/decide/lpm.h"

enum {
	LPM_UNITS = 64,         /* of a word */
	LPM_NODE_UNITS = 256,   /* of a node */
	LPM_NODE_WORDS = 4,     /* of a node that has them */
	LPM_LIST_MAX = 16,      /* runs; a node of more has words */
	LPM_BLOCK_BITS = 8,     /* of an address, before a block */
	LPM_BLOCK_WORDS = 1024, /* of 64 units of one /24 */
	LPM_WORD_DEPTH = 18,    /* bits of an address, before a word */
	LPM_UNIT_DEPTH = 24,    /* bits of an address, before a node */
	LPM_HEAP = 1 << LPM_BLOCK_BITS,
	LPM_SPANS = 4,
};

#define LPM_FIELD UINT32_C(0x80000000)

struct lpm_word {
	uint64_t starts; /* bit u: a run begins at unit u; bit 0 is set */
	uint32_t base;   /* in the pool */
	uint32_t cover;  /* number of the cover of what is below */
};

/* Class ids first..last. */
struct lpm_span {
	uint16_t first, last;
};

/* In rising order; the last is repeated when there are fewer. */
struct lpm_cover {
	struct lpm_span spans[LPM_SPANS];
};

/* A /8: the covers of its prefixes, node n of depth d being at 1 << d | n, and
 * its words, which have their own. */
struct lpm_block {
	uint32_t heap[LPM_BLOCK_WORDS];
	struct lpm_word words[LPM_BLOCK_WORDS];
};

struct lpm {
	enum net_family family;
	bool has_popcnt; /* the processor counts bits itself */
	uint16_t block_of[LPM_HEAP];
	uint32_t heap[LPM_HEAP]; /* covers of prefixes up to /7, likewise */
	struct lpm_block *blocks;
	struct lpm_word *fields;
	struct lpm_cover *covers;
	uint16_t *pool;
	size_t block_count, field_count, cover_count, pool_count, leaf_count;
};

/* A node: count is 0 when it has words, else the runs of its list. */
struct lpm_node {
	const struct lpm_word *words;
	const uint8_t *octets; /* at which the list's runs begin */
	const uint16_t *values;
	unsigned count;
};

static inline uint64_t lpm_bit(unsigned unit)
{
	return UINT64_C(1) << unit;
}

/* Bits 0 to unit. */
static inline uint64_t lpm_upto(unsigned unit)
{
	return (lpm_bit(unit) << 1) - 1;
}

static inline unsigned lpm_ones(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

/* The place that a child's value names, of those behind a node's values. */
static inline uint32_t lpm_place(const uint16_t *places, uint16_t value)
{
	const uint16_t *place = places + 2 * (value - LPM_CLASSES_MAX);

	return place[0] | (uint32_t)place[1] << 16;
}

static inline uint32_t
lpm_word_place(const struct lpm *l, const struct lpm_word *word, uint16_t value)
{
	return lpm_place(l->pool + word->base + lpm_ones(word->starts), value);
}

static inline struct lpm_node lpm_node_at(const struct lpm *l, uint32_t place)
{
	const uint16_t *list = l->pool + place;

	if (place & LPM_FIELD)
		return (struct lpm_node){
			.words = l->fields + (place & ~LPM_FIELD),
		};
	return (struct lpm_node){
		.octets = (const uint8_t *)(list + 1),
		.values = list + 1 + (list[0] + 1) / 2,
		.count = list[0],
	};
}

/* Sets the covers of words and prefixes, and renames the classes of the pool.
 * False when memory runs out. */
bool lpm_cover_all(struct lpm *l, const uint16_t *renamed);

#endif
