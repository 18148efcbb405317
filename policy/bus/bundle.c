/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/bundle.h"

#include "policy/base/error.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "wrb1 ";
static const char file_word[] = "file ";

enum { LINE_MAX_OCTETS = BUNDLE_NAME_MAX + 40 };

static bool part_octet_ok(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("._-+@", c));
}

/* Neither empty parts, nor "..", nor what a listing hides. */
bool bundle_name_ok(const char *name, size_t len)
{
	bool begins = true;

	if (len == 0 || len > BUNDLE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '/' ? begins
				   : !part_octet_ok(name[i]) ||
					     (begins && name[i] == '.'))
			return false;
		begins = name[i] == '/';
	}
	return !begins;
}

bool bundle_digest_ok(const char *digest)
{
	return strlen(digest) == BUNDLE_DIGEST_SIZE - 1 &&
	       strspn(digest, "0123456789abcdef") == BUNDLE_DIGEST_SIZE - 1;
}

/* Its size, or 0 with err set. */
static size_t measure(const struct sources *s, struct error *err)
{
	size_t size = LINE_MAX_OCTETS;

	for (size_t i = 0; i < s->count; i++) {
		const struct source *file = &s->list[i];

		if (!bundle_name_ok(file->name, strlen(file->name))) {
			error_set(err,
				  "%s: cannot be in a bundle: name it relative "
				  "to the policy's folder, in letters, digits "
				  "and ._-+@",
				  file->name);
			return 0;
		}
		if (file->len <= BUNDLE_OCTETS_MAX)
			size += file->len + LINE_MAX_OCTETS;
		if (file->len > BUNDLE_OCTETS_MAX || size > BUNDLE_OCTETS_MAX) {
			error_set(err,
				  "%s: the policy's files are more than a "
				  "bundle's %d octets",
				  file->name, BUNDLE_OCTETS_MAX);
			return 0;
		}
	}
	return size;
}

char *bundle_write(const struct sources *s, size_t *len, struct error *err)
{
	size_t size = measure(s, err), used;
	char *out = size == 0 ? NULL : malloc(size);

	if (size == 0)
		return NULL;
	if (out == NULL) {
		error_set(err, "out of memory for a bundle");
		return NULL;
	}
	used = (size_t)sprintf(out, "%s%zu\n", head, s->count);
	for (size_t i = 0; i < s->count; i++) {
		const struct source *file = &s->list[i];

		used += (size_t)sprintf(out + used, "%s%zu %s\n", file_word,
					file->len, file->name);
		memcpy(out + used, file->octets, file->len);
		used += file->len;
		out[used++] = '\n';
	}
	*len = used;
	return out;
}

/* What is left to read. */
struct rest {
	const char *at;
	size_t len;
};

static bool take_word(struct rest *rest, const char *word)
{
	size_t len = strlen(word);

	if (rest->len < len || memcmp(rest->at, word, len) != 0)
		return false;
	rest->at += len;
	rest->len -= len;
	return true;
}

/* Decimal, without leading zeros, and end behind it. */
static bool take_number(struct rest *rest, size_t max, char end, size_t *out)
{
	size_t value = 0, digits = 0;

	while (digits < rest->len && rest->at[digits] >= '0' &&
	       rest->at[digits] <= '9' && value <= max)
		value = value * 10 + (size_t)(rest->at[digits++] - '0');
	if (digits == 0 || digits == rest->len || rest->at[digits] != end ||
	    value > max || (rest->at[0] == '0' && digits > 1))
		return false;
	rest->at += digits + 1;
	rest->len -= digits + 1;
	*out = value;
	return true;
}

static bool take_name(struct rest *rest, char name[BUNDLE_NAME_MAX + 1])
{
	const char *end = memchr(rest->at, '\n', rest->len);
	size_t len = end == NULL ? 0 : (size_t)(end - rest->at);

	if (!bundle_name_ok(rest->at, len))
		return false;
	memcpy(name, rest->at, len);
	name[len] = '\0';
	rest->at += len + 1;
	rest->len -= len + 1;
	return true;
}

/* Twice the same name, or a file where another has a folder. */
static bool name_collides(const struct sources *s, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < s->count; i++) {
		const char *other = s->list[i].name;
		size_t other_len = strlen(other);
		size_t shorter = len < other_len ? len : other_len;

		if (memcmp(name, other, shorter) == 0 &&
		    (len == other_len || name[shorter] == '/' ||
		     other[shorter] == '/'))
			return true;
	}
	return false;
}

static bool take_file(struct rest *rest, struct sources *s, struct error *err)
{
	char name[BUNDLE_NAME_MAX + 1];
	size_t len;

	if (!take_word(rest, file_word) ||
	    !take_number(rest, BUNDLE_OCTETS_MAX, ' ', &len) ||
	    !take_name(rest, name) || rest->len <= len ||
	    rest->at[len] != '\n') {
		error_set(err, "bundle: file %zu is malformed", s->count + 1);
		return false;
	}
	if (name_collides(s, name)) {
		error_set(err, "bundle: %s is there twice", name);
		return false;
	}
	if (!sources_add(s, name, rest->at, len)) {
		error_set(err, "bundle: out of memory");
		return false;
	}
	rest->at += len + 1;
	rest->len -= len + 1;
	return true;
}

bool bundle_parse(const void *octets, size_t len, struct sources *sources,
		  char digest[BUNDLE_DIGEST_SIZE], struct error *err)
{
	struct rest rest = { octets, len };
	size_t count;

	sources->folder = "";
	sources->sealed = true;
	if (len > BUNDLE_OCTETS_MAX) {
		error_set(err, "bundle: larger than %d octets",
			  BUNDLE_OCTETS_MAX);
		return false;
	}
	if (!take_word(&rest, head) ||
	    !take_number(&rest, SOURCES_FILES_MAX, '\n', &count) ||
	    count == 0) {
		error_set(err, "bundle: it does not begin as one");
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (!take_file(&rest, sources, err))
			return false;
	if (rest.len > 0) {
		error_set(err, "bundle: something is behind its last file");
		return false;
	}
	if (!sources_digest(sources, digest)) {
		error_set(err, "bundle: out of memory");
		return false;
	}
	return true;
}
