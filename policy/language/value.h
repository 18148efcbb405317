/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value -- one value of the tree, read as its schema row says.
 *
 * What is not such a value is refused with an error that says what was found
 * and what is allowed, and leaves the target as it was.  Pure.
 */
#ifndef POLICY_LANGUAGE_VALUE_H
#define POLICY_LANGUAGE_VALUE_H

#include "policy/language/draft.h"

/* target points at the member, typed as enum schema_kind says. */
typedef void value_reader(struct draft *d, const struct schema_row *row,
			  struct tree *node, void *target);

/* For every kind but structure, and those the caller reads, which are left
 * alone. */
value_reader value_read;

/* "KEY is ...; write ...", by what the row's kind looks like. */
void value_refuse(struct draft *d, const struct schema_row *row,
		  struct tree *node);

/* What row wants: its words, or what its kind looks like; into buf. */
const char *value_want(const struct schema_row *row, char *buf, size_t size);

/* The text of a node that must be one; NULL when it was refused. */
const char *value_text(struct draft *d, const struct schema_row *row,
		       struct tree *node);

/*
 * A text, or a list of texts: how many there are and the first.  Items that
 * are no text are refused, and node with them; the caller skips those.
 */
size_t value_items(struct draft *d, const struct schema_row *row,
		   struct tree *node, struct tree **first);

/* Are count items, which are called nouns, as few as row allows?  Else node is
 * refused. */
bool value_fits(struct draft *d, const struct schema_row *row,
		struct tree *node, size_t count, const char *nouns);

/* Stores a list as two members that follow each other: pointer and count. */
void value_list(void *target, void *list, size_t count);

#endif
