/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/fill.h"

#include "policy/language/code.h"
#include "policy/language/value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { WHERE_SIZE = 200, KEYS_MAX = 32 };

static bool is_structure(enum schema_kind kind)
{
	return kind <= SCHEMA_TERMS;
}

bool fill_shape(struct draft *d, const struct schema_row *row,
		struct tree *node)
{
	enum tree_kind want =
		row->kind == SCHEMA_ITEMS || row->kind == SCHEMA_CHECKS
			? TREE_LIST
			: TREE_MAP;

	if (tree_is_empty(node)) {
		node->kind = want;
		node->text = NULL;
	}
	if (node->kind != want) {
		value_refuse(d, row, node);
		return false;
	}
	if ((double)node->count < row->min) {
		draft_refuse(d, CODE_VALUE_WRONG, node,
			     "%s is empty; write at least one", row->key);
		return false;
	}
	return true;
}

void fill_refuse_key(struct draft *d, const struct schema *schema,
		     struct tree *node, const char *where)
{
	const char *near = schema_nearest(schema, node->key->text);
	char known[120] = "";

	node->refused = true;
	for (size_t i = 0; i < schema->count; i++) {
		if (strlen(known) + strlen(", ") + strlen(schema->rows[i].key) >
		    sizeof(known) - sizeof(", ...")) {
			strcat(known, ", ...");
			break;
		}
		strcat(known, i == 0 ? "" : ", ");
		strcat(known, schema->rows[i].key);
	}
	if (near != NULL)
		errors_add(d->errs, CODE_KEY_UNKNOWN, node->key->at,
			   "key \"%.40s\" is not known in %.60s; did you mean "
			   "\"%s\"?",
			   node->key->text, where, near);
	else
		errors_add(d->errs, CODE_KEY_UNKNOWN, node->key->at,
			   "key \"%.40s\" is not known in %.40s; known: %s",
			   node->key->text, where, known);
}

/*
 * A default is written as an operator would write it and read the same way.
 * References have none: they refer to nothing.
 */
static void preset(struct draft *d, const struct schema_row *row, void *target)
{
	struct tree node = { .kind = TREE_TEXT, .text = row->preset };
	int none = POLICY_NONE;

	if (row->preset != NULL)
		value_read(d, row, &node, target);
	else if (row->kind >= SCHEMA_SET && row->kind <= SCHEMA_REGION)
		memcpy(target, &none, sizeof(none));
	assert(!node.refused);
}

static void fill_presets(struct draft *d, const struct schema *schema,
			 char *target)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_row *row = &schema->rows[i];

		if (row->kind == SCHEMA_MAP)
			fill_presets(d, row->inner, target + row->offset);
		else if (row->offset != SIZE_MAX)
			preset(d, row, target + row->offset);
	}
}

static void fill_written(struct draft *d, const struct schema *schema,
			 struct tree *map, const char *where, char *target);

static void fill_node(struct draft *d, const struct schema_row *row,
		      struct tree *node, const char *where, char *target)
{
	char inside[WHERE_SIZE];

	if (is_structure(row->kind)) {
		if (!fill_shape(d, row, node) || row->kind != SCHEMA_MAP)
			return;
		snprintf(inside, sizeof(inside), "%s.%s", where, row->key);
		fill_written(d, row->inner, node, inside, target + row->offset);
		return;
	}
	value_read(d, row, node,
		   row->offset == SIZE_MAX ? NULL : target + row->offset);
}

static void fill_written(struct draft *d, const struct schema *schema,
			 struct tree *map, const char *where, char *target)
{
	bool seen[KEYS_MAX] = { false };
	char want[120];

	assert(schema->count <= KEYS_MAX);
	for (struct tree *node = map->first; node != NULL; node = node->next) {
		const struct schema_row *row =
			schema_find(schema, node->key->text);

		if (row == NULL) {
			fill_refuse_key(d, schema, node, where);
			continue;
		}
		seen[row - schema->rows] = true;
		fill_node(d, row, node, where, target);
	}
	for (size_t i = 0; i < schema->count; i++)
		if (schema->rows[i].required && !seen[i] && !d->file_missing)
			errors_add(d->errs, CODE_KEY_MISSING,
				   map->key == NULL ? map->at : map->key->at,
				   "%.80s has no key \"%s\"; write %s", where,
				   schema->rows[i].key,
				   value_want(&schema->rows[i], want,
					      sizeof(want)));
}

void fill_map(struct draft *d, const struct schema *schema, struct tree *map,
	      const char *where, void *target)
{
	const struct schema_row row = { .key = where, .kind = SCHEMA_MAP };

	fill_presets(d, schema, target);
	if (fill_shape(d, &row, map))
		fill_written(d, schema, map, where, target);
}
