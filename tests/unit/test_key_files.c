/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key files as others leave them: secrets that are short or kept elsewhere,
 * files that are gone, times that do not fit caches; a roll of the algorithm.
 */
#include "policy/base/error.h"
#include "policy/keys/keyfile.h"
#include "policy/keys/keyring.h"
#include "policy/language/code.h"
#include "tests/unit/key_folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <ldns/ldns.h>
#include <openssl/evp.h>

#define HEAD "Private-key-format: v1.3\n"

enum { T = 1780300800, DAY_S = 86400, PATH_SIZE = 300 };

/* As BIND writes one ECDSA key in 256: without the zeros at the front. */
static void test_short_secret(void **state)
{
	const struct secret_algorithm *ecdsa = secret_algorithm_of("ecdsap256");
	uint8_t secret[SECRET_OCTETS] = { 1 }, rdata[DNSKEY_RDATA_MAX];
	char text[45], public[90], name[80], file[300];
	struct errors errs = { 0 };
	struct keyring *ring;
	unsigned tag;

	(void)state;
	while (secret[0] != 0)
		assert_true(secret_make(ecdsa, secret, rdata + 4));
	memcpy(rdata, (uint8_t[]){ 1, 1, 3, 13 }, 4);
	tag = ldns_calc_keytag_raw(rdata, 68);
	EVP_EncodeBlock((unsigned char *)text, secret + 1, SECRET_OCTETS - 1);
	EVP_EncodeBlock((unsigned char *)public, rdata + 4, 64);
	snprintf(name, sizeof(name), "Kexample.com.+013+%05u.key", tag);
	snprintf(file, sizeof(file), ZONE " IN DNSKEY 257 3 13 %s\n", public);
	key_folder_write(name, file, 0644);
	snprintf(name, sizeof(name), "Kexample.com.+013+%05u.private", tag);
	snprintf(file, sizeof(file),
		 HEAD "Algorithm: 13 (ECDSAP256SHA256)\nPrivateKey: %s\n",
		 text);
	key_folder_write(name, file, 0600);
	ring = keyring_open(key_folder, ZONE, &errs);
	errors_print(&errs, stdout);
	assert_non_null(ring);
	assert_non_null(ring->keys[0].secret);
	keyring_free(ring);
	key_folder_empty();
}

/* Its times are in the .key file; another change of them is no error. */
static void test_secret_kept_elsewhere(void **state)
{
	int64_t times_s[DNSKEY_TIMES] = { T, T, T };
	struct dnskey key = key_folder_make_key("ed25519", DNSKEY_KSK, times_s);
	struct errors errs = { 0 };
	char path[PATH_SIZE], private[PATH_SIZE];
	struct error err;

	(void)state;
	snprintf(path, sizeof(path), "%s", key.path);
	snprintf(private, sizeof(private), "%.*s.private",
		 (int)(strlen(path) - strlen(".key")), path);
	assert_int_equal(unlink(private), 0);
	dnskey_fini(&key);
	times_s[DNSKEY_DELETE] = T + DAY_S;
	assert_true(keyfile_set_times(path, times_s, &err));
	assert_true(dnskey_read(&key, path, ZONE, &errs));
	assert_int_equal(key.times_s[DNSKEY_DELETE], T + DAY_S);
	assert_null(key.secret);
	assert_int_not_equal(access(private, F_OK), 0);
	dnskey_fini(&key);
	key_folder_empty();
}

/* clang-format off */
#define AT(time, s) [DNSKEY_##time] = T + (s)
static const struct gone_row {
	const char *title;
	int64_t times_s[DNSKEY_TIMES]; /* of the key that is gone, from T */
	bool fine;
} gone[] = {
	{ "in use", { AT(PUBLISH, -2), AT(ACTIVATE, -1) }, false },
	{ "retired, and signatures of it are held",
	  { AT(PUBLISH, -3), AT(ACTIVATE, -2), AT(INACTIVE, -1),
	    AT(DELETE, 1) }, false },
	{ "to be deleted now", { AT(PUBLISH, -2), AT(ACTIVATE, -2),
	  AT(DELETE, 0) }, true },
	{ "not published yet", { AT(PUBLISH, 1), AT(ACTIVATE, 2) }, true },
	{ "published and not active yet",
	  { AT(PUBLISH, -1), AT(ACTIVATE, 1) }, true },
	{ "not active yet, and the parent was asked for its DS",
	  { AT(PUBLISH, -2), AT(ACTIVATE, 1), AT(SYNC_PUBLISH, -1) }, false },
};
/* clang-format on */

