/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/sources.h"

#include "policy/base/arena.h"
#include "policy/base/file.h"
#include "policy/base/tzif.h"
#include "policy/language/code.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

bool sources_join(const struct sources *s, const char *name, char *path)
{
	const char *folder = name[0] == '/' ? "" : s->folder;
	size_t len = strlen(folder);
	const char *slash = len == 0 || folder[len - 1] == '/' ? "" : "/";

	return snprintf(path, SOURCES_PATH_SIZE, "%s%s%s", folder, slash,
			name) < SOURCES_PATH_SIZE;
}

static struct source *append(struct sources *s, const char *path,
			     const char *name)
{
	struct source *source;

	if (s->count == s->cap) {
		size_t cap = s->cap == 0 ? 16 : s->cap * 2;
		struct source *list = arena_alloc(s->arena, cap, sizeof(*list));

		if (list == NULL)
			return NULL;
		if (s->count > 0)
			memcpy(list, s->list, s->count * sizeof(*list));
		s->list = list;
		s->cap = cap;
	}
	source = &s->list[s->count];
	*source = (struct source){
		.path = arena_text(s->arena, path, strlen(path)),
		.name = arena_text(s->arena, name, strlen(name)),
	};
	if (source->path == NULL || source->name == NULL)
		return NULL;
	s->count++;
	return source;
}

bool sources_add(struct sources *s, const char *name, const char *octets,
		 size_t len)
{
	size_t name_len = strlen(name);
	struct source *source = append(s, name, name);

	if (source == NULL)
		return false;
	source->octets = arena_text(s->arena, octets, len);
	source->len = len;
	source->policy =
		name_len > 5 && strcmp(name + name_len - 5, ".yaml") == 0;
	return source->octets != NULL;
}

