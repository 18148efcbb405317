/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring: what key files are refused and why, what keys do when, and that
 * BIND's tools read what we write.
 */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/keys/keyfile.h"
#include "policy/keys/keyring.h"
#include "policy/keys/roll.h"
#include "policy/language/code.h"
#include "tests/unit/key_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#define STEM "Kexample.com.+015+03613"
#define PUBLIC "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="
#define RECORD "example.com. IN DNSKEY 257 3 15 " PUBLIC "\n"
#define SECRET                                  \
	"Algorithm: 15 (ED25519)\nPrivateKey: " \
	"ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=\n"
#define HEAD "Private-key-format: v1.3\n"

enum { T = 1780300800, HOUR_S = 3600, DAY_S = 86400, PATH_SIZE = 300 };

/* clang-format off */
static const struct bad_row {
	const char *title;
	const char *name, *public, *secret; /* NULL: no such file */
	mode_t mode;
	const char *says; /* a part of the first finding */
	bool fine;        /* it is a warning */
} bad[] = {
	{ "all is well", STEM, RECORD, HEAD SECRET, 0600, NULL, true },
	{ "comments and a TTL", STEM, "; A key.\n\nexample.com. 60 IN DNSKEY "
	  "257 3 15 " PUBLIC "\n", HEAD SECRET, 0600, NULL, true },
	{ "CR LF", STEM, "; A key.\r\n" RECORD, HEAD "Publish: 20260101000000\r\n"
	  SECRET, 0600, NULL, true },
	{ "what we do not know", STEM, RECORD, HEAD SECRET "Lifetime: 7\n",
	  0600, NULL, true },
	{ "another zone's name in it", STEM,
	  "example.org. IN DNSKEY 257 3 15 " PUBLIC "\n", HEAD SECRET, 0600,
	  "is not a key of example.com.", false },
	{ "no record", STEM, "; nothing\n", HEAD SECRET, 0600,
	  "has no DNSKEY record", false },
	{ "another record", STEM, "example.com. IN A 192.0.2.1\n",
	  HEAD SECRET, 0600, "has no DNSKEY record of class IN", false },
	{ "two records", STEM, RECORD RECORD, HEAD SECRET, 0600,
	  "has a second record", false },
	{ "no text of a record", STEM, "example.com. IN DNSKEY x y z\n", HEAD SECRET, 0600,
	  "is not a DNSKEY record", false },
	{ "a cut key", STEM, "example.com. IN DNSKEY 257 3 15 l02Woi0iS8A=\n",
	  HEAD SECRET, 0600, "is damaged", false },
	{ "an old algorithm", "Kexample.com.+008+03613",
	  "example.com. IN DNSKEY 257 3 8 AwEAAQ==\n", HEAD SECRET, 0600,
	  "only 13 (ECDSAP256SHA256) and 15 (ED25519) are used", false },
	{ "revoked", STEM, "example.com. IN DNSKEY 385 3 15 " PUBLIC "\n",
	  HEAD SECRET, 0600, "has flags 385", false },
	{ "another tag in its name", "Kexample.com.+015+03614", RECORD,
	  HEAD SECRET, 0600, "its key is 015+03613, not what its name says",
	  false },
	{ "another algorithm in its name", "Kexample.com.+013+03613", RECORD,
	  HEAD SECRET, 0600, "its key is 015+03613", false },
	{ "no PrivateKey", STEM, RECORD, HEAD "Algorithm: 15\n", 0600,
	  "has no PrivateKey of 32 octets", false },
	{ "a short PrivateKey", STEM, RECORD, HEAD "Algorithm: 15\n"
	  "PrivateKey: ODIy\n", 0600, "does not belong to the .key file", false },
	{ "a long PrivateKey", STEM, RECORD, HEAD "Algorithm: 15\nPrivateKey: "
	  "ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjIx\n", 0600,
	  "has no PrivateKey of 32 octets", false },
	{ "no base64", STEM, RECORD, HEAD "Algorithm: 15\nPrivateKey: "
	  "OD=yNjAz\n", 0600, "has no PrivateKey of 32 octets", false },
	{ "half written", STEM, RECORD, HEAD "Algorithm: 15 (ED25519)\n"
	  "PrivateKey: ODIyNjAzODQ2MjgwOD", 0600,
	  "has no PrivateKey of 32 octets", false },
	{ "a .private that is empty yet", STEM, RECORD, "", 0600,
	  "has no PrivateKey of 32 octets", false },
	{ "another secret", STEM, RECORD, HEAD "Algorithm: 15\nPrivateKey: "
	  "ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjM=\n", 0600,
	  "does not belong to the .key file", false },
	{ "another algorithm's secret", STEM, RECORD, HEAD "Algorithm: 13\n"
	  "PrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=\n", 0600,
	  "does not belong to the .key file", false },
	{ "no time", STEM, RECORD, HEAD SECRET "Publish: tomorrow\n", 0600,
	  "Publish: \"tomorrow\" is not a time", false },
	{ "no day", STEM, RECORD, HEAD SECRET "Delete: 20260231000000\n", 0600,
	  "is not a time", false },
	{ "no .private", STEM, RECORD, NULL, 0,
	  "No such file or directory [WR1207]", false },
	{ "not published yet", STEM, RECORD, HEAD SECRET
	  "Publish: 20990101000000\n", 0600, "no key is published now", false },
	{ "not active yet", STEM, RECORD, HEAD SECRET
	  "Activate: 20990101000000\n", 0600, "no key of ED25519 is active",
	  false },
	{ "a ZSK alone", "Kexample.com.+015+03612",
	  "example.com. IN DNSKEY 256 3 15 " PUBLIC "\n", HEAD SECRET, 0600,
	  "but no KSK (flags 257)", false },
	{ "readable for all", STEM, RECORD, HEAD SECRET, 0644,
	  "chmod 600 it [WR1205]", true },
	{ "readable for the group", STEM, RECORD, HEAD SECRET, 0640, NULL,
	  true },
	{ "another zone's alone", "Kexample.org.+015+03613", RECORD, HEAD SECRET,
	  0600, "has no key of example.com. (there is Kexample.org.", false },
};
/* clang-format on */

