/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/keep.h"

#include "policy/base/error.h"
#include "policy/base/file.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

enum {
	KEEP_OCTETS_MAX = 1 << 30,
	KEEP_VALUES_MAX = 65536,
	NAME_MAX_OCTETS = 200,
	HEX_OCTETS = 2 * SHA256_DIGEST_LENGTH,
};

static const char magic[] = "windrose-keep 1 ";

enum { HEAD_OCTETS = sizeof(magic) - 1 + HEX_OCTETS + 1 };

struct kept {
	char *name;
	char *octets; /* and a NUL */
	size_t len;
};

struct keep {
	struct kept *values;
	size_t count, cap;
};

struct keep *keep_new(void)
{
	return calloc(1, sizeof(struct keep));
}

void keep_free(struct keep *keep)
{
	if (keep == NULL)
		return;
	for (size_t i = 0; i < keep->count; i++) {
		free(keep->values[i].name);
		free(keep->values[i].octets);
	}
	free(keep->values);
	free(keep);
}

static struct kept *find(const struct keep *keep, const char *name)
{
	for (size_t i = 0; i < keep->count; i++)
		if (strcmp(keep->values[i].name, name) == 0)
			return &keep->values[i];
	return NULL;
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return len > 0 && len <= NAME_MAX_OCTETS;
}

/* A new place for name at the end; NULL when memory runs out. */
static struct kept *append(struct keep *keep, const char *name)
{
	struct kept *value;

	if (keep->count == KEEP_VALUES_MAX)
		return NULL;
	if (keep->count == keep->cap) {
		size_t cap = keep->cap == 0 ? 8 : 2 * keep->cap;
		struct kept *more = realloc(keep->values, cap * sizeof(*more));

		if (more == NULL)
			return NULL;
		keep->values = more;
		keep->cap = cap;
	}
	value = &keep->values[keep->count];
	*value = (struct kept){ .name = strdup(name) };
	if (value->name == NULL)
		return NULL;
	keep->count++;
	return value;
}

bool keep_set(struct keep *keep, const char *name, const void *octets,
	      size_t len)
{
	struct kept *value = find(keep, name);
	char *copy;

	if (!name_ok(name) || len > KEEP_OCTETS_MAX)
		return false;
	copy = malloc(len + 1);
	if (copy == NULL)
		return false;
	if (value == NULL)
		value = append(keep, name);
	if (value == NULL) {
		free(copy);
		return false;
	}
	if (len > 0)
		memcpy(copy, octets, len);
	copy[len] = '\0';
	free(value->octets);
	value->octets = copy;
	value->len = len;
	return true;
}

size_t keep_count(const struct keep *keep)
{
	return keep->count;
}

const char *keep_get(const struct keep *keep, const char *name, size_t *len)
{
	const struct kept *value = find(keep, name);

	if (value == NULL)
		return NULL;
	*len = value->len;
	return value->octets;
}

void keep_each(const struct keep *keep,
	       void (*each)(void *arg, const char *name, const char *octets,
			    size_t len),
	       void *arg)
{
	for (size_t i = 0; i < keep->count; i++)
		each(arg, keep->values[i].name, keep->values[i].octets,
		     keep->values[i].len);
}

struct copying {
	struct keep *to;
	bool ok;
};

static void copy_one(void *arg, const char *name, const char *octets,
		     size_t len)
{
	struct copying *copying = arg;

	copying->ok &= keep_set(copying->to, name, octets, len);
}

struct keep *keep_copy(const struct keep *keep)
{
	struct copying copying = { .to = keep_new(), .ok = true };

	if (copying.to != NULL)
		keep_each(keep, copy_one, &copying);
	if (copying.ok)
		return copying.to;
	keep_free(copying.to);
	return NULL;
}

