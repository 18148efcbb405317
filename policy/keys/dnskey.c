/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/keys/dnskey.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/language/code.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <ldns/ldns.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

static const char *const time_names[] = {
	[DNSKEY_CREATED] = "Created",
	[DNSKEY_PUBLISH] = "Publish",
	[DNSKEY_ACTIVATE] = "Activate",
	[DNSKEY_INACTIVE] = "Inactive",
	[DNSKEY_DELETE] = "Delete",
	[DNSKEY_SYNC_PUBLISH] = "SyncPublish",
	[DNSKEY_SYNC_DELETE] = "SyncDelete",
};

static_assert(sizeof(time_names) / sizeof(time_names[0]) == DNSKEY_TIMES,
	      "a name a time");

enum { SECRET_TEXT_OCTETS = 44 };

/* What is read from, for errors, and where it goes. */
struct reading {
	struct dnskey *key;
	const char *path;
	struct errors *errs;
	unsigned line;
	unsigned algorithm; /* as .private has it; 0: not yet */
	uint8_t secret[SECRET_OCTETS + 1];
	size_t secret_len; /* 0: not yet */
};

const char *dnskey_time_name(enum dnskey_time time)
{
	return time_names[time];
}

static void refuse(struct reading *r, const char *what)
{
	errors_add(r->errs, CODE_KEY_FILE,
		   (struct place){ .file = r->path, .line = r->line }, "%s",
		   what);
}

bool dnskey_time_parse(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	const char *end;
	char digits[15], again[16];

	if (strspn(text, "0123456789") != 14)
		return false;
	memcpy(digits, text, 14);
	digits[14] = '\0';
	end = strptime(digits, "%Y%m%d%H%M%S", &tm);
	if (end == NULL || *end != '\0')
		return false;
	*out = timegm(&tm);
	/* The 31st of February is another day when it is written again. */
	strftime(again, sizeof(again), "%Y%m%d%H%M%S", &tm);
	return strcmp(again, digits) == 0;
}

static bool take_time(struct reading *r, const char *name, const char *value)
{
	char what[120];

	for (size_t i = 0; i < DNSKEY_TIMES; i++) {
		if (strcmp(name, time_names[i]) != 0)
			continue;
		if (dnskey_time_parse(value, &r->key->times_s[i]))
			return true;
		snprintf(what, sizeof(what),
			 "%s: \"%.30s\" is not a time; write it in UTC like "
			 "20261121083000",
			 name, value);
		refuse(r, what);
		return false;
	}
	return true;
}

/*
 * Up to 32 octets in base64, how many; 0 when it is something else.  BIND
 * leaves out the octets that are 0 at the front, which one ECDSA key in 256
 * has.
 */
static size_t parse_secret(const char *text, uint8_t out[SECRET_OCTETS + 1])
{
	size_t len = strlen(text), digits = strcspn(text, "=");
	int octets;

	if (len > SECRET_TEXT_OCTETS || len == 0 || len % 4 != 0 ||
	    len - digits > 2 || digits + strspn(text + digits, "=") != len)
		return 0;
	octets = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len) -
		 (int)(len - digits);
	return octets < 0 || octets > SECRET_OCTETS ? 0 : (size_t)octets;
}

/* One "Name: value"; names that are not ours are somebody else's. */
static bool take_field(struct reading *r, const char *name, const char *value)
{
	if (strcmp(name, "Algorithm") == 0)
		r->algorithm = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "PrivateKey") == 0)
		r->secret_len = parse_secret(value, r->secret);
	else
		return take_time(r, name, value);
	return true;
}

/* In .key files, fields are comments; in .private files they are not. */
static bool take_line(struct reading *r, char *line)
{
	char *colon;

	line += strspn(line, "; \t");
	line[strcspn(line, "\r")] = '\0';
	colon = strstr(line, ": ");
	if (colon == NULL)
		return true;
	*colon = '\0';
	return take_field(r, line, colon + 2);
}

/* Walks the lines of text, which it takes apart. */
static bool take_lines(struct reading *r, char *text, bool comments_only)
{
	bool ok = true;

	for (r->line = 1; text != NULL; r->line++) {
		char *line = strsep(&text, "\n");

		if (!comments_only || line[0] == ';')
			ok = take_line(r, line) && ok;
	}
	r->line = 0;
	return ok;
}

static bool is_zone(const ldns_rr *rr, const char *zone)
{
	ldns_rdf *name = ldns_dname_new_frm_str(zone);
	bool same = name != NULL &&
		    ldns_dname_compare(ldns_rr_owner(rr), name) == 0;

	ldns_rdf_deep_free(name);
	return same;
}