/* It says these words, or they are the end of it with its code. */
static void assert_finding(const struct finding *f, const char *says)
{
	char text[sizeof(f->error.text) + 16], code[CODE_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s [%s]", f->error.text,
		 code_text(f->code, code));
	assert_non_null(strstr(text, says));
}

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct bad_row *row = &bad[i];
		struct errors errs = { 0 };
		struct keyring *ring;
		char name[80];
		bool ok;

		print_message("%s\n", row->title);
		key_folder_empty();
		snprintf(name, sizeof(name), "%s.key", row->name);
		key_folder_write(name, row->public, 0644);
		snprintf(name, sizeof(name), "%s.private", row->name);
		if (row->secret != NULL)
			key_folder_write(name, row->secret, row->mode);
		ring = keyring_open(key_folder, ZONE, &errs);
		ok = ring != NULL &&
		     keyring_judge(ring, T, (struct place){ 0 }, &errs);
		errors_print(&errs, stdout);
		assert_int_equal(ok, row->fine);
		if (row->says == NULL)
			assert_int_equal(errs.count, 0);
		else
			assert_finding(&errs.list[0], row->says);
		keyring_free(ring);
		errors_fini(&errs);
	}
	key_folder_empty();
}

/* clang-format off */
static const struct time_row {
	const char *title;
	uint16_t flags;
	int64_t times_s[DNSKEY_TIMES]; /* from T */
	int64_t at_s;
	const char *state;
	bool published, active, synced;
	const char *next;
} times[] = {
#define AT(time, s) [DNSKEY_##time] = T + (s)
	{ "no times at all", DNSKEY_KSK, { 0 }, 0, "active", true, true, true, NULL },
	{ "a ZSK is never asked for", DNSKEY_ZSK, { 0 }, 0, "active", true, true, false, NULL },
	{ "before Publish", DNSKEY_KSK, { AT(PUBLISH, 1), AT(ACTIVATE, 9) }, 0, "waiting", false, false, false, "Publish" },
	{ "at Publish", DNSKEY_KSK, { AT(PUBLISH, 1), AT(ACTIVATE, 9) }, 1, "published", true, false, false, "Activate" },
	{ "before Activate", DNSKEY_KSK, { AT(ACTIVATE, 9) }, 8, "published", true, false, false, "Activate" },
	{ "at Activate", DNSKEY_KSK, { AT(ACTIVATE, 9) }, 9, "active", true, true, true, NULL },
	{ "active before it is published", DNSKEY_KSK, { AT(ACTIVATE, -9), AT(PUBLISH, 1) }, 0, "waiting", false, false, false, "Publish" },
	{ "before Inactive", DNSKEY_KSK, { AT(INACTIVE, 5), AT(DELETE, 7) }, 4, "active", true, true, true, "Inactive" },
	{ "at Inactive", DNSKEY_KSK, { AT(INACTIVE, 5), AT(DELETE, 7) }, 5, "retired", true, false, false, "Delete" },
	{ "at Delete", DNSKEY_KSK, { AT(INACTIVE, 5), AT(DELETE, 7) }, 7, "deleted", false, false, false, NULL },
	{ "deleted while active", DNSKEY_KSK, { AT(DELETE, 7) }, 7, "deleted", false, false, false, NULL },
	{ "before SyncPublish", DNSKEY_KSK, { AT(SYNC_PUBLISH, 3) }, 2, "active", true, true, false, "SyncPublish" },
	{ "at SyncPublish", DNSKEY_KSK, { AT(SYNC_PUBLISH, 3) }, 3, "active", true, true, true, NULL },
	{ "asked for before it is active", DNSKEY_KSK, { AT(SYNC_PUBLISH, 3), AT(ACTIVATE, 9) }, 3, "published", true, false, true, "Activate" },
	{ "asked for after it was", DNSKEY_KSK, { AT(SYNC_PUBLISH, -3), AT(INACTIVE, -1) }, 0, "retired", true, false, true, NULL },
	{ "at SyncDelete", DNSKEY_KSK, { AT(SYNC_DELETE, 3) }, 3, "active", true, true, false, NULL },
	{ "asked for and not published", DNSKEY_KSK, { AT(SYNC_PUBLISH, -3), AT(DELETE, -1) }, 0, "deleted", false, false, false, NULL },
	{ "Created is nothing to wait for", DNSKEY_KSK, { AT(CREATED, 5) }, 0, "active", true, true, true, NULL },
#undef AT
};
/* clang-format on */

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const struct time_row *row = &times[i];
		struct dnskey key = { .flags = row->flags };
		int64_t now_s = T + row->at_s, when_s;
		const char *next;

		print_message("%s\n", row->title);
		memcpy(key.times_s, row->times_s, sizeof(key.times_s));
		assert_string_equal(dnskey_state(&key, now_s), row->state);
		assert_int_equal(dnskey_is_published(&key, now_s),
				 row->published);
		assert_int_equal(dnskey_is_active(&key, now_s), row->active);
		assert_int_equal(dnskey_is_synced(&key, now_s), row->synced);
		next = dnskey_next(&key, now_s, &when_s);
		if (row->next == NULL) {
			assert_null(next);
			assert_true(when_s == DNSKEY_NEVER);
		} else {
			assert_string_equal(next, row->next);
			assert_true(when_s > now_s);
		}
	}
}

