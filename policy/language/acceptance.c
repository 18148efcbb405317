/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/acceptance.h"

#include "policy/base/nearest.h"
#include "policy/language/fill.h"
#include "policy/language/sources.h"
#include "policy/language/value.h"

#include <string.h>

enum { NEAR_MAX = 256 };

/* Warnings only: others are suggested to nobody. */
static void refuse_code(struct draft *d, struct tree *node, const char *text)
{
	char codes[NEAR_MAX][CODE_TEXT_SIZE];
	const char *words[NEAR_MAX], *near;
	const struct code_row *row;
	size_t count = 0;

	for (size_t i = 0; (row = code_row_at(i)) != NULL; i++) {
		if (row->severity == SEVERITY_ERROR || count == NEAR_MAX)
			continue;
		words[count] = code_text(row->code, codes[count]);
		count++;
	}
	near = nearest_word(text, words, count);
	if (near != NULL)
		draft_refuse(d, CODE_WORD_UNKNOWN, node,
			     "code \"%.40s\" is not known; did you mean %s?",
			     text, near);
	else
		draft_refuse(d, CODE_WORD_UNKNOWN, node,
			     "code \"%.40s\" is not known; windrose help lists "
			     "them",
			     text);
}

/* 0, and node is refused, when it is not that of a warning. */
static unsigned read_code(struct draft *d, struct tree *node, const char *text)
{
	const struct code_row *row = code_row_find(text);

	if (row == NULL) {
		refuse_code(d, node, text);
		return 0;
	}
	if (row->severity != SEVERITY_ERROR)
		return row->code;
	draft_refuse(d, CODE_SEVERITY_FIXED, node,
		     "%.6s (%s) makes a policy unusable, so it can be neither "
		     "accepted nor made less; mend what it is about",
		     text, row->name);
	return 0;
}

static bool read_severity(struct draft *d, struct tree *node,
			  enum severity *out)
{
	static const struct {
		const char *word;
		enum severity severity;
	} words[] = {
		{ "error", SEVERITY_ERROR },
		{ "warning", SEVERITY_WARNING },
		{ "ignore", SEVERITY_ACCEPTED },
	};
	const char *text = node->kind == TREE_TEXT ? node->text : NULL;

	for (size_t i = 0; text != NULL && i < 3; i++)
		if (strcmp(words[i].word, text) == 0) {
			*out = words[i].severity;
			return true;
		}
	draft_refuse(d, CODE_WORD_UNKNOWN, node,
		     "severity of %.40s is %s%.40s%s; write error, warning or "
		     "ignore",
		     node->key->text, text == NULL ? "" : "\"",
		     text == NULL ? tree_kind_name(node->kind) : text,
		     text == NULL ? "" : "\"");
	return false;
}

static void read_severities(struct draft *d, const struct schema_row *row,
			    struct tree *map, void *target)
{
	struct policy_severity *list;
	size_t count = 0;

	if (map->kind != TREE_MAP) {
		value_refuse(d, row, map);
		return;
	}
	if (!value_fits(d, row, map, map->count, "codes"))
		return;
	list = draft_alloc(d, map->count, sizeof(*list));
	if (list == NULL)
		return;
	for (struct tree *at = map->first; at != NULL; at = at->next) {
		struct policy_severity *s = &list[count];
		unsigned code = read_code(d, at, at->key->text);

		if (code != 0 && read_severity(d, at, &s->severity)) {
			s->code = code;
			count++;
		}
	}
	value_list(target, list, count);
}

void acceptance_read(struct draft *d, const struct schema_row *row,
		     struct tree *node, void *target)
{
	const char *text;
	unsigned code;

	if (row->kind == SCHEMA_SEVERITIES) {
		read_severities(d, row, node, target);
		return;
	}
	text = value_text(d, row, node);
	code = text == NULL ? 0 : read_code(d, node, text);
	if (code != 0)
		memcpy(target, &code, sizeof(code));
}

/*
 * The thing that a path of keys names, below map.  Names of services have dots
 * inside, so every key that the path can begin with is tried.
 */
