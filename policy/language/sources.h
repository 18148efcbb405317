/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources -- the files that a policy is made of, read once and remembered, so
 * that the digest covers exactly the octets that were parsed.
 *
 * Shell: lists directories and reads files.  A sealed set of sources touches
 * no file: it knows only what sources_add() gave it, which is how tests and
 * fuzzers feed the loader from memory.
 */
#ifndef POLICY_LANGUAGE_SOURCES_H
#define POLICY_LANGUAGE_SOURCES_H

#include "policy/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum {
	SOURCES_PATH_SIZE = 4096,
	SOURCES_FILES_MAX = 1024,
	SOURCES_OCTETS_MAX = 16 << 20, /* of one file */
	SOURCES_FOLDERS_MAX = 8,       /* how deep */
};

struct source {
	const char *path; /* as the operator would type it */
	const char *name; /* relative to the policy's folder */
	const char *octets;
	size_t len;
	bool policy; /* a *.yaml file of the policy */
};

struct sources {
	struct arena *arena; /* borrowed; everything here lives as long */
	const char *folder;  /* relative names begin here; "" is here */
	bool sealed;
	struct source *list; /* in the order read */
	size_t count, cap;
};

/*
 * Finds and reads every *.yaml below path, in name order, or path alone when
 * it is a file.  Errors go to errs; files that can be read still are.
 */
void sources_gather(struct sources *s, const char *path, struct errors *errs);

/* Adds a file that is in memory; false when memory runs out.  Copies. */
bool sources_add(struct sources *s, const char *name, const char *octets,
		 size_t len);

/*
 * name joined with the folder, or as it is when absolute, into path of
 * SOURCES_PATH_SIZE octets; false when it is too long.
 */
bool sources_join(const struct sources *s, const char *name, char *path);

/*
 * One more file, by a name relative to the folder.  NULL with an error added
 * at the place that names it.
 */
const struct source *sources_read(struct sources *s, const char *name,
				  struct place at, struct errors *errs);

/*
 * A file of the system's time zone database, by a name without ways out of its
 * folder, and *len; it lives as long as the rest, and is not in the digest.
 * Sealed: the file zoneinfo/NAME that was added.  NULL with err set.
 */
const char *sources_zone(const struct sources *s, const char *name, size_t *len,
			 struct error *err);

/* SHA-256 over names and octets of all, in hex, into digest of 65 octets. */
bool sources_digest(const struct sources *s, char *digest);

#endif