static bool take_rdata(struct reading *r, const ldns_rr *rr)
{
	ldns_buffer *buffer = ldns_buffer_new(512);
	struct dnskey *key = r->key;
	size_t len = 0;

	if (buffer != NULL &&
	    ldns_rr_rdata2buffer_wire(buffer, rr) == LDNS_STATUS_OK)
		len = ldns_buffer_position(buffer);
	if (len >= 4 && len <= sizeof(key->rdata)) {
		memcpy(key->rdata, ldns_buffer_begin(buffer), len);
		key->rdata_len = (uint16_t)len;
		key->flags = (uint16_t)(key->rdata[0] << 8 | key->rdata[1]);
		key->algorithm = key->rdata[3];
		key->tag = ldns_calc_keytag_raw(key->rdata, len);
	}
	ldns_buffer_free(buffer);
	return len >= 4;
}

static bool judge_record(struct reading *r, const ldns_rr *rr, const char *zone)
{
	const struct secret_algorithm *algorithm;
	char what[200];

	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_DNSKEY ||
	    ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || !take_rdata(r, rr)) {
		refuse(r, "has no DNSKEY record of class IN");
		return false;
	}
	algorithm = secret_algorithm(ldns_rdf2native_int8(ldns_rr_rdf(rr, 2)));
	if (!is_zone(rr, zone))
		snprintf(what, sizeof(what),
			 "is not a key of %.80s, which its file name says; "
			 "name the file after the zone it is for",
			 zone);
	else if (algorithm == NULL)
		snprintf(what, sizeof(what),
			 "has algorithm %d; only 13 (ECDSAP256SHA256) and 15 "
			 "(ED25519) are used: make another key",
			 ldns_rdf2native_int8(ldns_rr_rdf(rr, 2)));
	else if (r->key->rdata[2] != 3 ||
		 r->key->rdata_len != 4 + algorithm->public_octets)
		snprintf(what, sizeof(what), "is damaged: not a key of %s",
			 algorithm->name);
	else if (r->key->flags != DNSKEY_ZSK && r->key->flags != DNSKEY_KSK)
		snprintf(what, sizeof(what),
			 "has flags %u; only 256 (ZSK) and 257 (KSK, CSK) are "
			 "used; a revoked key (RFC 5011) is taken out",
			 r->key->flags);
	else
		return true;
	refuse(r, what);
	return false;
}

/* The one record among the comments. */
static bool take_record(struct reading *r, char *text, const char *zone)
{
	ldns_rr *rr = NULL;
	bool ok = false;

	for (r->line = 1; text != NULL; r->line++) {
		char *line = strsep(&text, "\n");

		line[strcspn(line, "\r")] = '\0';
		if (line[0] == ';' || line[strspn(line, " \t")] == '\0')
			continue;
		if (rr != NULL) {
			refuse(r, "has a second record; a key file has one");
			ok = false;
			break;
		}
		if (ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) !=
		    LDNS_STATUS_OK) {
			refuse(r, "is not a DNSKEY record");
			r->line = 0;
			return false;
		}
		ok = judge_record(r, rr, zone);
	}
	r->line = 0;
	if (rr == NULL)
		refuse(r, "has no DNSKEY record");
	ldns_rr_free(rr);
	return ok;
}

/* The name says what is in it, and tools find keys by it. */
static bool judge_name(struct reading *r)
{
	const char *name = strrchr(r->path, '/');
	char ending[32], what[120];
	size_t len, ending_len;

	name = name == NULL ? r->path : name + 1;
	len = strlen(name);
	snprintf(ending, sizeof(ending), "+%03u+%05u.key", r->key->algorithm,
		 r->key->tag);
	ending_len = strlen(ending);
	if (len >= ending_len && strcmp(name + len - ending_len, ending) == 0)
		return true;
	snprintf(what, sizeof(what),
		 "its key is %03u+%05u, not what its name says; the file was "
		 "changed or renamed",
		 r->key->algorithm, r->key->tag);
	refuse(r, what);
	return false;
}

static bool read_public(struct reading *r, const char *zone)
{
	struct error err;
	size_t len;
	char *text = file_read(r->path, DNSKEY_FILE_MAX, &len, &err), *copy;
	bool ok;

	if (text == NULL) {
		errors_push(r->errs, CODE_KEY_FILE, &err);
		return false;
	}
	copy = strdup(text);
	ok = copy != NULL && take_record(r, text, zone) && judge_name(r);
	/* What a key without its secret is asked to do stands here. */
	if (ok)
		ok = take_lines(r, copy, true);
	free(copy);
	free(text);
	return ok;
}

static bool join_halves(struct reading *r)
{
	const struct secret_algorithm *algorithm =
		secret_algorithm(r->key->algorithm);
	size_t zeros = SECRET_OCTETS - r->secret_len;

	if (r->secret_len == 0) {
		refuse(r, "has no PrivateKey of 32 octets in base64");
		return false;
	}
	memmove(r->secret + zeros, r->secret, r->secret_len);
	memset(r->secret, 0, zeros);
	if (r->algorithm == algorithm->number)
		r->key->secret =
			secret_new(algorithm, r->secret, r->key->rdata + 4);
	if (r->key->secret != NULL)
		return true;
	refuse(r, "does not belong to the .key file beside it");
	return false;
}

