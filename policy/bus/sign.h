/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign -- envelopes: exact octets with a signature before them.
 *
 *   "wr1 " KEY-ID " " BASE64(Ed25519 signature) "\n" payload
 *
 * The signature is over "windrose " KIND "\n" and the payload, so that a
 * command can never be taken for a plan.  KEY-ID is the first 16 hex digits of
 * the SHA-256 of the raw public key.  Keys are PEM files as `openssl genpkey
 * -algorithm ed25519` and `openssl pkey -pubout` make them.
 *
 * Source: RFC 8032; EVP_DigestSign(3).  Shell: reads key files.
 */
#ifndef POLICY_BUS_SIGN_H
#define POLICY_BUS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct error;
struct sealer;   /* a private key */
struct verifier; /* a list of trusted public keys */

#define SIGN_PLAN "plan"
#define SIGN_COMMAND "command"
#define SIGN_REPORT "report"
#define SIGN_SERVED "served"
#define SIGN_PROOF "proof"

/* NULL with err set: absent, unreadable, not an Ed25519 private key. */
struct sealer *sealer_open(const char *pem_path, struct error *err);

/* A fresh key that exists only in this process: for `windrose up`. */
struct sealer *sealer_new(struct error *err);
/*
 * Writes the private key to a new file that only its owner may read.  False
 * with err set when the file exists already or cannot be written.
 */
bool sealer_save(const struct sealer *sealer, const char *pem_path,
		 struct error *err);
/* KEY-ID of its public half, for logs; borrowed. */
const char *sealer_id(const struct sealer *sealer);
void sealer_free(struct sealer *sealer);
/*
 * A key roll: sealer signs with next's key from now on, wherever it was lent
 * to.  Takes ownership of next.
 */
void sealer_replace(struct sealer *sealer, struct sealer *next);

/* Trusts nobody until keys are added. */
struct verifier *verifier_new(void);
/* All keys in the file: one, or during a key roll the old and the new. */
bool verifier_add_file(struct verifier *v, const char *pem_path,
		       struct error *err);
bool verifier_add_sealer(struct verifier *v, const struct sealer *sealer,
			 struct error *err);
/* A new one that trusts the keys in these files.  NULL with err set. */
struct verifier *verifier_open(const char *const *pem_paths, size_t count,
			       struct error *err);

/* How many keys it trusts; the same key twice counts once. */
size_t verifier_count(const struct verifier *v);
void verifier_free(struct verifier *v);
/*
 * A key roll: v trusts next's keys from now on, and no others, wherever it was
 * lent to.  Takes ownership of next.
 */
void verifier_replace(struct verifier *v, struct verifier *next);

/* The envelope; the caller frees it.  NULL with err set. */
char *sign_wrap(const struct sealer *sealer, const char *kind,
		const void *payload, size_t len, size_t *out_len,
		struct error *err);

/*
 * Finds the payload inside an envelope that a trusted key signed for kind.
 * False with err set otherwise; *payload points into octets.
 */
bool sign_unwrap(const struct verifier *v, const char *kind, const void *octets,
		 size_t len, const char **payload, size_t *payload_len,
		 struct error *err);

/* KEY-ID of an envelope that sign_unwrap() took: who signed it. */
enum { SIGN_ID_SIZE = 17 };
static inline void sign_signer(const void *octets, char id[SIGN_ID_SIZE])
{
	memcpy(id, (const char *)octets + 4, SIGN_ID_SIZE - 1);
	id[SIGN_ID_SIZE - 1] = '\0';
}

/* The payload of what looks like an envelope, whoever signed it.  False: it is
 * none. */
bool sign_peek(const void *octets, size_t len, const char **payload,
	       size_t *payload_len);

#endif
