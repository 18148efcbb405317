/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill -- from a map of the tree to a struct, by the rows of a schema.
 *
 * Every key is found in the rows, its value read as the row's kind and stored
 * at the row's offset; keys that are not written get the row's default.
 * Structure that has a struct of its own (NAMED, ITEMS) is only checked for
 * its shape: the caller goes on there.  Pure.
 */
#ifndef POLICY_LANGUAGE_FILL_H
#define POLICY_LANGUAGE_FILL_H

#include "policy/language/draft.h"

/*
 * Fills the struct at target; map may still turn out to be none.  where names
 * the map in errors: "services.www".  A member whose value is refused keeps its
 * default.
 */
void fill_map(struct draft *d, const struct schema *schema, struct tree *map,
	      const char *where, void *target);

/*
 * True when node is a map (TERMS, NAMED, MAP) or a list (ITEMS, CHECKS) as row
 * wants, and not longer than the row allows; an empty value is an empty one.
 * False when it was refused.
 */
bool fill_shape(struct draft *d, const struct schema_row *row,
		struct tree *node);

/* Reports a key that schema does not have, with the nearest it has. */
void fill_refuse_key(struct draft *d, const struct schema *schema,
		     struct tree *node, const char *where);

#endif
