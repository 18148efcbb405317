/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/member.h"

#include "policy/base/error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Deepest nesting of text that may or may not be JSON; strings skipped. */
static size_t nesting_depth(const char *text, size_t len)
{
	size_t depth = 0, deepest = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!quoted && (text[i] == '}' || text[i] == ']') &&
			 depth > 0)
			depth--;
		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

/* Absent is 0, which everyone speaks. */
static bool is_spoken(const char *what, const json_t *json, struct error *err)
{
	const json_t *needs = json_object_get(json, "needs");
	long long version = json_integer_value(needs);

	if (needs == NULL || (json_is_integer(needs) && version >= 0 &&
			      version <= MEMBER_SPEAKS))
		return true;
	if (json_is_integer(needs))
		error_set(err,
			  "%s: needs version %lld of the bus's language, and "
			  "this program speaks %d; update it",
			  what, version, MEMBER_SPEAKS);
	else
		error_set(err, "%s: needs must be a whole number", what);
	return false;
}

json_t *member_load(const char *what, const void *octets, size_t len,
		    size_t max, struct error *err)
{
	json_error_t problem;
	json_t *json;

	if (len > max) {
		error_set(err, "%s: %zu octets, more than %zu", what, len, max);
		return NULL;
	}
	if (nesting_depth(octets, len) > MEMBER_DEPTH_MAX) {
		error_set(err, "%s: nested deeper than %d", what,
			  MEMBER_DEPTH_MAX);
		return NULL;
	}
	json = json_loadb(octets, len, JSON_REJECT_DUPLICATES, &problem);
	if (json == NULL) {
		error_set(err, "%s: not JSON: %s at line %d, column %d", what,
			  problem.text, problem.line, problem.column);
		return NULL;
	}
	if (!json_is_object(json)) {
		error_set(err, "%s: must be a JSON object", what);
	} else if (is_spoken(what, json, err)) {
		return json;
	}
	json_decref(json);
	return NULL;
}

void member_fail(struct member_reader *r, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	if (r->failed)
		return;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r->place == 0)
		error_set(r->err, "%s: %s", r->what, text);
	else
		error_set(r->err, "%s %zu: %s", r->what, r->place, text);
}

struct member_reader member_item(const json_t *array, size_t index,
				 const char *what, struct error *err)
{
	struct member_reader r = {
		.object = json_array_get(array, index),
		.what = what,
		.place = index + 1,
		.err = err,
	};

	if (!json_is_object(r.object))
		member_fail(&r, "must be an object");
	return r;
}

/* NULL when it is absent or something failed before. */
static const json_t *find(struct member_reader *r, const char *name)
{
	return r->failed ? NULL : json_object_get(r->object, name);
}

void member_require(struct member_reader *r, const char *name)
{
	if (find(r, name) == NULL)
		member_fail(r, "%s is missing", name);
}

static bool has_controls(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			return true;
	return false;
}

void member_text(struct member_reader *r, const char *name, char *out,
		 size_t size)
{
	const json_t *value = find(r, name);

	if (value == NULL && !r->failed)
		out[0] = '\0';
	if (value == NULL)
		return;
	if (!json_is_string(value)) {
		member_fail(r, "%s must be text", name);
	} else if (json_string_length(value) >= size) {
		member_fail(r, "%s is longer than %zu octets", name, size - 1);
	} else if (has_controls(json_string_value(value))) {
		member_fail(r, "%s holds control characters", name);
	} else {
		memcpy(out, json_string_value(value),
		       json_string_length(value) + 1);
	}
}

void member_name(struct member_reader *r, const char *name, char *out,
		 size_t size)
{
	member_text(r, name, out, size);
	if (!r->failed && out[0] == '\0')
		member_fail(r, "%s is missing", name);
}