static void test_keys_that_are_gone(void **state)
{
	int64_t always_s[DNSKEY_TIMES] = { T };
	struct errors errs = { 0 };
	struct dnskey stays, goes;
	struct keyring *before, *after;

	(void)state;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		print_message("%s\n", gone[i].title);
		stays = key_folder_make_key("ed25519", DNSKEY_KSK, always_s);
		goes = key_folder_make_key("ed25519", DNSKEY_KSK,
					   gone[i].times_s);
		before = keyring_open(key_folder, ZONE, &errs);
		assert_int_equal(unlink(goes.path), 0);
		after = keyring_open(key_folder, ZONE, &errs);
		assert_int_equal(before->count, 2);
		assert_int_equal(after->count, 1);
		assert_int_equal(keyring_succeeds(after, before, T, &errs),
				 gone[i].fine);
		if (!gone[i].fine) {
			assert_int_equal(errs.count, 1);
			assert_string_equal(errs.list[0].error.at.file,
					    goes.path);
			assert_non_null(strstr(errs.list[0].error.text,
					       "its key is in use"));
		}
		assert_true(keyring_succeeds(before, after, T, &errs));
		errors_fini(&errs);
		keyring_free(before);
		keyring_free(after);
		dnskey_fini(&stays);
		dnskey_fini(&goes);
		key_folder_empty();
	}
}

/* clang-format off */
static const struct hasty_row {
	const char *title;
	int64_t before_s[DNSKEY_TIMES], fresh_s[DNSKEY_TIMES]; /* from T */
	const char *says; /* NULL: nothing */
} hasty[] = {
	{ "as keygen plans it", { AT(PUBLISH, -9), AT(INACTIVE, 7200),
	  AT(DELETE, 7200 + DAY_S) }, { AT(PUBLISH, -1),
	  AT(ACTIVATE, 7200) }, NULL },
	{ "prepublished too short", { AT(PUBLISH, -9) },
	  { AT(PUBLISH, -1), AT(ACTIVATE, 3598) },
	  "signs 3599 seconds after it is published" },
	{ "deleted too soon", { AT(PUBLISH, -9), AT(INACTIVE, 7200),
	  AT(DELETE, 7199 + DAY_S) }, { AT(PUBLISH, -1) },
	  "is deleted 86399 seconds after it last signs" },
	{ "deleted while it signs", { AT(PUBLISH, -9), AT(DELETE, 9) },
	  { AT(PUBLISH, -1) }, "is deleted 0 seconds after it last signs" },
	{ "over", { AT(PUBLISH, -9), AT(INACTIVE, -2), AT(DELETE, -1) },
	  { AT(PUBLISH, -4), AT(ACTIVATE, -3) }, NULL },
};
/* clang-format on */

static void test_hasty_rolls(void **state)
{
	const struct keyring_ttls ttls = { 3600, DAY_S };
	struct errors errs = { 0 };
	struct dnskey before, fresh;
	struct keyring *ring;

	(void)state;
	for (size_t i = 0; i < sizeof(hasty) / sizeof(hasty[0]); i++) {
		print_message("%s\n", hasty[i].title);
		before = key_folder_make_key("ed25519", DNSKEY_KSK,
					     hasty[i].before_s);
		fresh = key_folder_make_key("ed25519", DNSKEY_KSK,
					    hasty[i].fresh_s);
		ring = keyring_open(key_folder, ZONE, &errs);
		assert_non_null(ring);
		keyring_judge_rolls(ring, ttls, T, &errs);
		errors_print(&errs, stdout);
		assert_int_equal(errs.count, hasty[i].says != NULL);
		if (hasty[i].says != NULL) {
			assert_non_null(
				strstr(errs.list[0].error.text, hasty[i].says));
			assert_int_equal(errs.list[0].code, CODE_KEYS_ROLL);
		}
		errors_fini(&errs);
		keyring_free(ring);
		dnskey_fini(&before);
		dnskey_fini(&fresh);
		key_folder_empty();
	}
}