static void hex_digest(const char *octets, size_t len, char hex[HEX_OCTETS + 1])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)octets, len, digest);
	for (unsigned i = 0; i < SHA256_DIGEST_LENGTH; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

char *keep_write(const struct keep *keep, size_t *len)
{
	char hex[HEX_OCTETS + 1];
	size_t size = HEAD_OCTETS + 1, at = HEAD_OCTETS;
	char *file;

	for (size_t i = 0; i < keep->count; i++)
		size += NAME_MAX_OCTETS + 32 + keep->values[i].len;
	file = malloc(size);
	if (file == NULL)
		return NULL;
	for (size_t i = 0; i < keep->count; i++) {
		const struct kept *v = &keep->values[i];

		at += (size_t)snprintf(file + at, size - at, "%s %zu\n",
				       v->name, v->len);
		memcpy(file + at, v->octets, v->len);
		at += v->len;
		file[at++] = '\n';
	}
	hex_digest(file + HEAD_OCTETS, at - HEAD_OCTETS, hex);
	memcpy(file, magic, sizeof(magic) - 1);
	memcpy(file + sizeof(magic) - 1, hex, HEX_OCTETS);
	file[HEAD_OCTETS - 1] = '\n';
	*len = at;
	return file;
}

bool keep_save(const struct keep *keep, const char *path, struct error *err)
{
	size_t len;
	char *file = keep_write(keep, &len);
	bool ok;

	if (file == NULL) {
		error_set(err, "%s: out of memory", path);
		return false;
	}
	ok = file_replace(path, file, len, err);
	free(file);
	return ok;
}

static bool checksum_ok(const char *file, size_t len)
{
	char hex[HEX_OCTETS + 1];

	if (len < HEAD_OCTETS || memcmp(file, magic, sizeof(magic) - 1) != 0 ||
	    file[HEAD_OCTETS - 1] != '\n')
		return false;
	hex_digest(file + HEAD_OCTETS, len - HEAD_OCTETS, hex);
	return memcmp(hex, file + sizeof(magic) - 1, HEX_OCTETS) == 0;
}

/*
 * One value from *at on, which moves behind it.  A right checksum only says
 * that the file is as it was written, so the form is checked all the same.
 */
static bool read_value(struct keep *keep, const char *file, size_t len,
		       size_t *at)
{
	const char *line = file + *at;
	const char *end = memchr(line, '\n', len - *at);
	char name[NAME_MAX_OCTETS + 1];
	const char *space;
	size_t octets = 0;

	space = end == NULL ? NULL : memchr(line, ' ', (size_t)(end - line));
	if (space == NULL || space - line > NAME_MAX_OCTETS ||
	    space + 1 == end || end - space > 11)
		return false;
	for (const char *c = space + 1; c < end; c++) {
		if (*c < '0' || *c > '9')
			return false;
		octets = octets * 10 + (size_t)(*c - '0');
	}
	snprintf(name, sizeof(name), "%.*s", (int)(space - line), line);
	*at = (size_t)(end + 1 - file);
	if (octets >= len - *at || file[*at + octets] != '\n' ||
	    find(keep, name) != NULL ||
	    !keep_set(keep, name, file + *at, octets))
		return false;
	*at += octets + 1;
	return true;
}

struct keep *keep_parse(const char *file, size_t len)
{
	struct keep *keep = checksum_ok(file, len) ? keep_new() : NULL;
	size_t at = HEAD_OCTETS;

	while (keep != NULL && at < len)
		if (!read_value(keep, file, len, &at)) {
			keep_free(keep);
			keep = NULL;
		}
	return keep;
}

struct keep *keep_load(const char *path, struct error *err)
{
	struct keep *keep;
	size_t len;
	char *file;

	if (access(path, F_OK) != 0 && errno == ENOENT) {
		keep = keep_new();
		if (keep == NULL)
			error_set(err, "%s: out of memory", path);
		return keep;
	}
	file = file_read(path, KEEP_OCTETS_MAX, &len, err);
	if (file == NULL)
		return NULL;
	keep = keep_parse(file, len);
	free(file);
	if (keep == NULL && file_set_aside(path, err))
		error_set(err, "%s: is damaged; set aside as %s.damaged", path,
			  path);
	return keep;
}
