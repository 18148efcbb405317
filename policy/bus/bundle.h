/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle -- the files of a policy as one document, to be carried over the bus.
 *
 *   "wrb1 " COUNT "\n", then for each file, in the order it was read:
 *   "file " OCTETS " " NAME "\n", the octets, "\n"
 *
 * It holds what the policy's digest is made of, and nothing else: the *.yaml
 * files, master files, networks.  Geo databases, keys and programs of checks
 * are not in it: the policy names them, and a node has them.  A name stays
 * inside the folder: parts of letters, digits and "._-+@", none of which
 * begins with a dot.
 *
 * A bundle carries no signature of its own.  Who takes one asks for it by the
 * digest that a signed plan or request says, and the digest covers each octet
 * of it.  Pure.
 */
#ifndef POLICY_BUS_BUNDLE_H
#define POLICY_BUS_BUNDLE_H

#include "policy/language/sources.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	BUNDLE_OCTETS_MAX = 4 << 20,
	BUNDLE_NAME_MAX = 255,
	BUNDLE_DIGEST_SIZE = 65, /* 64 hex digits, and a NUL */
};

/*
 * The bundle of sources, as they were gathered; the caller frees it.  NULL
 * with err set: it is too large, has a name that a bundle cannot, or memory
 * runs out.
 */
char *bundle_write(const struct sources *sources, size_t *len,
		   struct error *err);

/*
 * Reads into sources, zeroed but for its arena, and their digest into digest.
 * They are sealed: see policy/language/load.  False with err set, and sources
 * then hold any number of files.
 */
bool bundle_parse(const void *octets, size_t len, struct sources *sources,
		  char digest[BUNDLE_DIGEST_SIZE], struct error *err);

/* May a file of a bundle be called that? */
bool bundle_name_ok(const char *name, size_t len);

/* Is it the SHA-256 of something, in hex? */
bool bundle_digest_ok(const char *digest);

#endif