/* Reads the file behind path; the errno text is inside err. */
static struct source *take_file(struct sources *s, const char *path,
				const char *name, struct error *err)
{
	struct source *source;
	size_t len;
	char *octets;

	if (s->count == SOURCES_FILES_MAX) {
		error_set(err, "%s: more than %d files; use fewer", path,
			  SOURCES_FILES_MAX);
		return NULL;
	}
	octets = file_read(path, SOURCES_OCTETS_MAX, &len, err);
	if (octets == NULL)
		return NULL;
	source = append(s, path, name);
	if (source != NULL)
		source->octets = arena_text(s->arena, octets, len);
	free(octets);
	if (source == NULL || source->octets == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	source->len = len;
	return source;
}

static void take_policy_file(struct sources *s, const char *path,
			     const char *name, struct errors *errs)
{
	struct error err;
	struct source *source = take_file(s, path, name, &err);

	size_t len = strlen(path);

	if (source != NULL) {
		source->policy = true;
		return;
	}
	/* "PATH: cannot read ..." with the path where a place belongs. */
	if (strncmp(err.text, path, len) == 0 && err.text[len] == ':')
		errors_add(errs, CODE_FILE_UNREADABLE,
			   (struct place){ .file = path }, "%s",
			   err.text + len + 2);
	else
		errors_push(errs, CODE_FILE_UNREADABLE, &err);
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && strcmp(name + len - tail, end) == 0;
}

/* Hidden entries are editors' and mounts' business. */
static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The order must not depend on the locale: it decides what wins nothing, but
 * it is the order that endpoints and regions keep. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A folder that is being read, inside those that lead to it. */
struct folder {
	const struct folder *up; /* NULL: none */
	const char *name;        /* below the policy's folder; "" for itself */
	dev_t device;
	ino_t inode;
	unsigned depth;
};

static void take_folder(struct sources *s, const struct folder *folder,
			struct errors *errs);

/* A link to a folder above would have its files read again and again. */
static bool leads_back(const struct folder *folder)
{
	const struct folder *up = folder->up;

	while (up != NULL &&
	       (up->device != folder->device || up->inode != folder->inode))
		up = up->up;
	return up != NULL;
}

static void take_entry(struct sources *s, const char *name,
		       const struct folder *up, struct errors *errs)
{
	char path[SOURCES_PATH_SIZE];
	struct stat st;

	if (!sources_join(s, name, path)) {
		errors_add(errs, CODE_FILE_UNREADABLE, (struct place){ 0 },
			   "path %.80s... is too long", name);
		return;
	}
	if (stat(path, &st) != 0) {
		if (ends_in(name, ".yaml"))
			errors_add(errs, CODE_FILE_UNREADABLE,
				   (struct place){ .file = path },
				   "cannot be read: %s", strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		take_folder(s,
			    &(struct folder){ up, name, st.st_dev, st.st_ino,
					      up->depth + 1 },
			    errs);
	} else if (ends_in(name, ".yaml")) {
		take_policy_file(s, path, name, errs);
	} else if (ends_in(name, ".yml")) {
		errors_warn(errs, CODE_FILE_IGNORED,
			    (struct place){ .file = path },
			    "is not read; name it *.yaml");
	}
}

static void take_entries(struct sources *s, const struct folder *folder,
			 struct dirent *const *entries, int count,
			 struct errors *errs)
{
	for (int i = 0; i < count; i++) {
		char inside[SOURCES_PATH_SIZE];
		int len =
			snprintf(inside, sizeof(inside), "%s%s%s", folder->name,
				 folder->name[0] == '\0' ? "" : "/",
				 entries[i]->d_name);

		if (len < (int)sizeof(inside))
			take_entry(s, inside, folder, errs);
		else
			errors_add(errs, CODE_FILE_UNREADABLE,
				   (struct place){ 0 },
				   "path %.80s... is too long", inside);
	}
}

static void take_folder(struct sources *s, const struct folder *folder,
			struct errors *errs)
{
	char path[SOURCES_PATH_SIZE];
	struct dirent **entries;
	const char *why = NULL;
	int count = -1;

	if (!sources_join(s, folder->name, path))
		why = "its path is too long";
	else if (leads_back(folder))
		why = "it is a link to a folder around it; remove the link";
	else if (folder->depth > SOURCES_FOLDERS_MAX)
		why = "too deep";
	else if ((count = scandir(folder->up == NULL ? s->folder : path,
				  &entries, is_shown, compare_names)) < 0)
		why = strerror(errno);
	if (why != NULL) {
		errors_add(errs, CODE_FILE_UNREADABLE,
			   (struct place){ .file = path },
			   "cannot be listed: %s", why);
		return;
	}
	take_entries(s, folder, entries, count, errs);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

/* "policy/" and "policy" are one folder; "/" stays. */
static const char *folder_of(struct arena *arena, const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return arena_text(arena, path, len);
}

void sources_gather(struct sources *s, const char *path, struct errors *errs)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	s->folder = "";
	if (stat(path, &st) != 0) {
		errors_add(errs, CODE_FILE_UNREADABLE,
			   (struct place){ .file = path }, "cannot be read: %s",
			   strerror(errno));
		return;
	}
	if (S_ISDIR(st.st_mode))
		s->folder = folder_of(s->arena, path);
	else if (slash != NULL)
		s->folder =
			arena_text(s->arena, path, (size_t)(slash - path) + 1);
	if (s->folder == NULL) {
		errors_add(errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory");
		return;
	}
	if (S_ISDIR(st.st_mode))
		take_folder(s,
			    &(struct folder){ NULL, "", st.st_dev, st.st_ino,
					      0 },
			    errs);
	else
		take_policy_file(s, path, slash == NULL ? path : slash + 1,
				 errs);
	if (s->count == 0 && errs->fatal == 0)
		errors_add(errs, CODE_FOLDER_EMPTY,
			   (struct place){ .file = path },
			   "no *.yaml file is in this directory; write the "
			   "policy there");
}

const struct source *sources_read(struct sources *s, const char *name,
				  struct place at, struct errors *errs)
{
	char path[SOURCES_PATH_SIZE];
	struct error err;
	const struct source *source;

	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
	if (s->sealed || !sources_join(s, name, path)) {
		errors_add(errs, CODE_FILE_UNREADABLE, at,
			   "%.80s: cannot be read", name);
		return NULL;
	}
	source = take_file(s, path, name, &err);
	if (source == NULL)
		errors_add(errs, CODE_FILE_UNREADABLE, at, "%s", err.text);
	return source;
}

static const char zone_folder[] = "/usr/share/zoneinfo";

static const char *sealed_zone(const struct sources *s, const char *name,
			       size_t *len)
{
	static const char folder[] = "zoneinfo/";

	for (size_t i = 0; i < s->count; i++) {
		const struct source *file = &s->list[i];

		if (strncmp(file->name, folder, strlen(folder)) != 0 ||
		    strcmp(file->name + strlen(folder), name) != 0)
			continue;
		*len = file->len;
		return file->octets;
	}
	return NULL;
}

const char *sources_zone(const struct sources *s, const char *name, size_t *len,
			 struct error *err)
{
	char path[SOURCES_PATH_SIZE];
	char *octets = NULL, *kept = NULL;

	error_set(err,
		  "it is not in the time zone database (%s); write a name "
		  "like Europe/Dublin",
		  zone_folder);
	if (s->sealed)
		return sealed_zone(s, name, len);
	snprintf(path, sizeof(path), "%s/%s", zone_folder, name);
	if (access(path, F_OK) == 0) {
		octets = file_read(path, TZIF_OCTETS_MAX, len, err);
	} else if (access(zone_folder, F_OK) != 0) {
		error_set(err, "this machine has no time zone database; "
			       "install tzdata");
	}
	if (octets == NULL)
		return NULL;
	kept = arena_text(s->arena, octets, *len);
	if (kept == NULL)
		error_set(err, "out of memory");
	free(octets);
	return kept;
}

/* A length before each part: no two lists of files hash alike. */
static bool digest_part(EVP_MD_CTX *ctx, const void *octets, size_t len)
{
	uint8_t head[8];

	for (size_t i = 0; i < sizeof(head); i++)
		head[i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	return EVP_DigestUpdate(ctx, head, sizeof(head)) == 1 &&
	       EVP_DigestUpdate(ctx, octets, len) == 1;
}

bool sources_digest(const struct sources *s, char *digest)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char octets[32];
	bool ok =
		ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < s->count; i++)
		ok = digest_part(ctx, s->list[i].name,
				 strlen(s->list[i].name)) &&
		     digest_part(ctx, s->list[i].octets, s->list[i].len);
	ok = ok && EVP_DigestFinal_ex(ctx, octets, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	for (size_t i = 0; ok && i < sizeof(octets); i++)
		snprintf(digest + 2 * i, 3, "%02x", octets[i]);
	return ok;
}
