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
 *   at a list's place  the count of runs; the number of a cover where there
 *                      are more than LPM_LIST_BARE; the octets at which the
 *                      runs begin, two to a unit; their values; the places of
 *                      the children
 *
 * A number or a place takes two units.  A place is where a list begins in the
 * pool, or, with LPM_FIELD set, the first of four words in fields.  Pure.
 */
#ifndef POLICY_DECIDE_LPM_TABLE_H
#define POLICY_DECIDE_LPM_TABLE_H

#include "policy/decide/lpm.h"

#include <string.h>

enum {
	LPM_UNITS = 64,         /* of a word */
	LPM_NODE_UNITS = 256,   /* of a node */
	LPM_NODE_WORDS = 4,     /* of a node that has them */
	LPM_LIST_MAX = 16,      /* runs; a node of more has words */
	LPM_LIST_BARE = 4,      /* runs; a list of more has a cover */
	LPM_POOL_SPARE = 8,     /* units behind the last: see list_run() */
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

struct lpm_asked; /* one question for a scope */

/* A reader compiled for a processor. */
struct lpm_reader {
	uint16_t (*find)(const struct lpm *lpm, const struct net_addr *addr);
	uint8_t (*scope)(const struct lpm *lpm, const struct net_addr *addr,
			 const struct lpm_row *rows, uint16_t row);
	/* Where the word's cover is not in the row. */
	uint8_t (*word_scope)(const struct lpm *lpm,
			      const struct net_addr *addr,
			      const struct lpm_row *rows, uint16_t row);
	/* From node to node; the second of one that is not in the row. */
	bool (*node_in_row)(const struct lpm_asked *q, uint32_t place);
	unsigned (*node_scope)(const struct lpm_asked *q, uint32_t place,
			       unsigned index);
};

/* The one for this processor. */
const struct lpm_reader *lpm_reader(void);

struct lpm {
	enum net_family family;
	const struct lpm_reader *reader;
	bool borrowed; /* the arrays below are somebody else's */
	uint16_t block_of[LPM_HEAP];
	uint32_t heap[LPM_HEAP]; /* covers of prefixes up to /7, likewise */
	struct lpm_block *blocks;
	struct lpm_word *fields;
	uint32_t *field_covers; /* one for four words */
	struct lpm_cover *covers;
	uint16_t *pool;
	size_t block_count, field_count, cover_count, pool_count, leaf_count;
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

static inline uint32_t lpm_number(const uint16_t *units)
{
	uint32_t number;

	memcpy(&number, units, sizeof(number));
	return number;
}

/* The place that a child's value names, of those behind a node's values. */
static inline uint32_t lpm_place(const uint16_t *places, uint16_t value)
{
	return lpm_number(places + 2 * (value - LPM_CLASSES_MAX));
}

static inline uint32_t
lpm_word_place(const struct lpm *l, const struct lpm_word *word, uint16_t value)
{
	return lpm_place(l->pool + word->base + lpm_ones(word->starts), value);
}

/* The units before a list's octets. */
static inline unsigned lpm_list_head(unsigned count)
{
	return count > LPM_LIST_BARE ? 3 : 1;
}

static inline const uint8_t *lpm_list_octets(const uint16_t *list)
{
	return (const uint8_t *)(list + lpm_list_head(list[0]));
}

/* The units before a list's values. */
static inline unsigned lpm_list_values(unsigned count)
{
	return lpm_list_head(count) + (count + 1) / 2;
}

/* Sets the covers of words and prefixes, and renames the classes of the pool.
 * False when memory runs out. */
bool lpm_cover_all(struct lpm *l, const uint16_t *renamed);

/* A table's octets, and how many there are: a multiple of 16. */
size_t lpm_image_octets(const struct lpm *lpm);
void lpm_image_write(const struct lpm *lpm, uint8_t *out);

/*
 * The table of such octets, which may come from anywhere: NULL when they are
 * none of class_count classes, or memory runs out.  They begin at a multiple of
 * 16, are borrowed, not written to, and outlive it.
 */
struct lpm *lpm_image_open(uint8_t *octets, size_t len, size_t class_count);

#endif