/* What is read is what was written, and others cannot read the secret. */
static void test_made_files_are_read(void **state)
{
	static const char *const words[] = { "ecdsap256", "ed25519" };
	int64_t times_s[DNSKEY_TIMES];

	(void)state;
	key_folder_empty();
	for (size_t i = 0; i < DNSKEY_TIMES; i++)
		times_s[i] = T + (int64_t)i * DAY_S;
	for (size_t i = 0; i < 4; i++) {
		struct dnskey key =
			key_folder_make_key(words[i % 2], i < 2 ? 256 : 257,
					    times_s);
		char path[PATH_SIZE];
		struct error err;
		struct stat st;
		struct errors errs = { 0 };

		assert_int_equal(key.flags, i < 2 ? 256 : 257);
		assert_memory_equal(key.times_s, times_s, sizeof(times_s));
		assert_non_null(key.secret);
		assert_false(key.exposed);
		snprintf(path, sizeof(path), "%.*s.private",
			 (int)strlen(key.path) - 4, key.path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		/* The times can be changed, and the file stays private. */
		times_s[DNSKEY_DELETE] = 0;
		assert_true(keyfile_set_times(key.path, times_s, &err));
		snprintf(path, sizeof(path), "%s", key.path);
		dnskey_fini(&key);
		assert_true(dnskey_read(&key, path, ZONE, &errs));
		assert_memory_equal(key.times_s, times_s, sizeof(times_s));
		assert_false(key.exposed);
		dnskey_fini(&key);
		times_s[DNSKEY_DELETE] = T + 4 * DAY_S;
	}
	key_folder_empty();
}

/* "Inactive: UNSET" or "Inactive: 20260601..." of dnssec-settime -p. */
static void assert_bind_reads(const struct dnskey *key, const char *expected)
{
	char command[2 * PATH_SIZE], line[200], all[2000] = "";
	FILE *out;

	snprintf(command, sizeof(command),
		 "TZ=UTC dnssec-settime -u -p all %s 2>&1", key->path);
	out = popen(command, "r");
	assert_non_null(out);
	while (fgets(line, sizeof(line), out) != NULL)
		strncat(all, line, sizeof(all) - strlen(all) - 1);
	assert_int_equal(pclose(out), 0);
	print_message("%s", all);
	assert_non_null(strstr(all, expected));
}

static void test_bind_reads_them(void **state)
{
	int64_t times_s[DNSKEY_TIMES] = { T, T, T };
	struct dnskey key;
	uint8_t ds[DNSKEY_DS_OCTETS];
	char command[2 * PATH_SIZE], line[400], hex[65];
	FILE *out;

	(void)state;
	if (system("command -v dnssec-settime >/dev/null") != 0)
		skip();
	times_s[DNSKEY_SYNC_DELETE] = T + DAY_S;
	key = key_folder_make_key("ed25519", DNSKEY_KSK, times_s);
	assert_bind_reads(&key, "SYNC Delete: 1780387200\n");
	assert_bind_reads(&key, "Inactive: UNSET\n");
	dnskey_ds(&key, (const uint8_t *)"\7example\3com", 13, ds);
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02X", ds[4 + i]);
	snprintf(command, sizeof(command), "dnssec-dsfromkey -2 %s", key.path);
	out = popen(command, "r");
	assert_non_null(out);
	assert_non_null(fgets(line, sizeof(line), out));
	assert_int_equal(pclose(out), 0);
	assert_non_null(strstr(line, hex));
	dnskey_fini(&key);
	key_folder_empty();
}

/* clang-format off */
static const struct roll_row {
	const char *title;
	uint16_t flags;
	int64_t inactive_s, ds_wait_s; /* from T; 0: none */
	int64_t publish_s, activate_s, retire_s, delete_s; /* delete 0: none */
} rolls[] = {
	{ "a ZSK", DNSKEY_ZSK, 0, 0, 0, 2 * HOUR_S, 2 * HOUR_S,
	  2 * HOUR_S + DAY_S + ROLL_MARGIN_S },
	{ "a ZSK that was to end later", DNSKEY_ZSK, 5 * DAY_S, 0,
	  5 * DAY_S - 2 * HOUR_S, 5 * DAY_S, 5 * DAY_S,
	  6 * DAY_S + ROLL_MARGIN_S },
	{ "a ZSK that was to end too soon", DNSKEY_ZSK, HOUR_S, 0, 0,
	  2 * HOUR_S, 2 * HOUR_S, 2 * HOUR_S + DAY_S + ROLL_MARGIN_S },
	{ "a CSK, by hand", DNSKEY_KSK, 0, 0, 0, 2 * HOUR_S, 2 * HOUR_S, 0 },
	{ "a CSK, by CDS", DNSKEY_KSK, 0, 7 * DAY_S, 0, 2 * HOUR_S, 2 * HOUR_S,
	  2 * HOUR_S + 8 * DAY_S + ROLL_MARGIN_S },
};
/* clang-format on */

/*
 * The plan, and what it is for, hour by hour: whatever DNSKEY RRset and
 * signatures a resolver holds for a TTL, one key is in both.
 */
static void test_rolls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rolls) / sizeof(rolls[0]); i++) {
		const struct roll_row *row = &rolls[i];
		struct dnskey before = { .flags = row->flags }, fresh = before;
		const struct roll roll = { &before, T, 2 * HOUR_S, DAY_S,
					   row->ds_wait_s };
		struct error err;
		int64_t fresh_s[DNSKEY_TIMES], before_s[DNSKEY_TIMES];

		print_message("%s\n", row->title);
		if (row->inactive_s != 0)
			before.times_s[DNSKEY_INACTIVE] = T + row->inactive_s;
		assert_true(roll_plan(&roll, fresh_s, before_s, &err));
		assert_int_equal(fresh_s[DNSKEY_PUBLISH], T + row->publish_s);
		assert_int_equal(fresh_s[DNSKEY_ACTIVATE], T + row->activate_s);
		assert_int_equal(before_s[DNSKEY_INACTIVE], T + row->retire_s);
		assert_int_equal(before_s[DNSKEY_DELETE],
				 row->delete_s == 0 ? 0 : T + row->delete_s);
		memcpy(fresh.times_s, fresh_s, sizeof(fresh_s));
		memcpy(before.times_s, before_s, sizeof(before_s));
		for (int64_t at = T; at < T + 20 * DAY_S; at += HOUR_S) {
			bool old_signs = dnskey_is_active(&before, at);
			bool new_signs = dnskey_is_active(&fresh, at);

			assert_true(old_signs != new_signs);
			/* Signatures are held for a day, keys for an hour. */
			if (old_signs)
				assert_true(dnskey_is_published(&before,
								at + DAY_S));
			if (new_signs)
				assert_true(dnskey_is_published(&fresh,
								at - HOUR_S));
			if (row->flags == DNSKEY_KSK)
				assert_true(dnskey_is_synced(&before, at) !=
					    dnskey_is_synced(&fresh, at));
		}
	}
}

