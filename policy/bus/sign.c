/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/sign.h"

#include "policy/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

enum {
	RAW_KEY_OCTETS = 32,   /* RFC 8032, 5.1.5 */
	SIGNATURE_OCTETS = 64, /* RFC 8032, 5.1.6 */
	BASE64_OCTETS = 88,    /* of 64 octets, with padding */
	KEY_ID_OCTETS = SIGN_ID_SIZE - 1,
	/* "wr1 " KEY-ID " " BASE64 "\n" */
	HEAD_OCTETS = 4 + KEY_ID_OCTETS + 1 + BASE64_OCTETS + 1,
	KIND_MAX = 32,
	KEYS_MAX = 64,
};

static const char magic[4] = { 'w', 'r', '1', ' ' };

struct key {
	EVP_PKEY *pkey;
	char id[KEY_ID_OCTETS + 1];
};

struct sealer {
	struct key key;
};

struct verifier {
	struct key keys[KEYS_MAX];
	size_t count;
};

/* Takes ownership of pkey, also on failure. */
static bool key_fill(struct key *key, EVP_PKEY *pkey, const char *where,
		     struct error *err)
{
	unsigned char raw[RAW_KEY_OCTETS], digest[SHA256_DIGEST_LENGTH];
	size_t len = sizeof(raw);

	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_public_key(pkey, raw, &len) != 1) {
		EVP_PKEY_free(pkey);
		error_set(err, "%s: is not an Ed25519 key", where);
		return false;
	}
	SHA256(raw, len, digest);
	for (unsigned i = 0; i < KEY_ID_OCTETS / 2; i++)
		snprintf(key->id + 2 * i, 3, "%02x", digest[i]);
	key->pkey = pkey;
	return true;
}

/* Never asks at the terminal for a pass phrase: a daemon has none. */
static int no_pass_phrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf, (void)size, (void)rwflag, (void)arg;
	return -1;
}

static FILE *open_pem(const char *path, struct error *err)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		error_set(err, "%s: cannot read: %s", path, strerror(errno));
	return file;
}

static EVP_PKEY *read_private(const char *path, struct error *err)
{
	FILE *file = open_pem(path, err);
	EVP_PKEY *pkey;

	if (file == NULL)
		return NULL;
	/* What fails here must not wait in the thread's error queue, where the
	 * next TLS connection would find it. */
	ERR_set_mark();
	pkey = PEM_read_PrivateKey(file, NULL, no_pass_phrase, NULL);
	ERR_pop_to_mark();
	fclose(file);
	if (pkey == NULL)
		error_set(err,
			  "%s: is not a private key in PEM without a pass "
			  "phrase",
			  path);
	return pkey;
}

/* The next public key; NULL at the end, and then *ok, or at what is none. */
static EVP_PKEY *read_public(FILE *file, bool *ok)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	EVP_PKEY *pkey = NULL;
	long len;

	ERR_set_mark();
	if (PEM_read(file, &name, &header, &data, &len) == 1) {
		const unsigned char *at = data;

		if (strcmp(name, PEM_STRING_PUBLIC) == 0)
			pkey = d2i_PUBKEY(NULL, &at, len);
		*ok = pkey != NULL;
	} else {
		*ok = ERR_GET_REASON(ERR_peek_last_error()) ==
		      PEM_R_NO_START_LINE;
	}
	ERR_pop_to_mark();
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	return pkey;
}

static struct sealer *sealer_of(EVP_PKEY *pkey, const char *where,
				struct error *err)
{
	struct sealer *sealer = calloc(1, sizeof(*sealer));

	if (sealer == NULL) {
		EVP_PKEY_free(pkey);
		error_set(err, "%s: out of memory", where);
		return NULL;
	}
	if (!key_fill(&sealer->key, pkey, where, err)) {
		free(sealer);
		return NULL;
	}
	return sealer;
}

struct sealer *sealer_open(const char *pem_path, struct error *err)
{
	EVP_PKEY *pkey = read_private(pem_path, err);

	return pkey == NULL ? NULL : sealer_of(pkey, pem_path, err);
}

struct sealer *sealer_new(struct error *err)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (pkey == NULL) {
		error_set(err, "cannot make an Ed25519 key");
		return NULL;
	}
	return sealer_of(pkey, "fresh key", err);
}

