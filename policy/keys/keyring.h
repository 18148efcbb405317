/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring -- the keys of one zone in a directory, and what each of them signs.
 *
 * Keys with the secure entry point bit (KSK) sign DNSKEY, CDS and CDNSKEY as
 * long as they are published.  All else is signed by the active ZSKs, or where
 * an algorithm has none by its active KSKs, which then are CSKs.
 *
 * Source: RFC 4035, 2.2; RFC 6781, 3.1 and 4.1.  Shell: reads files.
 */
#ifndef POLICY_KEYS_KEYRING_H
#define POLICY_KEYS_KEYRING_H

#include "policy/base/error.h"
#include "policy/keys/dnskey.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEYRING_MAX = 64 }; /* keys of one zone */

struct keyring {
	char *zone;          /* absolute, in text; owned */
	struct dnskey *keys; /* by algorithm, KSKs first, by tag; owned */
	size_t count;
};

/*
 * Reads every key of zone in directory; those of other zones may lie beside
 * them.  NULL with errs filled when one cannot be used or there is none.
 */
struct keyring *keyring_open(const char *directory, const char *zone,
			     struct errors *errs);

/* What can be shown of it: without secrets.  NULL when memory runs out. */
struct keyring *keyring_public(const struct keyring *ring);

/*
 * A number that is another one when a key file in directory was added, removed
 * or changed; 0 when it cannot be read.
 */
uint64_t keyring_stamp(const char *directory);

/* Accepts NULL. */
void keyring_free(struct keyring *ring);

/*
 * Can the zone be signed with them at now_s?  Each algorithm that is published
 * must have keys for all there is to sign (RFC 4035, 2.2).  False with errs
 * filled; warnings too.  at is where the directory was named.
 */
bool keyring_judge(const struct keyring *ring, int64_t now_s, struct place at,
		   struct errors *errs);

/* TTLs of the zone that is signed. */
struct keyring_ttls {
	uint32_t dnskey_s, max_s;
};

/*
 * Warns of rolls that go faster than caches forget: a key that signs before all
 * know it, or is deleted while some have a signature of it.
 */
void keyring_judge_rolls(const struct keyring *ring, struct keyring_ttls ttls,
			 int64_t now_s, struct errors *errs);

/*
 * Has it every key of before that is in use at now_s?  A file that went away by
 * mistake must not take the zone with it.  False with errs filled.
 */
bool keyring_succeeds(const struct keyring *ring, const struct keyring *before,
		      int64_t now_s, struct errors *errs);

/* Does the key at index sign DNSKEY, CDS and CDNSKEY; all other RRsets? */
bool keyring_signs_keys(const struct keyring *ring, size_t index,
			int64_t now_s);
bool keyring_signs_zone(const struct keyring *ring, size_t index,
			int64_t now_s);

/* "ZSK", "KSK", or "CSK" when the ring has no ZSK of its algorithm. */
const char *keyring_role(const struct keyring *ring, size_t index);

/* When the next key changes what it does; DNSKEY_NEVER. */
int64_t keyring_next(const struct keyring *ring, int64_t now_s);

#endif
