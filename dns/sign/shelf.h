/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shelf -- signatures by what they are over, kept from build to build.
 *
 * Open addressing over a dense list.  What a build did not ask for is
 * forgotten when it ends.  Pure; one thread at a time.
 */
#ifndef DNS_SIGN_SHELF_H
#define DNS_SIGN_SHELF_H

#include "policy/keys/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHELF_ID_OCTETS = 32 };

struct shelf_item {
	uint8_t id[SHELF_ID_OCTETS]; /* a digest of content and key */
	int64_t begin_s; /* the signature is as of then; 0: not made yet */
	uint32_t validity_s;
	uint8_t signature[SECRET_SIGNATURE_OCTETS];
	bool used; /* since the last shelf_forget() */
};

/* Zero-initialised is empty. */
struct shelf {
	struct shelf_item *items; /* owned */
	size_t count, cap;
	uint32_t *slots; /* owned: index + 1, 0 is empty */
	size_t mask;
};

/* Borrowed until something is added; NULL when it is not there. */
struct shelf_item *shelf_find(const struct shelf *shelf,
			      const uint8_t id[SHELF_ID_OCTETS]);

/* A new item for id, which is not there yet; NULL when memory runs out. */
struct shelf_item *shelf_add(struct shelf *shelf,
			     const uint8_t id[SHELF_ID_OCTETS]);

/* Drops what was not used, and takes the rest as not used yet. */
void shelf_forget(struct shelf *shelf);

void shelf_fini(struct shelf *shelf);

#endif
