/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/tree.h"

#include "policy/base/arena.h"
#include "policy/language/code.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

/* How far the octets have been walked, to turn characters into octets. */
struct walk {
	size_t chars, octets;
	size_t line_start; /* in octets */
	unsigned line;     /* from 1 */
};

struct builder {
	struct arena *arena;
	struct errors *errs;
	const char *file, *octets;
	size_t len;
	struct walk walk;
	size_t nodes;
	unsigned depth; /* of stack[] in use */
	unsigned documents;
	struct {
		struct tree *node;
		const struct tree *key; /* read, its value not yet */
	} stack[TREE_DEPTH_MAX];
	struct tree *root;
};

/*
 * libyaml counts columns in characters and editors jump by octets, so the
 * octets are walked along.  Lines end as libyaml ends them: CR, LF, CR LF, and
 * the three of Unicode (NEL, LS, PS).
 */
static void walk_char(const struct builder *b, struct walk *w)
{
	const unsigned char *at = (const unsigned char *)b->octets + w->octets;
	size_t left = b->len - w->octets;
	size_t width = at[0] < 0x80   ? 1
		       : at[0] < 0xe0 ? 2
		       : at[0] < 0xf0 ? 3
				      : 4;
	bool ends = at[0] == '\n' ||
		    (at[0] == '\r' && (left < 2 || at[1] != '\n')) ||
		    (left >= 2 && memcmp(at, "\xc2\x85", 2) == 0) ||
		    (left >= 3 && (memcmp(at, "\xe2\x80\xa8", 3) == 0 ||
				   memcmp(at, "\xe2\x80\xa9", 3) == 0));

	w->octets += width < left ? width : left;
	w->chars++;
	if (ends) {
		w->line++;
		w->line_start = w->octets;
	}
}

static struct place place_of(struct builder *b, const yaml_mark_t *mark)
{
	if (mark->index < b->walk.chars)
		b->walk = (struct walk){ .line = 1 };
	while (b->walk.chars < mark->index && b->walk.octets < b->len)
		walk_char(b, &b->walk);
	return (struct place){
		.file = b->file,
		.line = b->walk.line,
		.col = (unsigned)(b->walk.octets - b->walk.line_start) + 1,
	};
}

static struct place place_of_octet(struct builder *b, size_t octet)
{
	struct walk w = { .line = 1 };

	while (w.octets < octet && w.octets < b->len)
		walk_char(b, &w);
	return (struct place){ b->file, w.line,
			       (unsigned)(w.octets - w.line_start) + 1 };
}

static void add_memory(struct builder *b)
{
	errors_add(b->errs, CODE_MEMORY, (struct place){ .file = b->file },
		   "out of memory; nothing was loaded");
}

static struct tree *new_node(struct builder *b, enum tree_kind kind,
			     const yaml_mark_t *mark)
{
	struct place at = place_of(b, mark);
	struct tree *node;

	if (++b->nodes > TREE_NODES_MAX) {
		errors_add(b->errs, CODE_YAML_SIZE, at,
			   "the file has more than %d values; split it",
			   TREE_NODES_MAX);
		return NULL;
	}
	node = arena_alloc(b->arena, 1, sizeof(*node));
	if (node == NULL) {
		add_memory(b);
		return NULL;
	}
	node->kind = kind;
	node->at = at;
	return node;
}

static void append(struct tree *parent, struct tree *child)
{
	if (parent->last == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
	parent->count++;
}

/* Gives a finished or just begun node to its parent: as key or as value. */
static void attach(struct builder *b, struct tree *node)
{
	struct tree *parent;

	if (b->depth == 0) {
		b->root = node;
		return;
	}
	parent = b->stack[b->depth - 1].node;
	if (parent->kind != TREE_MAP) {
		append(parent, node);
		return;
	}
	if (b->stack[b->depth - 1].key == NULL) {
		if (node->kind != TREE_TEXT && node->kind != TREE_NONE)
			errors_add(b->errs, CODE_YAML_KEY, node->at,
				   "a key cannot be %s; write a word",
				   tree_kind_name(node->kind));
		b->stack[b->depth - 1].key = node;
		return;
	}
	node->key = b->stack[b->depth - 1].key;
	b->stack[b->depth - 1].key = NULL;
	if (node->key->kind == TREE_TEXT)
		append(parent, node);
}

static void refuse_decoration(struct builder *b, const yaml_mark_t *mark,
			      const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		errors_add(b->errs, CODE_YAML_ANCHOR, place_of(b, mark),
			   "anchor &%.40s is not allowed; write the value out "
			   "wherever it is needed",
			   (const char *)anchor);
	if (tag != NULL)
		errors_add(b->errs, CODE_YAML_TAG, place_of(b, mark),
			   "tag %.40s is not allowed; write the value alone",
			   (const char *)tag);
}

static bool take_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct tree *node = new_node(b, TREE_TEXT, &event->start_mark);

	if (node == NULL)
		return false;
	refuse_decoration(b, &event->start_mark, event->data.scalar.anchor,
			  event->data.scalar.tag);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_text(b->arena, text, len);
	if (node->text == NULL) {
		add_memory(b);
		return false;
	}
	if (strlen(node->text) != len) {
		errors_add(b->errs, CODE_YAML_NUL, node->at,
			   "the text has a NUL octet; remove it");
		node->kind = TREE_NONE;
	}
	attach(b, node);
	return true;
}