static void test_only_active_keys_roll(void **state)
{
	struct dnskey before = { .path = key_folder, .flags = DNSKEY_ZSK };
	const struct roll roll = { &before, T, HOUR_S, DAY_S, 0 };
	int64_t fresh_s[DNSKEY_TIMES], before_s[DNSKEY_TIMES];
	struct error err;

	(void)state;
	before.times_s[DNSKEY_INACTIVE] = T - 1;
	assert_false(roll_plan(&roll, fresh_s, before_s, &err));
	assert_non_null(strstr(err.text, "is retired; only an active key"));
}

/* RFC 8080, 6.1: Ed25519 has one signature for a message. */
static void test_vector(void **state)
{
	static const char sig[] =
		"example.com. 3600 IN RRSIG MX 15 2 3600 20150819220000 "
		"20150729220000 3613 example.com. oL9krJun7xfBOIWcGHi7mag5/"
		"hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNA"
		"g==";
	ldns_buffer *buffer = ldns_buffer_new(1024);
	uint8_t out[SECRET_SIGNATURE_OCTETS];
	struct errors errs = { 0 };
	struct dnskey key;
	char path[PATH_SIZE];
	ldns_rr *rrsig, *mx;

	(void)state;
	key_folder_write(STEM ".key", RECORD, 0644);
	key_folder_write(STEM ".private", HEAD SECRET, 0600);
	snprintf(path, sizeof(path), "%s/%s.key", key_folder, STEM);
	assert_true(dnskey_read(&key, path, ZONE, &errs));
	assert_int_equal(key.tag, 3613);
	assert_int_equal(ldns_rr_new_frm_str(&rrsig, sig, 0, NULL, NULL), 0);
	assert_int_equal(ldns_rr_new_frm_str(&mx,
					     "example.com. 3600 IN MX 10 "
					     "mail.example.com.",
					     0, NULL, NULL),
			 0);
	ldns_rrsig2buffer_wire(buffer, rrsig);
	ldns_rr2buffer_wire_canonical(buffer, mx, LDNS_SECTION_ANSWER);
	assert_true(secret_sign(key.secret, ldns_buffer_begin(buffer),
				ldns_buffer_position(buffer), out));
	assert_memory_equal(out, ldns_rdf_data(ldns_rr_rrsig_sig(rrsig)),
			    sizeof(out));
	ldns_rr_free(rrsig);
	ldns_rr_free(mx);
	ldns_buffer_free(buffer);
	dnskey_fini(&key);
	key_folder_empty();
}

