/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lpm -- a frozen longest-prefix table from addresses to classes.
 *
 * An address is looked up octet by octet.  The first names a block, the next
 * two a unit in it, a /24 of either family, in words of 64 units: a word has a
 * bit for each unit where a run of equal units begins, so that a class is
 * found by counting bits.  A unit that is divided leads to a node of 256 units,
 * one for each value of the next octet: four such words, or, where there are
 * few runs, the list of the octets at which they begin.  Most IPv4 networks
 * end in the first word: two cache lines and some 35 instructions.
 *
 * Over the words of a block stands a heap of covers.  The cover of a prefix is
 * at most LPM_SPANS spans of class ids, as they come when classes are put in
 * an order in which neighbours on the map are neighbours (policy/decide/order),
 * that together hold every class below it.  With until the last class of the
 * span of equal rows that a class is in (struct lpm_row), a cover is in one
 * row when each of its spans is: four comparisons, however many classes there
 * are.  Where more spans than that would be needed the narrowest gaps are
 * closed, so a cover may hold classes that are not below it and a scope may
 * come out narrower than it had to be, never wider: on a real city database
 * with rows by the nearest of six cities the mean IPv4 scope is 17.20 bits
 * where an exact one is 17.08 (two spans 17.54, three 17.35, eight 17.08, at
 * 4 octets a span for each of 150,000 covers).  The cover of a prefix holds
 * that of each part of it, so scopes are a partition whatever address one
 * asks from.  Inside a word and inside a node scopes are exact.
 *
 * Source: H. Asai, Y. Ohara, Poptrie: a compressed trie with population count
 * for fast and scalable software IP routing table lookup, SIGCOMM 2015 (the
 * words); the heap and the covers are ours.
 *
 * Pure.  A frozen table never changes: any thread may look up.
 */
#ifndef POLICY_DECIDE_LPM_H
#define POLICY_DECIDE_LPM_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Class ids are below it: the values above say "divided". */
enum { LPM_CLASSES_MAX = 0xff00 };

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
 * The table; equal neighbours are merged, and class i of lpm_add() is
 * renamed[i] from now on (NULL: i).  NULL when memory ran out, or the space
 * was not covered in order.  Takes ownership of the builder.
 */
struct lpm *lpm_freeze(struct lpm_builder *builder, const uint16_t *renamed);

/* Accepts NULL. */
void lpm_free(struct lpm *lpm);

/* addr is of the table's family. */
uint16_t lpm_find(const struct lpm *lpm, const struct net_addr *addr);

/*
 * Hints, for who has other work to do before he looks up addr: what is read
 * first comes into the cache, then what that leads to.
 */
void lpm_fetch(const struct lpm *lpm, const struct net_addr *addr);
void lpm_fetch_next(const struct lpm *lpm, const struct net_addr *addr);

/* What a decision makes of a class. */
struct lpm_row {
	uint16_t until; /* the last class such that it and all between have
			 * this row, too: lpm_rows_span() */
	uint16_t row;
};

/* Fills until of count rows, in the order of class ids. */
void lpm_rows_span(struct lpm_row *rows, size_t count);

/*
 * How many bits of addr a network must share with it for all of its classes to
 * have row, which is that of addr's class; never too few.
 */
uint8_t lpm_scope(const struct lpm *lpm, const struct net_addr *addr,
		  const struct lpm_row *row_of_class, uint16_t row);

size_t lpm_octets(const struct lpm *lpm);

/* Runs of equal units that are stored. */
size_t lpm_leaves(const struct lpm *lpm);

#endif