int64_t member_integer(struct member_reader *r, const char *name, int64_t min,
		       int64_t max)
{
	const json_t *value = find(r, name);
	int64_t n = value == NULL ? 0 : json_integer_value(value);

	if (value != NULL && !json_is_integer(value))
		member_fail(r, "%s must be a whole number", name);
	else if (value == NULL && (min > 0 || max < 0))
		member_fail(r, "%s is missing", name);
	else if (n < min || n > max)
		member_fail(r, "%s is %lld, outside %lld..%lld", name,
			    (long long)n, (long long)min, (long long)max);
	return r->failed ? 0 : n;
}

double member_number(struct member_reader *r, const char *name, double min,
		     double max)
{
	const json_t *value = find(r, name);
	double n = value == NULL ? 0 : json_number_value(value);

	if (value != NULL && !json_is_number(value))
		member_fail(r, "%s must be a number", name);
	else if (!(n >= min && n <= max))
		member_fail(r, "%s is %g, outside %g..%g", name, n, min, max);
	return r->failed ? 0 : n;
}

bool member_flag(struct member_reader *r, const char *name)
{
	const json_t *value = find(r, name);

	if (value != NULL && !json_is_boolean(value))
		member_fail(r, "%s must be true or false", name);
	return json_is_true(value) && !r->failed;
}

unsigned member_word(struct member_reader *r, const char *name,
		     const char *const *words, size_t count)
{
	char word[32] = "";

	member_text(r, name, word, sizeof(word));
	if (r->failed || word[0] == '\0')
		return 0;
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return (unsigned)i;
	member_fail(r, "%s \"%s\" is not known", name, word);
	return 0;
}

const json_t *member_array(struct member_reader *r, const char *name,
			   size_t max)
{
	const json_t *value = find(r, name);

	if (value == NULL)
		return NULL;
	if (!json_is_array(value))
		member_fail(r, "%s must be an array", name);
	else if (json_array_size(value) > max)
		member_fail(r, "%s has more than %zu items", name, max);
	return r->failed ? NULL : value;
}

struct member_writer member_begin(void)
{
	struct member_writer w = { .object = json_object() };

	w.failed = w.object == NULL;
	return w;
}

void member_put_json(struct member_writer *w, const char *name, json_t *value)
{
	/* json_object_set_new() refuses a NULL value and frees any other. */
	if (json_object_set_new(w->object, name, value) != 0)
		w->failed = true;
}

void member_append(json_t **list, json_t *item)
{
	/* It frees the item when it fails, also upon a list that is NULL. */
	if (json_array_append_new(*list, item) == 0)
		return;
	json_decref(*list);
	*list = NULL;
}

json_t *member_clean_text(const char *text)
{
	char *copy = strdup(text);
	json_t *json;

	if (copy == NULL)
		return NULL;
	for (char *c = copy; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	json = json_string(copy);
	if (json == NULL) {
		for (char *c = copy; *c != '\0'; c++)
			if ((unsigned char)*c >= 0x80)
				*c = '?';
		json = json_string(copy);
	}
	free(copy);
	return json;
}

void member_put_text(struct member_writer *w, const char *name,
		     const char *text)
{
	if (text[0] != '\0')
		member_put_json(w, name, member_clean_text(text));
}

void member_put_integer(struct member_writer *w, const char *name,
			int64_t value)
{
	if (value != 0)
		member_put_json(w, name, json_integer(value));
}

void member_put_number(struct member_writer *w, const char *name, double value)
{
	/* Not a number becomes NULL in json_real(), hence a failed writer. */
	if (fpclassify(value) != FP_ZERO)
		member_put_json(w, name, json_real(value));
}

void member_put_flag(struct member_writer *w, const char *name, bool value)
{
	if (value)
		member_put_json(w, name, json_true());
}

json_t *member_take(struct member_writer *w)
{
	json_t *object = w->object;

	w->object = NULL;
	if (w->failed) {
		json_decref(object);
		return NULL;
	}
	return object;
}

char *member_finish(struct member_writer *w, unsigned digits, size_t *len)
{
	json_t *object = member_take(w);
	char *text;

	if (object == NULL)
		return NULL;
	text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(digits));
	json_decref(object);
	if (text != NULL)
		*len = strlen(text);
	return text;
}
