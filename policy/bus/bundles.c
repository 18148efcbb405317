/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/bundles.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct bundles {
	char promoted[BUNDLE_DIGEST_SIZE]; /* "": none */
	char directory[];
};

static const char ending[] = ".bundle";

/* Room for the longest name below it. */
enum {
	DIRECTORY_MAX =
		BUNDLES_PATH_SIZE - BUNDLE_DIGEST_SIZE - BUNDLE_NAME_MAX - 20,
	FOLDERS_OPEN = 16,
};

static void path_of(const struct bundles *b, const char *name, const char *tail,
		    char *buf)
{
	snprintf(buf, BUNDLES_PATH_SIZE, "%s/%s%s", b->directory, name, tail);
}

static void read_promoted(struct bundles *b)
{
	char path[BUNDLES_PATH_SIZE];
	struct error err;
	size_t len;
	char *text;

	path_of(b, "promoted", "", path);
	text = file_read(path, BUNDLE_DIGEST_SIZE, &len, &err);
	if (text == NULL)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (bundle_digest_ok(text))
		memcpy(b->promoted, text, sizeof(b->promoted));
	free(text);
}

bool bundles_check(const struct bundles *b, struct error *err)
{
	if (access(b->directory, R_OK | W_OK | X_OK) == 0)
		return true;
	error_set(err, "%s: cannot be written to: %s", b->directory,
		  strerror(errno));
	return false;
}

struct bundles *bundles_open(const char *directory, struct error *err)
{
	size_t len = strlen(directory);
	struct bundles *b = NULL;

	if (len == 0 || len > DIRECTORY_MAX)
		error_set(err,
			  "a directory of bundles has a path of 1 to %d "
			  "octets",
			  DIRECTORY_MAX);
	else if (mkdir(directory, 0750) != 0 && errno != EEXIST)
		error_set(err, "%s: cannot be made: %s", directory,
			  strerror(errno));
	else if ((b = calloc(1, sizeof(*b) + len + 1)) == NULL)
		error_set(err, "out of memory");
	if (b == NULL)
		return NULL;
	memcpy(b->directory, directory, len + 1);
	if (bundles_check(b, err)) {
		read_promoted(b);
		return b;
	}
	bundles_free(b);
	return NULL;
}

void bundles_free(struct bundles *b)
{
	free(b);
}

const char *bundles_path(const struct bundles *b, const char *digest, char *buf)
{
	path_of(b, digest, "", buf);
	return buf;
}