static const struct tree *find_key(const struct tree *map, const char *path)
{
	if (map == NULL || map->kind != TREE_MAP)
		return NULL;
	for (const struct tree *at = map->first; at != NULL; at = at->next) {
		size_t len = strlen(at->key->text);
		const struct tree *found = NULL;

		if (len == 0 || strncmp(path, at->key->text, len) != 0)
			continue;
		if (path[len] == '\0')
			return at;
		if (path[len] == '.')
			found = find_key(at, path + len + 1);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static const struct tree *find_thing(const struct draft *d, const char *path)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		const char *key = schema_top.rows[i].key;
		size_t len = strlen(key);

		if (strncmp(path, key, len) != 0)
			continue;
		if (path[len] == '\0')
			return d->sections[i];
		if (path[len] == '.')
			return find_key(d->sections[i], path + len + 1);
	}
	return NULL;
}

static void read_one(struct draft *d, struct policy_acceptance *a,
		     struct tree *node)
{
	char path[SOURCES_PATH_SIZE];

	fill_map(d, &schema_acceptance, node, "an entry of accepted", a);
	a->at = node->at;
	if (a->where == NULL)
		return;
	a->key = find_thing(d, a->where);
	if (sources_join(d->sources, a->where, path))
		a->file = draft_text(d, path);
}

void acceptance_read_all(struct draft *d)
{
	const struct schema_row *row = schema_find(&schema_review, "accepted");
	struct policy_review *review = &d->policy->review;
	struct tree *map = d->sections[SECTION_REVIEW], *list;

	if (map == NULL || !draft_usable(map, "accepted", &list) ||
	    list == NULL || list->kind != TREE_LIST ||
	    !value_fits(d, row, list, list->count, "entries"))
		return;
	review->accepted =
		draft_alloc(d, list->count, sizeof(*review->accepted));
	if (review->accepted == NULL)
		return;
	for (struct tree *node = list->first; node != NULL; node = node->next)
		read_one(d, &review->accepted[review->accepted_count++], node);
}

static bool is_at(const struct place *a, const struct place *b)
{
	return a->line == b->line && a->col == b->col && a->file != NULL &&
	       b->file != NULL && strcmp(a->file, b->file) == 0;
}

/* Does a key or value of the thing stand there? */
static bool covers(const struct tree *node, const struct place *at)
{
	if (is_at(&node->at, at) ||
	    (node->key != NULL && is_at(&node->key->at, at)))
		return true;
	for (const struct tree *in = node->first; in != NULL; in = in->next)
		if (covers(in, at))
			return true;
	return false;
}

/* The file itself, or one in the folder of that name. */
static bool is_in_file(const char *file, const struct place *at)
{
	size_t len = strlen(file);

	return at->file != NULL && strncmp(at->file, file, len) == 0 &&
	       (at->file[len] == '\0' || at->file[len] == '/');
}

static bool accepts(const struct policy_acceptance *a, const struct finding *f)
{
	if (a->code != f->code || a->reason == NULL)
		return false;
	if (a->key != NULL)
		return covers(a->key, &f->error.at);
	return a->file != NULL && is_in_file(a->file, &f->error.at);
}

static void set_severity(struct errors *errs, struct finding *f,
			 enum severity severity)
{
	errs->fatal += severity == SEVERITY_ERROR;
	f->severity = severity;
}

static void judge(const struct policy_review *review, struct errors *errs,
		  struct finding *f, bool strict)
{
	for (size_t i = 0; i < review->accepted_count; i++)
		if (accepts(&review->accepted[i], f)) {
			set_severity(errs, f, SEVERITY_ACCEPTED);
			f->reason = review->accepted[i].reason;
			return;
		}
	for (size_t i = 0; i < review->severity_count; i++) {
		const struct policy_severity *s = &review->severities[i];

		if (s->code == f->code &&
		    (strict || s->severity != SEVERITY_ERROR))
			set_severity(errs, f, s->severity);
	}
}

void acceptance_apply(const struct policy_review *review, struct errors *errs,
		      bool strict)
{
	for (size_t i = 0; i < errs->count; i++)
		if (errs->list[i].severity == SEVERITY_WARNING)
			judge(review, errs, &errs->list[i], strict);
}

bool acceptance_is_used(const struct policy_acceptance *acceptance,
			const struct errors *errs)
{
	for (size_t i = 0; i < errs->count; i++)
		if (errs->list[i].reason != NULL &&
		    errs->list[i].reason == acceptance->reason)
			return true;
	return false;
}