/* A stamp tells every change of a file, and no other. */
static void test_stamp(void **state)
{
	uint64_t empty, one, touched;

	(void)state;
	assert_int_equal(keyring_stamp("/nonexistent"), 0);
	empty = keyring_stamp(key_folder);
	key_folder_write("other", "x", 0600);
	assert_int_equal(keyring_stamp(key_folder), empty);
	key_folder_write(STEM ".key", RECORD, 0644);
	one = keyring_stamp(key_folder);
	assert_int_not_equal(one, empty);
	assert_int_equal(keyring_stamp(key_folder), one);
	key_folder_write(STEM ".key", RECORD, 0600);
	touched = keyring_stamp(key_folder);
	assert_int_not_equal(touched, one);
	key_folder_empty();
	assert_int_equal(keyring_stamp(key_folder), empty);
}

/* What signs what: the roles that a ring gives its keys. */
static void test_roles(void **state)
{
	int64_t times_s[DNSKEY_TIMES] = { T, T, T };
	struct errors errs = { 0 };
	struct keyring *ring;
	struct dnskey key;

	(void)state;
	key = key_folder_make_key("ecdsap256", DNSKEY_KSK, times_s);
	dnskey_fini(&key);
	times_s[DNSKEY_ACTIVATE] = T + DAY_S;
	key = key_folder_make_key("ecdsap256", DNSKEY_ZSK, times_s);
	dnskey_fini(&key);
	ring = keyring_open(key_folder, ZONE, &errs);
	assert_non_null(ring);
	assert_int_equal(ring->count, 2);
	assert_string_equal(keyring_role(ring, 0), "KSK");
	assert_string_equal(keyring_role(ring, 1), "ZSK");
	assert_int_equal(keyring_next(ring, T), T + DAY_S);
	assert_true(keyring_next(ring, T + DAY_S) == DNSKEY_NEVER);
	/* Until the ZSK is active the KSK signs all, and it is told. */
	assert_true(keyring_judge(ring, T, (struct place){ 0 }, &errs));
	assert_int_equal(errs.count, 1);
	assert_non_null(
		strstr(errs.list[0].error.text, "its KSK signs everything"));
	assert_int_equal(errs.list[0].code, CODE_KEYS_KSK);
	assert_true(keyring_signs_keys(ring, 0, T));
	assert_true(keyring_signs_zone(ring, 0, T));
	assert_false(keyring_signs_zone(ring, 1, T));
	assert_false(keyring_signs_zone(ring, 0, T + DAY_S));
	assert_true(keyring_signs_zone(ring, 1, T + DAY_S));
	assert_false(keyring_signs_keys(ring, 1, T + DAY_S));
	keyring_free(ring);
	errors_fini(&errs);
	key_folder_empty();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_made_files_are_read),
		cmocka_unit_test(test_bind_reads_them),
		cmocka_unit_test(test_rolls),
		cmocka_unit_test(test_only_active_keys_roll),
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_roles),
	};

	return cmocka_run_group_tests(tests, key_folder_set_up,
				      key_folder_tear_down);
}
