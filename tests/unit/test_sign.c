/* SPDX-License-Identifier: Apache-2.0 */
/* sign: what is trusted, and that nothing else is. */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/bus/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>

/* Another. */
static const char second_pem[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MCowBQYDK2VwAyEAlnnYS74nE/nT8NoIR97Goh7e46Xdmgj8hMF9ebSKZPI=\n"
	"-----END PUBLIC KEY-----\n";

/* The key of RFC 8032, 7.1, TEST 2, in the wrapping of RFC 8410. */
static const char private_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
	"-----END PRIVATE KEY-----\n";
static const char public_pem[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
	"-----END PUBLIC KEY-----\n";

/*
 * "{}" as a plan under that key: computed by another implementation (curve
 * arithmetic straight from RFC 8032, 5.1, checked against TEST 2).
 */
static const char known[] =
	"wr1 39f713d0a644253f "
	"hnmnjJ83C1J+DkYlJM+K/iBl3EC2GqwlBlZRQJBC2dNWKeLtT15RHVfMKulfFilf"
	"z1lzFU2sFO198hLpRiOZDw==\n{}";

/* A P-256 key: a key, but not of ours. */
static const char other_pem[] =
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3CAN4hk2IW1SfOo+7SRLqAViy6FF\n"
	"itrcSijUNa7uViWFR+we1se2GeTdzv8jBShfu1AEt7Zr5USMY3SjOq/eIA==\n"
	"-----END PUBLIC KEY-----\n";

static const char *write_pem(const char *name, const char *text)
{
	struct error err;

	assert_true(file_replace(name, text, strlen(text), &err));
	return name;
}

static bool opens(const struct verifier *v, const char *kind,
		  const char *envelope, size_t len)
{
	const char *payload = NULL;
	size_t payload_len = 0;
	struct error err = { .text = "" };
	/* Of exact size, so that a sanitizer sees the end. */
	char *copy = malloc(len == 0 ? 1 : len);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, envelope, len);
	ok = sign_unwrap(v, kind, copy, len, &payload, &payload_len, &err);
	assert_int_equal(ok, err.text[0] == '\0');
	assert_int_equal(ok, payload != NULL);
	/* Nothing is left for the next TLS connection of this thread. */
	assert_int_equal(ERR_peek_error(), 0);
	free(copy);
	return ok;
}

static struct verifier *known_verifier(void)
{
	struct verifier *v = verifier_new();
	struct error err;

	assert_non_null(v);
	assert_true(verifier_add_file(v,
				      write_pem("sign-public.pem", public_pem),
				      &err));
	unlink("sign-public.pem");
	return v;
}

static void test_known_envelope(void **state)
{
	struct error err;
	struct sealer *signer =
		sealer_open(write_pem("sign-private.pem", private_pem), &err);
	struct verifier *v = known_verifier();
	size_t len;
	char *envelope;

	(void)state;
	unlink("sign-private.pem");
	assert_non_null(signer);
	assert_string_equal(sealer_id(signer), "39f713d0a644253f");
	envelope = sign_wrap(signer, SIGN_PLAN, "{}", 2, &len, &err);
	assert_string_equal(envelope, known);
	assert_int_equal(len, sizeof(known) - 1);
	assert_true(opens(v, SIGN_PLAN, known, sizeof(known) - 1));
	/* Added again it is the same key. */
	assert_true(verifier_add_sealer(v, signer, &err));
	assert_int_equal(verifier_count(v), 1);
	free(envelope);
	verifier_free(v);
	sealer_free(signer);
}

/*
 * A roll: the old and the new key in one file, then the new alone.  Whoever
 * borrowed the verifier and the sealer goes on with them.
 */
static void test_key_roll(void **state)
{
	struct error err;
	struct sealer *signer = sealer_new(&err), *next;
	struct verifier *v = known_verifier(), *both;
	char file[400];
	const char *path;
	size_t len;
	char *before, *after;

	(void)state;
	next = sealer_open(write_pem("sign-roll.pem", private_pem), &err);
	assert_non_null(next);
	before = sign_wrap(signer, SIGN_PLAN, "{}", 2, &len, &err);
	sealer_replace(signer, next);
	assert_string_equal(sealer_id(signer), "39f713d0a644253f");
	after = sign_wrap(signer, SIGN_PLAN, "{}", 2, &len, &err);
	assert_false(opens(v, SIGN_PLAN, before, len));
	assert_true(opens(v, SIGN_PLAN, after, len));

	snprintf(file, sizeof(file), "old\n%s\nnew\n%s", second_pem,
		 public_pem);
	path = write_pem("sign-roll.pem", file);
	both = verifier_open(&path, 1, &err);
	assert_non_null(both);
	assert_int_equal(verifier_count(both), 2);
	verifier_replace(v, verifier_new());
	assert_false(opens(v, SIGN_PLAN, after, len));
	verifier_replace(v, both);
	assert_int_equal(verifier_count(v), 2);
	assert_true(opens(v, SIGN_PLAN, after, len));
	unlink(path);
	free(before);
	free(after);
	verifier_free(v);
	sealer_free(signer);
}

static void test_any_payload(void **state)
{
	struct error err;
	struct sealer *signer = sealer_new(&err);
	struct verifier *v = verifier_new();
	static const char octets[] = "a\0\n\xff";

	(void)state;
	assert_true(verifier_add_sealer(v, signer, &err));
	for (size_t n = 0; n < sizeof(octets); n++) {
		const char *payload;
		size_t len, payload_len;
		char *envelope =
			sign_wrap(signer, SIGN_COMMAND, octets, n, &len, &err);

		assert_true(sign_unwrap(v, SIGN_COMMAND, envelope, len,
					&payload, &payload_len, &err));
		assert_int_equal(payload_len, n);
		assert_memory_equal(payload, octets, n);
		assert_false(opens(v, SIGN_PLAN, envelope, len));
		free(envelope);
	}
	verifier_free(v);
	sealer_free(signer);
}

static void test_wrong_kind(void **state)
{
	struct verifier *v = known_verifier();

	(void)state;
	assert_false(opens(v, SIGN_COMMAND, known, sizeof(known) - 1));
	assert_false(opens(v, "plan\n", known, sizeof(known) - 1));
	verifier_free(v);
}

static void test_unknown_key(void **state)
{
	struct error err;
	struct sealer *stranger = sealer_new(&err);
	struct verifier *nobody = verifier_new(), *v = known_verifier();
	const char *payload;
	size_t len;
	char *envelope = sign_wrap(stranger, SIGN_PLAN, "{}", 2, &len, &err);

	(void)state;
	assert_false(opens(nobody, SIGN_PLAN, known, sizeof(known) - 1));
	assert_false(
		sign_unwrap(v, SIGN_PLAN, envelope, len, &payload, &len, &err));
	assert_non_null(strstr(err.text, "is not trusted"));
	assert_non_null(strstr(err.text, sealer_id(stranger)));
	/* Under a trusted key's name it is no better. */
	memcpy(envelope + 4, "39f713d0a644253f", 16);
	assert_false(opens(v, SIGN_PLAN, envelope, strlen(envelope)));
	free(envelope);
	verifier_free(nobody);
	verifier_free(v);
	sealer_free(stranger);
}

static void test_truncated_and_extended(void **state)
{
	struct verifier *v = known_verifier();
	char longer[sizeof(known) + 1];

	(void)state;
	for (size_t len = 0; len < sizeof(known) - 1; len++)
		assert_false(opens(v, SIGN_PLAN, known, len));
	snprintf(longer, sizeof(longer), "%s ", known);
	assert_false(opens(v, SIGN_PLAN, longer, sizeof(known)));
	verifier_free(v);
}

static void test_every_flipped_bit(void **state)
{
	struct verifier *v = known_verifier();
	char flipped[sizeof(known)];

	(void)state;
	for (size_t bit = 0; bit < 8 * (sizeof(known) - 1); bit++) {
		memcpy(flipped, known, sizeof(known));
		flipped[bit / 8] =
			(char)((unsigned char)flipped[bit / 8] ^ 1u << bit % 8);
		if (opens(v, SIGN_PLAN, flipped, sizeof(known) - 1))
			fail_msg("bit %zu of octet %zu may be flipped", bit % 8,
				 bit / 8);
	}
	verifier_free(v);
}

/* clang-format off */
static const struct key_row {
	const char *title, *text;
	bool private;
	const char *error;
} keys[] = {
	{ "a public key as private", public_pem, true, "is not a private key in PEM" },
	{ "a private key as public", private_pem, false, "is not a public key in PEM" },
	{ "a P-256 key", other_pem, false, "is not an Ed25519 key" },
	{ "an empty file", "", true, "is not a private key in PEM" },
	{ "no PEM", "hello\n", false, "is not a public key in PEM" },
};
/* clang-format on */

static void test_keys_that_are_none(void **state)
{
	struct verifier *v = verifier_new();
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *path = write_pem("sign-key.pem", keys[i].text);

		if (keys[i].private)
			assert_null(sealer_open(path, &err));
		else
			assert_false(verifier_add_file(v, path, &err));
		if (strstr(err.text, keys[i].error) == NULL ||
		    strstr(err.text, "sign-key.pem") == NULL)
			fail_msg("%s: %s", keys[i].title, err.text);
		assert_int_equal(ERR_peek_error(), 0);
		unlink(path);
	}
	assert_null(sealer_open("/nonexistent/key", &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(verifier_count(v), 0);
	verifier_free(v);
}

static void test_saved_key_is_the_same(void **state)
{
	struct error err = { 0 };
	struct sealer *made = sealer_new(&err), *read;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "./saved-%d.key", (int)getpid());
	assert_true(sealer_save(made, path, &err));
	read = sealer_open(path, &err);
	assert_non_null(read);
	assert_string_equal(sealer_id(made), sealer_id(read));
	/* A key is never written over. */
	assert_false(sealer_save(made, path, &err));
	assert_true(strstr(err.text, path) != NULL);
	unlink(path);
	sealer_free(made);
	sealer_free(read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_envelope),
		cmocka_unit_test(test_key_roll),
		cmocka_unit_test(test_any_payload),
		cmocka_unit_test(test_wrong_kind),
		cmocka_unit_test(test_unknown_key),
		cmocka_unit_test(test_truncated_and_extended),
		cmocka_unit_test(test_every_flipped_bit),
		cmocka_unit_test(test_keys_that_are_none),
		cmocka_unit_test(test_saved_key_is_the_same),
	};

	return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