static bool take_alias(struct builder *b, const yaml_event_t *event)
{
	struct tree *node = new_node(b, TREE_NONE, &event->start_mark);

	if (node == NULL)
		return false;
	errors_add(b->errs, CODE_YAML_ANCHOR, node->at,
		   "alias *%.40s is not allowed; write the value out",
		   (const char *)event->data.alias.anchor);
	attach(b, node);
	return true;
}

static bool push(struct builder *b, enum tree_kind kind,
		 const yaml_event_t *event)
{
	struct tree *node = new_node(b, kind, &event->start_mark);

	if (node == NULL)
		return false;
	if (b->depth == TREE_DEPTH_MAX) {
		errors_add(b->errs, CODE_YAML_DEPTH, node->at,
			   "values are nested more than %d deep; write them "
			   "flatter",
			   TREE_DEPTH_MAX);
		return false;
	}
	attach(b, node);
	b->stack[b->depth].key = NULL;
	b->stack[b->depth++].node = node;
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	const struct tree *x = *(const struct tree *const *)a;
	const struct tree *y = *(const struct tree *const *)b;
	int order = strcmp(x->key->text, y->key->text);

	if (order == 0)
		order = (x->key->at.line > y->key->at.line) -
			(x->key->at.line < y->key->at.line);
	if (order == 0)
		order = (x->key->at.col > y->key->at.col) -
			(x->key->at.col < y->key->at.col);
	return order;
}

/* Reports later keys of the same text and marks their values for removal. */
static void mark_doubles(struct builder *b, struct tree **items, size_t count)
{
	const struct tree *kept;

	qsort(items, count, sizeof(struct tree *), compare_keys);
	kept = items[0];
	for (size_t i = 1; i < count; i++) {
		if (strcmp(kept->key->text, items[i]->key->text) != 0) {
			kept = items[i];
			continue;
		}
		errors_add(b->errs, CODE_KEY_TWICE, items[i]->key->at,
			   "key \"%.63s\" is already on line %u; keep one",
			   items[i]->key->text, kept->key->at.line);
		items[i]->key = NULL;
	}
}

static void remove_doubles(struct tree *map)
{
	struct tree *node = map->first;

	map->first = map->last = NULL;
	map->count = 0;
	while (node != NULL) {
		struct tree *next = node->next;

		node->next = NULL;
		if (node->key != NULL)
			append(map, node);
		node = next;
	}
}

/* Sorting finds doubles in n log n, whoever wrote the file. */
static bool check_doubles(struct builder *b, struct tree *map)
{
	struct tree **items;
	size_t i = 0;

	if (map->count < 2)
		return true;
	items = calloc(map->count, sizeof(struct tree *));
	if (items == NULL) {
		add_memory(b);
		return false;
	}
	for (struct tree *node = map->first; node != NULL; node = node->next)
		items[i++] = node;
	mark_doubles(b, items, i);
	free(items);
	remove_doubles(map);
	return true;
}

static bool pop(struct builder *b)
{
	struct tree *node;

	/* libyaml ends only what it began. */
	assert(b->depth > 0);
	node = b->stack[--b->depth].node;
	return node->kind != TREE_MAP || check_doubles(b, node);
}

static bool start_document(struct builder *b, const yaml_event_t *event)
{
	if (b->documents++ == 0)
		return true;
	errors_add(b->errs, CODE_YAML_DOCUMENTS,
		   place_of(b, &event->start_mark),
		   "a second document begins; put it into a file of its own");
	return false;
}

