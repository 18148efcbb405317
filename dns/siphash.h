/* SPDX-License-Identifier: Apache-2.0 */
/*
 * siphash -- SipHash-2-4, a keyed hash of short inputs.
 *
 * Who does not know the key can neither foretell nor collide it: it signs
 * server cookies (RFC 9018, 4.4) and places strangers in tables.  Written
 * here because OpenSSL's costs an allocation, which no query may.  Pure.
 *
 * Source: J.-P. Aumasson, D. J. Bernstein, SipHash: a fast short-input PRF,
 * INDOCRYPT 2012.
 */
#ifndef DNS_SIPHASH_H
#define DNS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_KEY_OCTETS = 16 };

struct siphash_key {
	uint64_t k0, k1;
};

struct siphash_key
siphash_key_of(const uint8_t octets[static SIPHASH_KEY_OCTETS]);

/* As a number; on the wire it is written with its lowest octet first. */
uint64_t siphash(struct siphash_key key, const uint8_t *octets, size_t len);

#endif