/* One that cannot be read leaves a key that cannot sign: its owner may keep
 * the secret elsewhere.  One that can be read has to be right. */
static bool read_secret(struct reading *r)
{
	struct error err;
	struct stat st;
	size_t len;
	char *text = file_read(r->path, DNSKEY_FILE_MAX, &len, &err);
	bool ok;

	if (text == NULL) {
		r->key->trouble = strdup(err.text);
		return true;
	}
	memset(r->key->times_s, 0, sizeof(r->key->times_s));
	ok = take_lines(r, text, false) && join_halves(r);
	OPENSSL_cleanse(text, len);
	OPENSSL_cleanse(r->secret, sizeof(r->secret));
	free(text);
	if (stat(r->path, &st) == 0)
		r->key->exposed = (st.st_mode & (S_IRWXO | S_IWGRP)) != 0;
	return ok;
}

bool dnskey_read(struct dnskey *key, const char *path, const char *zone,
		 struct errors *errs)
{
	struct reading r = {
		.key = key,
		.path = path,
		.errs = errs,
	};
	size_t stem = strlen(path) - strlen(".key");
	char *private;
	bool ok;

	*key = (struct dnskey){ .path = strdup(path) };
	if (key->path == NULL || !read_public(&r, zone))
		return false;
	if (asprintf(&private, "%.*s.private", (int)stem, path) < 0)
		return false;
	r.path = private;
	ok = read_secret(&r);
	free(private);
	return ok;
}

void dnskey_fini(struct dnskey *key)
{
	free(key->path);
	free(key->trouble);
	secret_free(key->secret);
	*key = (struct dnskey){ 0 };
}

static bool has_begun(const struct dnskey *key, enum dnskey_time time,
		      int64_t now_s)
{
	return key->times_s[time] <= now_s;
}

static bool has_ended(const struct dnskey *key, enum dnskey_time time,
		      int64_t now_s)
{
	return key->times_s[time] != 0 && key->times_s[time] <= now_s;
}

bool dnskey_is_published(const struct dnskey *key, int64_t now_s)
{
	return has_begun(key, DNSKEY_PUBLISH, now_s) &&
	       !has_ended(key, DNSKEY_DELETE, now_s);
}

bool dnskey_is_active(const struct dnskey *key, int64_t now_s)
{
	return dnskey_is_published(key, now_s) &&
	       has_begun(key, DNSKEY_ACTIVATE, now_s) &&
	       !has_ended(key, DNSKEY_INACTIVE, now_s);
}

bool dnskey_is_synced(const struct dnskey *key, int64_t now_s)
{
	if (key->flags != DNSKEY_KSK || !dnskey_is_published(key, now_s) ||
	    has_ended(key, DNSKEY_SYNC_DELETE, now_s))
		return false;
	return key->times_s[DNSKEY_SYNC_PUBLISH] == 0
		       ? dnskey_is_active(key, now_s)
		       : has_begun(key, DNSKEY_SYNC_PUBLISH, now_s);
}

const char *dnskey_next(const struct dnskey *key, int64_t now_s,
			int64_t *when_s)
{
	const char *name = NULL;

	*when_s = DNSKEY_NEVER;
	for (size_t i = DNSKEY_PUBLISH; i < DNSKEY_TIMES; i++)
		if (key->times_s[i] > now_s && key->times_s[i] < *when_s) {
			*when_s = key->times_s[i];
			name = time_names[i];
		}
	return name;
}

void dnskey_ds(const struct dnskey *key, const uint8_t *owner, size_t owner_len,
	       uint8_t out[DNSKEY_DS_OCTETS])
{
	enum { SHA256_TYPE = 2, NAME_MAX_OCTETS = 255 };
	uint8_t octets[NAME_MAX_OCTETS + DNSKEY_RDATA_MAX];

	assert(owner_len <= NAME_MAX_OCTETS);
	memcpy(octets, owner, owner_len);
	memcpy(octets + owner_len, key->rdata, key->rdata_len);
	out[0] = (uint8_t)(key->tag >> 8);
	out[1] = (uint8_t)key->tag;
	out[2] = key->algorithm;
	out[3] = SHA256_TYPE;
	SHA256(octets, owner_len + key->rdata_len, out + 4);
}

const char *dnskey_state(const struct dnskey *key, int64_t now_s)
{
	if (has_ended(key, DNSKEY_DELETE, now_s))
		return "deleted";
	if (!dnskey_is_published(key, now_s))
		return "waiting";
	if (dnskey_is_active(key, now_s))
		return "active";
	return has_ended(key, DNSKEY_INACTIVE, now_s) ? "retired" : "published";
}
