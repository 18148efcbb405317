/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret -- the private half of a zone's key, and the one place that signs
 * with it.
 *
 * Two algorithms, as RFC 8624, 3.1 asks of signers: ECDSA on P-256 with
 * SHA-256 (RFC 6605) and Ed25519 (RFC 8080).  Both have private keys of 32
 * octets and signatures of 64.  One thread at a time for each.  Pure.
 */
#ifndef POLICY_KEYS_SECRET_H
#define POLICY_KEYS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret;

enum {
	SECRET_OCTETS = 32,
	SECRET_PUBLIC_MAX = 64,
	SECRET_SIGNATURE_OCTETS = 64,
};

struct secret_algorithm {
	uint8_t number;   /* as in DNSKEY: RFC 8624, 3.1 */
	const char *name; /* as in key files */
	const char *word; /* as on the command line */
	size_t public_octets;
};

/* NULL when it is not one of ours. */
const struct secret_algorithm *secret_algorithm(unsigned number);
const struct secret_algorithm *secret_algorithm_of(const char *word);

/*
 * From both halves; NULL when they do not belong together or memory runs out.
 * public has the algorithm's public_octets.  The caller owns it.
 */
struct secret *secret_new(const struct secret_algorithm *algorithm,
			  const uint8_t octets[SECRET_OCTETS],
			  const uint8_t *public);

/* A fresh key: both halves.  False when OpenSSL cannot. */
bool secret_make(const struct secret_algorithm *algorithm,
		 uint8_t octets[SECRET_OCTETS],
		 uint8_t public[SECRET_PUBLIC_MAX]);

/* The signature as RRSIG carries it; false when OpenSSL cannot. */
bool secret_sign(struct secret *secret, const uint8_t *octets, size_t len,
		 uint8_t out[SECRET_SIGNATURE_OCTETS]);

/* Accepts NULL. */
void secret_free(struct secret *secret);

#endif
