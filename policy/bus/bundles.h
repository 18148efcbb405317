/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundles -- the policies that a daemon took from the bus, on its disk.
 *
 *   DIR/DIGEST.bundle   as it came
 *   DIR/DIGEST/         its files, to be loaded as any policy is
 *   DIR/promoted        the digest that is served by all, and so by a start
 *
 * A bundle is looked at before a file of it is made: its digest is over all
 * that it holds (policy/bus/bundle).  What a power cut left half written is
 * found by its digest when it is loaded, and fetched again.  The newest
 * BUNDLES_KEPT stay.
 *
 * Shell: makes, reads and removes files.  One thread at a time.
 */
#ifndef POLICY_BUS_BUNDLES_H
#define POLICY_BUS_BUNDLES_H

#include "policy/bus/bundle.h"

#include <stdbool.h>
#include <stddef.h>

struct bundles;
struct error;

enum {
	BUNDLES_KEPT = 4, /* beside those that are in force */
	BUNDLES_PATH_SIZE = 4096,
};

/* Makes the directory if need be.  NULL with err set. */
struct bundles *bundles_open(const char *directory, struct error *err);
/* Accepts NULL. */
void bundles_free(struct bundles *b);

/* May this process write to it, as who it is by now?  False with err set. */
bool bundles_check(const struct bundles *b, struct error *err);

/* Is its folder there?  Only loading it tells whether it is whole. */
bool bundles_have(const struct bundles *b, const char *digest);

/* Where it is, or would be; the same buf of BUNDLES_PATH_SIZE. */
const char *bundles_path(const struct bundles *b, const char *digest,
			 char *buf);

/*
 * Takes in what was fetched.  False with err set: it is no bundle, not the one
 * of that digest, or the disk fails; nothing of it is there then.
 */
bool bundles_take(struct bundles *b, const char *digest, const void *octets,
		  size_t len, struct error *err);

/* As it came, for others; the caller frees it.  NULL with err set. */
char *bundles_read(const struct bundles *b, const char *digest, size_t *len,
		   struct error *err);

/* It is not what its digest says: to be fetched again. */
void bundles_drop(struct bundles *b, const char *digest);

/*
 * What a start serves: "" is none of them.  The same one again costs nothing.
 * False with err set when the disk fails.
 */
bool bundles_promote(struct bundles *b, const char *digest, struct error *err);
const char *bundles_promoted(const struct bundles *b);

/* Removes all but the newest, the promoted one and also (may be ""). */
void bundles_prune(struct bundles *b, const char *also);

#endif