bool sealer_save(const struct sealer *sealer, const char *pem_path,
		 struct error *err)
{
	int fd = open(pem_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool ok;

	if (file == NULL) {
		error_set(err, "%s: cannot write: %s", pem_path,
			  strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	ok = PEM_write_PrivateKey(file, sealer->key.pkey, NULL, NULL, 0, NULL,
				  NULL) == 1;
	ok = fflush(file) == 0 && fsync(fd) == 0 && ok;
	ok = fclose(file) == 0 && ok;
	if (!ok) {
		error_set(err, "%s: cannot write the key", pem_path);
		unlink(pem_path);
	}
	return ok;
}

const char *sealer_id(const struct sealer *sealer)
{
	return sealer->key.id;
}

void sealer_free(struct sealer *sealer)
{
	if (sealer == NULL)
		return;
	EVP_PKEY_free(sealer->key.pkey);
	free(sealer);
}

void sealer_replace(struct sealer *sealer, struct sealer *next)
{
	struct key before = sealer->key;

	sealer->key = next->key;
	next->key = before;
	sealer_free(next);
}

struct verifier *verifier_new(void)
{
	return calloc(1, sizeof(struct verifier));
}

static const struct key *find_key(const struct verifier *v, const char *id)
{
	for (size_t i = 0; i < v->count; i++)
		if (memcmp(v->keys[i].id, id, KEY_ID_OCTETS) == 0)
			return &v->keys[i];
	return NULL;
}

/* Takes ownership of pkey.  A key that is already trusted is fine. */
static bool trust(struct verifier *v, EVP_PKEY *pkey, const char *where,
		  struct error *err)
{
	struct key key;

	if (!key_fill(&key, pkey, where, err))
		return false;
	if (find_key(v, key.id) != NULL) {
		EVP_PKEY_free(pkey);
		return true;
	}
	if (v->count == KEYS_MAX) {
		EVP_PKEY_free(pkey);
		error_set(err, "%s: more than %d trusted keys", where,
			  KEYS_MAX);
		return false;
	}
	v->keys[v->count++] = key;
	return true;
}

bool verifier_add_file(struct verifier *v, const char *pem_path,
		       struct error *err)
{
	FILE *file = open_pem(pem_path, err);
	EVP_PKEY *pkey;
	size_t found = 0;
	bool ok, trusted = true;

	if (file == NULL)
		return false;
	while (trusted && (pkey = read_public(file, &ok)) != NULL) {
		trusted = trust(v, pkey, pem_path, err);
		found++;
	}
	fclose(file);
	if (trusted && (!ok || found == 0))
		error_set(err, "%s: is not a public key in PEM", pem_path);
	return trusted && ok && found > 0;
}

bool verifier_add_sealer(struct verifier *v, const struct sealer *sealer,
			 struct error *err)
{
	EVP_PKEY_up_ref(sealer->key.pkey);
	return trust(v, sealer->key.pkey, "sealer", err);
}

struct verifier *verifier_open(const char *const *pem_paths, size_t count,
			       struct error *err)
{
	struct verifier *v = verifier_new();

	if (v == NULL)
		error_set(err, "out of memory");
	for (size_t i = 0; v != NULL && i < count; i++)
		if (!verifier_add_file(v, pem_paths[i], err)) {
			verifier_free(v);
			v = NULL;
		}
	return v;
}

size_t verifier_count(const struct verifier *v)
{
	return v->count;
}

void verifier_free(struct verifier *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->count; i++)
		EVP_PKEY_free(v->keys[i].pkey);
	free(v);
}

void verifier_replace(struct verifier *v, struct verifier *next)
{
	struct verifier before = *v;

	*v = *next;
	*next = before;
	verifier_free(next);
}

/*
 * What is signed: "windrose " KIND "\n" payload.  Ed25519 signs whole messages
 * only (no EVP_DigestSignUpdate), so they are put together in memory.
 */
static unsigned char *signed_octets(const char *kind, const void *payload,
				    size_t len, size_t *out_len)
{
	char head[KIND_MAX + 16];
	int n = snprintf(head, sizeof(head), "windrose %.*s\n", KIND_MAX, kind);
	unsigned char *octets;

	if (n < 0 || len > SIZE_MAX - sizeof(head))
		return NULL;
	octets = malloc((size_t)n + len);
	if (octets == NULL)
		return NULL;
	memcpy(octets, head, (size_t)n);
	if (len > 0)
		memcpy(octets + n, payload, len);
	*out_len = (size_t)n + len;
	return octets;
}

static bool make_signature(const struct key *key, const unsigned char *octets,
			   size_t len, unsigned char out[SIGNATURE_OCTETS])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t out_len = SIGNATURE_OCTETS;
	bool ok = ctx != NULL &&
		  EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
		  EVP_DigestSign(ctx, out, &out_len, octets, len) == 1 &&
		  out_len == SIGNATURE_OCTETS;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool is_signature(const struct key *key, const unsigned char *octets,
			 size_t len,
			 const unsigned char signature[SIGNATURE_OCTETS])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ERR_set_mark();
	ok = ctx != NULL &&
	     EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
	     EVP_DigestVerify(ctx, signature, SIGNATURE_OCTETS, octets, len) ==
		     1;
	ERR_pop_to_mark();
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void put_head(char *out, const char *id,
		     const unsigned char signature[SIGNATURE_OCTETS])
{
	memcpy(out, magic, sizeof(magic));
	memcpy(out + 4, id, KEY_ID_OCTETS);
	out[4 + KEY_ID_OCTETS] = ' ';
	/* Writes a NUL after it, where the line feed comes. */
	EVP_EncodeBlock((unsigned char *)out + 4 + KEY_ID_OCTETS + 1, signature,
			SIGNATURE_OCTETS);
	out[HEAD_OCTETS - 1] = '\n';
}

char *sign_wrap(const struct sealer *sealer, const char *kind,
		const void *payload, size_t len, size_t *out_len,
		struct error *err)
{
	unsigned char signature[SIGNATURE_OCTETS];
	size_t signed_len;
	unsigned char *octets = signed_octets(kind, payload, len, &signed_len);
	char *out = octets == NULL ? NULL : malloc(HEAD_OCTETS + len + 1);

	if (out == NULL ||
	    !make_signature(&sealer->key, octets, signed_len, signature)) {
		error_set(err, "cannot sign a %s: %s", kind,
			  out == NULL ? "out of memory" : "the key refuses");
		free(octets);
		free(out);
		return NULL;
	}
	free(octets);
	put_head(out, sealer->key.id, signature);
	if (len > 0)
		memcpy(out + HEAD_OCTETS, payload, len);
	out[HEAD_OCTETS + len] = '\0';
	*out_len = HEAD_OCTETS + len;
	return out;
}

/*
 * One spelling only: what EVP_DecodeBlock() would let pass (blanks, another
 * padding, unused bits set) is found by encoding again.
 */
static bool decode_signature(const char *text,
			     unsigned char out[SIGNATURE_OCTETS])
{
	unsigned char decoded[BASE64_OCTETS / 4 * 3];
	unsigned char again[BASE64_OCTETS + 1];

	if (EVP_DecodeBlock(decoded, (const unsigned char *)text,
			    BASE64_OCTETS) < SIGNATURE_OCTETS)
		return false;
	EVP_EncodeBlock(again, decoded, SIGNATURE_OCTETS);
	if (memcmp(again, text, BASE64_OCTETS) != 0)
		return false;
	memcpy(out, decoded, SIGNATURE_OCTETS);
	return true;
}

/* The key and signature that the head names. */
static const struct key *read_head(const struct verifier *v, const char *head,
				   unsigned char signature[SIGNATURE_OCTETS],
				   struct error *err)
{
	const char *id = head + 4;
	const struct key *key;

	if (memcmp(head, magic, sizeof(magic)) != 0 ||
	    id[KEY_ID_OCTETS] != ' ' || head[HEAD_OCTETS - 1] != '\n' ||
	    strspn(id, "0123456789abcdef") != KEY_ID_OCTETS) {
		error_set(err, "is not a signed envelope");
		return NULL;
	}
	if (!decode_signature(id + KEY_ID_OCTETS + 1, signature)) {
		error_set(err, "the envelope's signature is malformed");
		return NULL;
	}
	key = find_key(v, id);
	if (key == NULL)
		error_set(err, "signed by key %.*s, which is not trusted",
			  KEY_ID_OCTETS, id);
	return key;
}

bool sign_unwrap(const struct verifier *v, const char *kind, const void *octets,
		 size_t len, const char **payload, size_t *payload_len,
		 struct error *err)
{
	unsigned char signature[SIGNATURE_OCTETS], *message;
	const char *head = octets;
	const struct key *key;
	size_t message_len;
	bool ok;

	if (len < HEAD_OCTETS) {
		error_set(err, "is not a signed envelope");
		return false;
	}
	key = read_head(v, head, signature, err);
	if (key == NULL)
		return false;
	message = signed_octets(kind, head + HEAD_OCTETS, len - HEAD_OCTETS,
				&message_len);
	if (message == NULL) {
		error_set(err, "out of memory for a %s", kind);
		return false;
	}
	ok = is_signature(key, message, message_len, signature);
	free(message);
	if (!ok) {
		error_set(err, "the signature of key %s is wrong for a %s",
			  key->id, kind);
		return false;
	}
	*payload = head + HEAD_OCTETS;
	*payload_len = len - HEAD_OCTETS;
	return true;
}

bool sign_peek(const void *octets, size_t len, const char **payload,
	       size_t *payload_len)
{
	if (len < HEAD_OCTETS || memcmp(octets, magic, sizeof(magic)) != 0)
		return false;
	*payload = (const char *)octets + HEAD_OCTETS;
	*payload_len = len - HEAD_OCTETS;
	return true;
}
