/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index -- from a name to what is kept under it: open addressing, linear
 * probing, never more than half full, so that a miss ends at once.
 *
 * Filled while loading, then only read, by any thread.  The hash is not keyed:
 * only operators' names are in it, a stranger can but ask.  Pure.
 */
#ifndef DNS_INDEX_H
#define DNS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name;
struct zone_node;

struct index_slot {
	uint64_t hash;
	struct zone_node *node; /* NULL: empty */
};

/* Zero-initialised is empty. */
struct index {
	struct index_slot *slots; /* owned */
	size_t mask;              /* slots - 1, a power of two less one */
	size_t count;
	unsigned labels_max; /* of any name inside */
};

/* The node of the suffix of name that begins at label, or NULL. */
struct zone_node *index_find(const struct index *index, const struct name *name,
			     unsigned label);

/* A suffix that has a node. */
struct index_match {
	struct zone_node *node; /* NULL: there is none */
	unsigned label;         /* where the suffix begins */
};

/* Where the search for a name begins. */
struct index_start {
	uint64_t hash; /* of the suffix that begins at label */
	unsigned label;
};

/* Its slot comes into the cache meanwhile. */
struct index_start index_begin(const struct index *index,
			       const struct name *name);

/* So does what that slot leads to, if it is likely to be the name's. */
void index_fetch(const struct index *index, struct index_start start);

/* The longest suffix of name, which index_begin() was given, that has a
 * node. */
struct index_match index_longest(const struct index *index,
				 const struct name *name,
				 struct index_start start);

/*
 * Adds node under that suffix, which must not be inside yet; node->octets is
 * already set.  False when memory runs out.
 */
bool index_add(struct index *index, const struct name *name, unsigned label,
	       struct zone_node *node);

void index_fini(struct index *index);

#endif
