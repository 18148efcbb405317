/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree -- a YAML file as nodes that know their place.
 *
 * All scalars are text, so NO is Norway.  Anchors, aliases, tags and several
 * documents in a file are refused: a reviewer should see what is written where
 * it is written.  Of a key that is written twice in one mapping the first
 * stays and the second is an error that names both lines.
 *
 * Pure: octets in, nodes out.  Source: YAML 1.1 as libyaml reads it.
 */
#ifndef POLICY_LANGUAGE_TREE_H
#define POLICY_LANGUAGE_TREE_H

#include "policy/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum {
	TREE_DEPTH_MAX = 16,
	TREE_NODES_MAX = 1 << 20, /* of one file */
};

enum tree_kind {
	TREE_NONE, /* what was here has been reported already: say no more */
	TREE_TEXT,
	TREE_LIST,
	TREE_MAP,
};

struct tree {
	enum tree_kind kind;
	bool refused;              /* an error about its value was reported */
	bool plain;                /* TREE_TEXT: written without quotes */
	struct place at;           /* where the value begins */
	const char *text;          /* TREE_TEXT: no NUL inside */
	const struct tree *key;    /* in a map: its key, a TREE_TEXT */
	struct tree *first, *last; /* children, in the order written */
	struct tree *next;         /* the next child of the same parent */
	size_t count;              /* of children */
};

/*
 * The nodes of one file; file names it in every place and lives as long as
 * the arena.  An empty file is an empty map.  NULL when the file is not YAML
 * or memory ran out: then errs says so, and nothing is known of its content.
 * Errors of the kinds above are added to errs, and the rest is still read.
 */
struct tree *tree_read(struct arena *arena, const char *file,
		       const char *octets, size_t len, struct errors *errs);

/* The child of a map under key; NULL when there is none. */
struct tree *tree_find(const struct tree *map, const char *key);

/* Nothing is written here: "key:" and a line's end, "~" or "null". */
bool tree_is_empty(const struct tree *node);

/* "a text", "a list", "a map". */
const char *tree_kind_name(enum tree_kind kind);

#endif
