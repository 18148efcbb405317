/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/keys/secret.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

enum {
	ECDSA_P256 = 13,
	ED25519 = 15,
	COORDINATE_OCTETS = 32,
	DER_MAX = 80,     /* of two integers of at most 33 octets */
	UNCOMPRESSED = 4, /* SEC 1, 2.3.3: what a point's octets begin with */
};

struct secret {
	uint8_t algorithm;
	EVP_PKEY *key;
	EVP_PKEY_CTX *signing; /* ECDSA: initialised once, which costs more
				* than half a signature */
	EVP_MD_CTX *digest;    /* Ed25519, which signs whole messages */
};

/* clang-format off */
static const struct secret_algorithm algorithms[] = {
	{ ECDSA_P256, "ECDSAP256SHA256", "ecdsap256", 2 * COORDINATE_OCTETS },
	{ ED25519,    "ED25519",         "ed25519",   32 },
};
/* clang-format on */

enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

const struct secret_algorithm *secret_algorithm(unsigned number)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (algorithms[i].number == number)
			return &algorithms[i];
	return NULL;
}

const struct secret_algorithm *secret_algorithm_of(const char *word)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (strcmp(algorithms[i].word, word) == 0)
			return &algorithms[i];
	return NULL;
}

static OSSL_PARAM *ecdsa_params(const BIGNUM *scalar, const uint8_t *point)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (build != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
					    "prime256v1", 0) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) ==
		    1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
					     point,
					     1 + 2 * COORDINATE_OCTETS) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	OSSL_PARAM_BLD_free(build);
	return params;
}

static EVP_PKEY *ecdsa_key(const uint8_t *octets, const uint8_t *public)
{
	uint8_t point[1 + 2 * COORDINATE_OCTETS] = { UNCOMPRESSED };
	BIGNUM *scalar = BN_bin2bn(octets, SECRET_OCTETS, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	memcpy(point + 1, public, 2 * COORDINATE_OCTETS);
	if (scalar != NULL)
		params = ecdsa_params(scalar, point);
	if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	BN_clear_free(scalar);
	return key;
}

/* OpenSSL works the public half out and does not look at what is given. */
static EVP_PKEY *ed25519_key(const uint8_t *octets, const uint8_t *public)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL,
							octets, SECRET_OCTETS);
	uint8_t derived[SECRET_PUBLIC_MAX];
	size_t len = sizeof(derived);

	if (key != NULL &&
	    EVP_PKEY_get_raw_public_key(key, derived, &len) == 1 &&
	    memcmp(derived, public, len) == 0)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static bool is_pair(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool prepare(struct secret *s, const uint8_t *octets,
		    const uint8_t *public)
{
	if (s->algorithm == ED25519) {
		s->key = ed25519_key(octets, public);
		s->digest = EVP_MD_CTX_new();
		return s->key != NULL && s->digest != NULL;
	}
	s->key = ecdsa_key(octets, public);
	if (s->key == NULL || !is_pair(s->key))
		return false;
	s->signing = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL);
	return s->signing != NULL && EVP_PKEY_sign_init(s->signing) == 1;
}

struct secret *secret_new(const struct secret_algorithm *algorithm,
			  const uint8_t octets[SECRET_OCTETS],
			  const uint8_t *public)
{
	struct secret *s = calloc(1, sizeof(*s));
	bool ok;

	if (s == NULL)
		return NULL;
	s->algorithm = algorithm->number;
	/* What fails here must not wait in the thread's error queue. */
	ERR_set_mark();
	ok = prepare(s, octets, public);
	ERR_pop_to_mark();
	if (ok)
		return s;
	secret_free(s);
	return NULL;
}

static bool ecdsa_octets(EVP_PKEY *key, uint8_t *octets, uint8_t *public)
{
	uint8_t point[1 + 2 * COORDINATE_OCTETS];
	BIGNUM *scalar = NULL;
	size_t len = 0;
	bool ok;

	ok = EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
					     point, sizeof(point), &len) == 1 &&
	     len == sizeof(point) && point[0] == UNCOMPRESSED &&
	     EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) ==
		     1 &&
	     BN_bn2binpad(scalar, octets, SECRET_OCTETS) == SECRET_OCTETS;
	if (ok)
		memcpy(public, point + 1, 2 * COORDINATE_OCTETS);
	BN_clear_free(scalar);
	return ok;
}

static bool ed25519_octets(EVP_PKEY *key, uint8_t *octets, uint8_t *public)
{
	size_t len = SECRET_OCTETS, public_len = SECRET_PUBLIC_MAX;

	return EVP_PKEY_get_raw_private_key(key, octets, &len) == 1 &&
	       EVP_PKEY_get_raw_public_key(key, public, &public_len) == 1;
}

bool secret_make(const struct secret_algorithm *algorithm,
		 uint8_t octets[SECRET_OCTETS],
		 uint8_t public[SECRET_PUBLIC_MAX])
{
	bool ed25519 = algorithm->number == ED25519;
	EVP_PKEY *key =
		ed25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
			: EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
	bool ok = key != NULL && (ed25519 ? ed25519_octets(key, octets, public)
					  : ecdsa_octets(key, octets, public));

	EVP_PKEY_free(key);
	return ok;
}

/* RFC 6605, 4: r and s, each of 32 octets, not OpenSSL's DER. */
static bool ecdsa_sign(struct secret *s, const uint8_t *octets, size_t len,
		       uint8_t *out)
{
	uint8_t digest[SHA256_DIGEST_LENGTH], der[DER_MAX];
	const uint8_t *at = der;
	size_t der_len = sizeof(der);
	ECDSA_SIG *pair = NULL;
	bool ok;

	SHA256(octets, len, digest);
	if (EVP_PKEY_sign(s->signing, der, &der_len, digest, sizeof(digest)) ==
	    1)
		pair = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
	ok = pair != NULL &&
	     BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, COORDINATE_OCTETS) > 0 &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + COORDINATE_OCTETS,
			  COORDINATE_OCTETS) > 0;
	ECDSA_SIG_free(pair);
	return ok;
}

bool secret_sign(struct secret *secret, const uint8_t *octets, size_t len,
		 uint8_t out[SECRET_SIGNATURE_OCTETS])
{
	size_t out_len = SECRET_SIGNATURE_OCTETS;

	if (secret->algorithm == ECDSA_P256)
		return ecdsa_sign(secret, octets, len, out);
	return EVP_DigestSignInit(secret->digest, NULL, NULL, NULL,
				  secret->key) == 1 &&
	       EVP_DigestSign(secret->digest, out, &out_len, octets, len) ==
		       1 &&
	       out_len == SECRET_SIGNATURE_OCTETS;
}

void secret_free(struct secret *secret)
{
	if (secret == NULL)
		return;
	EVP_MD_CTX_free(secret->digest);
	EVP_PKEY_CTX_free(secret->signing);
	EVP_PKEY_free(secret->key);
	free(secret);
}