/* False: reading this file ends here, and the reason is in errs. */
static bool take_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return start_document(b, event);
	case YAML_ALIAS_EVENT:
		return take_alias(b, event);
	case YAML_SCALAR_EVENT:
		return take_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		refuse_decoration(b, &event->start_mark,
				  event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
		return push(b, TREE_LIST, event);
	case YAML_MAPPING_START_EVENT:
		refuse_decoration(b, &event->start_mark,
				  event->data.mapping_start.anchor,
				  event->data.mapping_start.tag);
		return push(b, TREE_MAP, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return pop(b);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	}
	return true;
}

static bool is_tab(struct builder *b, const yaml_mark_t *mark)
{
	struct place at = place_of(b, mark);
	size_t octet = b->walk.line_start + at.col - 1;

	return octet < b->len && b->octets[octet] == '\t';
}

static void add_syntax_error(struct builder *b, const yaml_parser_t *parser)
{
	const char *problem =
		parser->problem == NULL ? "unreadable" : parser->problem;

	if (parser->error == YAML_MEMORY_ERROR) {
		add_memory(b);
	} else if (parser->error == YAML_READER_ERROR) {
		errors_add(
			b->errs, CODE_YAML_ENCODING,
			place_of_octet(b, parser->problem_offset),
			"this is not UTF-8 text (%s); save the file as UTF-8",
			problem);
	} else if (is_tab(b, &parser->problem_mark)) {
		errors_add(b->errs, CODE_YAML_TAB,
			   place_of(b, &parser->problem_mark),
			   "a tab cannot stand here; indent with spaces");
	} else {
		errors_add(
			b->errs, CODE_YAML_SYNTAX,
			place_of(b, &parser->problem_mark),
			"this is not YAML: %s%s%s; look at indentation "
			"(spaces, no tabs), colons and quotes here and above",
			problem, parser->context == NULL ? "" : " ",
			parser->context == NULL ? "" : parser->context);
	}
}

static bool read_events(struct builder *b, yaml_parser_t *parser)
{
	bool more = true;

	while (more) {
		yaml_event_t event;
		bool ok;

		if (yaml_parser_parse(parser, &event) == 0) {
			add_syntax_error(b, parser);
			return false;
		}
		more = event.type != YAML_STREAM_END_EVENT;
		ok = take_event(b, &event);
		yaml_event_delete(&event);
		if (!ok)
			return false;
	}
	return true;
}

struct tree *tree_read(struct arena *arena, const char *file,
		       const char *octets, size_t len, struct errors *errs)
{
	struct builder b = {
		.arena = arena,
		.errs = errs,
		.file = file,
		.octets = octets,
		.len = len,
		.walk = { .line = 1 },
	};
	static const char bom[] = "\xef\xbb\xbf";
	yaml_parser_t parser;
	bool ok;

	/* Some editors begin UTF-8 with it, and none counts it as a column. */
	if (len >= strlen(bom) && memcmp(octets, bom, strlen(bom)) == 0) {
		b.octets += strlen(bom);
		b.len -= strlen(bom);
	}
	if (yaml_parser_initialize(&parser) == 0) {
		add_memory(&b);
		return NULL;
	}
	/* Else libyaml guesses UTF-16 from two octets. */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)b.octets,
				     b.len);
	ok = read_events(&b, &parser);
	yaml_parser_delete(&parser);
	if (!ok)
		return NULL;
	if (b.root == NULL)
		b.root = new_node(&b, TREE_MAP, &(yaml_mark_t){ 0 });
	return b.root;
}

struct tree *tree_find(const struct tree *map, const char *key)
{
	if (map == NULL || map->kind != TREE_MAP)
		return NULL;
	for (struct tree *at = map->first; at != NULL; at = at->next)
		if (strcmp(at->key->text, key) == 0)
			return at;
	return NULL;
}

bool tree_is_empty(const struct tree *node)
{
	return node->kind == TREE_TEXT && node->plain &&
	       (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
		strcmp(node->text, "null") == 0);
}

const char *tree_kind_name(enum tree_kind kind)
{
	static const char *const names[] = {
		[TREE_NONE] = "nothing",
		[TREE_TEXT] = "a text",
		[TREE_LIST] = "a list",
		[TREE_MAP] = "a map",
	};

	return names[kind];
}
