/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyfile -- writes pairs of key files as BIND's tools write and read them.
 *
 * The times stand in both files: in .private, which counts, and as comments in
 * .key, for people and for when there is no .private.  Shell: writes files.
 * Source: dnssec-keygen(8); "private-key-format v1.3".
 */
#ifndef POLICY_KEYS_KEYFILE_H
#define POLICY_KEYS_KEYFILE_H

#include "policy/keys/dnskey.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

struct keyfile_wish {
	const char *directory;
	const char *zone; /* absolute, in text, lower case */
	const struct secret_algorithm *algorithm;
	uint16_t flags;
	const int64_t *times_s; /* DNSKEY_TIMES */
};

/*
 * Makes a key, with a tag that no key of the zone in that directory has, and
 * writes its files; the directory too, for its owner alone, when there is none.
 * The path of the .key file, which the caller frees; NULL with err set.
 */
char *keyfile_make(const struct keyfile_wish *wish, struct error *err);

/*
 * Gives the key of path, a .key file, other times; owner and mode of the files
 * stay.  Each file is replaced as a whole.  False with err set.
 */
bool keyfile_set_times(const char *path, const int64_t times_s[DNSKEY_TIMES],
		       struct error *err);

#endif