/* Does every published algorithm sign all there is (RFC 4035, 2.2)? */
static void assert_complete(const struct keyring *ring, int64_t now_s)
{
	for (size_t i = 0; i < ring->count; i++)
		if (dnskey_is_published(&ring->keys[i], now_s)) {
			assert_true(keyring_signs_keys(ring, i, now_s));
			assert_true(keyring_signs_zone(ring, i, now_s));
		}
}

/*
 * From one algorithm to the other, as windrose-dns(8) tells it, hour by hour:
 * whoever holds a DS for a day finds its key, and signatures of it; when the
 * first DS of the new one is asked for, none is held without its signatures.
 */
static void test_algorithm_roll(void **state)
{
	const int64_t old_s[DNSKEY_TIMES] = { AT(PUBLISH, -30 * DAY_S),
					      AT(SYNC_DELETE, 4 * DAY_S),
					      AT(DELETE, 10 * DAY_S) };
	const int64_t new_s[DNSKEY_TIMES] = { AT(PUBLISH, 0), AT(ACTIVATE, 0),
					      AT(SYNC_PUBLISH, 2 * DAY_S) };
	struct dnskey keys[] = {
		key_folder_make_key("ecdsap256", DNSKEY_KSK, old_s),
		key_folder_make_key("ed25519", DNSKEY_KSK, new_s),
	};
	struct errors errs = { 0 };
	struct keyring *ring = keyring_open(key_folder, ZONE, &errs);

	(void)state;
	assert_non_null(ring);
	for (int64_t at = T - DAY_S; at < T + 12 * DAY_S; at += 3600) {
		assert_true(
			keyring_judge(ring, at, (struct place){ 0 }, &errs));
		assert_complete(ring, at);
		assert_true(dnskey_is_synced(&ring->keys[0], at) ||
			    dnskey_is_synced(&ring->keys[1], at));
		for (size_t i = 0; i < 2; i++)
			if (dnskey_is_synced(&ring->keys[i], at)) {
				assert_true(keyring_signs_zone(ring, i,
							       at - DAY_S));
				assert_true(keyring_signs_zone(ring, i,
							       at + DAY_S));
			}
	}
	/* The new key without signatures is refused, and says why. */
	ring->keys[1].times_s[DNSKEY_ACTIVATE] = T + DAY_S;
	assert_false(keyring_judge(ring, T, (struct place){ 0 }, &errs));
	assert_non_null(strstr(errs.list[0].error.text,
			       "no key of ED25519 is active, and each "
			       "published algorithm must sign everything"));
	errors_fini(&errs);
	keyring_free(ring);
	for (size_t i = 0; i < 2; i++)
		dnskey_fini(&keys[i]);
	key_folder_empty();
}

/* One more than can be kept. */
static void test_too_many_keys(void **state)
{
	static const int64_t none_s[DNSKEY_TIMES];
	struct errors errs = { 0 };

	(void)state;
	for (int i = 0; i < KEYRING_MAX + 1; i++) {
		struct dnskey key =
			key_folder_make_key("ed25519", DNSKEY_ZSK, none_s);

		dnskey_fini(&key);
	}
	assert_null(keyring_open(key_folder, ZONE, &errs));
	assert_int_equal(errs.list[0].code, CODE_KEYS_MANY);
	assert_non_null(strstr(errs.list[0].error.text, "more than 64 keys"));
	errors_fini(&errs);
	key_folder_empty();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_secret),
		cmocka_unit_test(test_secret_kept_elsewhere),
		cmocka_unit_test(test_keys_that_are_gone),
		cmocka_unit_test(test_hasty_rolls),
		cmocka_unit_test(test_too_many_keys),
		cmocka_unit_test(test_algorithm_roll),
	};

	return cmocka_run_group_tests(tests, key_folder_set_up,
				      key_folder_tear_down);
}