bool bundles_have(const struct bundles *b, const char *digest)
{
	char path[BUNDLES_PATH_SIZE];
	struct stat st;

	return bundle_digest_ok(digest) &&
	       stat(bundles_path(b, digest, path), &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

/* Links are removed, never followed. */
static void remove_folder(const char *path)
{
	nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}

void bundles_drop(struct bundles *b, const char *digest)
{
	char path[BUNDLES_PATH_SIZE];

	if (!bundle_digest_ok(digest))
		return;
	path_of(b, digest, ending, path);
	unlink(path);
	remove_folder(bundles_path(b, digest, path));
}

static bool join(const char *folder, const char *name, size_t len,
		 char path[BUNDLES_PATH_SIZE])
{
	int need = snprintf(path, BUNDLES_PATH_SIZE, "%s/%.*s", folder,
			    (int)len, name);

	return need > 0 && need < BUNDLES_PATH_SIZE;
}

/* The folders that a file is in, below folder. */
static bool make_folders(const char *folder, const char *name)
{
	char path[BUNDLES_PATH_SIZE];

	for (const char *end = strchr(name, '/'); end != NULL;
	     end = strchr(end + 1, '/')) {
		if (!join(folder, name, (size_t)(end - name), path) ||
		    (mkdir(path, 0750) != 0 && errno != EEXIST))
			return false;
	}
	return true;
}

static bool write_file(const char *folder, const struct source *file)
{
	char path[BUNDLES_PATH_SIZE];
	FILE *out;
	bool ok;

	out = join(folder, file->name, strlen(file->name), path) &&
			      make_folders(folder, file->name)
		      ? fopen(path, "wxe")
		      : NULL;
	if (out == NULL)
		return false;
	ok = fwrite(file->octets, 1, file->len, out) == file->len;
	return fclose(out) == 0 && ok;
}

/* Beside its place first: what has its name is whole. */
static bool unpack(const struct bundles *b, const char *digest,
		   const struct sources *s, struct error *err)
{
	char path[BUNDLES_PATH_SIZE], made[BUNDLES_PATH_SIZE];
	bool ok;

	path_of(b, digest, ".new", made);
	remove_folder(made);
	ok = mkdir(made, 0750) == 0;
	for (size_t i = 0; i < s->count && ok; i++)
		ok = write_file(made, &s->list[i]);
	ok = ok && rename(made, bundles_path(b, digest, path)) == 0;
	if (!ok) {
		error_set(err, "%s: cannot be written: %s", made,
			  strerror(errno));
		remove_folder(made);
	}
	return ok;
}

bool bundles_take(struct bundles *b, const char *digest, const void *octets,
		  size_t len, struct error *err)
{
	struct sources s = { .arena = arena_new() };
	char found[BUNDLE_DIGEST_SIZE], path[BUNDLES_PATH_SIZE];
	bool ok;

	if (s.arena == NULL) {
		error_set(err, "out of memory for a bundle");
		return false;
	}
	ok = bundle_parse(octets, len, &s, found, err);
	if (ok && strcmp(found, digest) != 0) {
		error_set(err, "bundle: asked for %.16s, got %.16s", digest,
			  found);
		ok = false;
	}
	if (ok && !bundles_have(b, digest)) {
		path_of(b, digest, ending, path);
		ok = file_replace(path, octets, len, err) &&
		     unpack(b, digest, &s, err);
		if (!ok)
			bundles_drop(b, digest);
	}
	arena_free(s.arena);
	return ok;
}

char *bundles_read(const struct bundles *b, const char *digest, size_t *len,
		   struct error *err)
{
	char path[BUNDLES_PATH_SIZE];

	path_of(b, digest, ending, path);
	return file_read(path, BUNDLE_OCTETS_MAX, len, err);
}

bool bundles_promote(struct bundles *b, const char *digest, struct error *err)
{
	char path[BUNDLES_PATH_SIZE];

	if (strcmp(b->promoted, digest) == 0)
		return true;
	path_of(b, "promoted", "", path);
	if (*digest == '\0' ? !file_remove(path, err)
			    : !file_replace(path, digest, strlen(digest), err))
		return false;
	snprintf(b->promoted, sizeof(b->promoted), "%s", digest);
	return true;
}

const char *bundles_promoted(const struct bundles *b)
{
	return b->promoted;
}

/* A bundle on the disk, and when it came. */
struct found {
	char digest[BUNDLE_DIGEST_SIZE];
	struct timespec came;
};

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->came.tv_sec != y->came.tv_sec)
		return x->came.tv_sec < y->came.tv_sec ? 1 : -1;
	return x->came.tv_nsec < y->came.tv_nsec ? 1 : -1;
}

/* Of the first so many that are there: their number. */
static size_t list_found(const struct bundles *b, struct found *list,
			 size_t room)
{
	char path[BUNDLES_PATH_SIZE];
	DIR *dir = opendir(b->directory);
	const struct dirent *entry;
	struct stat st;
	size_t count = 0;

	while (dir != NULL && count < room && (entry = readdir(dir)) != NULL) {
		path_of(b, entry->d_name, "", path);
		if (!bundle_digest_ok(entry->d_name) || stat(path, &st) != 0)
			continue;
		memcpy(list[count].digest, entry->d_name, BUNDLE_DIGEST_SIZE);
		list[count++].came = st.st_mtim;
	}
	if (dir != NULL)
		closedir(dir);
	return count;
}

void bundles_prune(struct bundles *b, const char *also)
{
	struct found list[BUNDLES_KEPT * 8];
	size_t count = list_found(b, list, sizeof(list) / sizeof(list[0]));
	size_t kept = 0;

	qsort(list, count, sizeof(list[0]), compare_found);
	for (size_t i = 0; i < count; i++) {
		bool in_force = strcmp(list[i].digest, also) == 0 ||
				strcmp(list[i].digest, b->promoted) == 0;

		if (!in_force && ++kept > BUNDLES_KEPT)
			bundles_drop(b, list[i].digest);
	}
}
