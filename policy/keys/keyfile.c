/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/keys/keyfile.h"

#include "policy/base/error.h"
#include "policy/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ldns/ldns.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

enum {
	TRIES_MAX = 100, /* to find a tag of its own, of 65,536 */
	BASE64_SIZE = 4 * ((SECRET_PUBLIC_MAX + 2) / 3) + 1,
	PUBLIC_MODE = 0644,
	FOLDER_MODE = 0700,
	SECRET_MODE = 0600,
};

static bool fail_errno(struct error *err, const char *path)
{
	error_set(err, "%s: cannot write: %s", path, strerror(errno));
	return false;
}

/* Takes the mode and owner of the file that it replaces, if there is one. */
static bool make_file(const char *path, const char *text, size_t len,
		      mode_t mode, const char *replaced)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	struct stat st;
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	if (replaced != NULL && stat(replaced, &st) == 0)
		ok = fchown(fd, st.st_uid, st.st_gid) == 0 &&
		     fchmod(fd, st.st_mode & 07777) == 0 && ok;
	return close(fd) == 0 && ok;
}

static bool replace_file(const char *path, const char *text, size_t len,
			 struct error *err)
{
	char beside[PATH_MAX];

	snprintf(beside, sizeof(beside), "%s.new", path);
	unlink(beside);
	if (make_file(beside, text, len, SECRET_MODE, path) &&
	    rename(beside, path) == 0)
		return true;
	fail_errno(err, path);
	unlink(beside);
	return false;
}

/* "; Publish: 20261121083441 (Sat Nov 21 08:34:41 2026)" or without both. */
static void put_times(FILE *out, const int64_t *times_s, bool comments)
{
	for (size_t i = 0; i < DNSKEY_TIMES; i++) {
		time_t when = (time_t)times_s[i];
		char digits[32], people[32];
		struct tm tm;

		if (when == 0 || gmtime_r(&when, &tm) == NULL)
			continue;
		strftime(digits, sizeof(digits), "%Y%m%d%H%M%S", &tm);
		strftime(people, sizeof(people), "%a %b %e %H:%M:%S %Y", &tm);
		if (comments)
			fprintf(out, "; %s: %s (%s)\n",
				dnskey_time_name((enum dnskey_time)i), digits,
				people);
		else
			fprintf(out, "%s: %s\n",
				dnskey_time_name((enum dnskey_time)i), digits);
	}
}

static bool is_time(const char *line)
{
	line += strspn(line, "; ");
	for (size_t i = 0; i < DNSKEY_TIMES; i++) {
		const char *name = dnskey_time_name((enum dnskey_time)i);
		size_t len = strlen(name);

		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return true;
	}
	return false;
}

/*
 * The text of a key file with other times: in .key files they stand before the
 * record, in .private files at the end.
 */
static void put_changed(FILE *out, char *text, const int64_t *times_s,
			bool comments)
{
	bool put = false;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (is_time(line) || (text == NULL && line[0] == '\0'))
			continue;
		if (comments && !put && line[0] != ';') {
			put_times(out, times_s, true);
			put = true;
		}
		fprintf(out, "%s\n", line);
	}
	if (!comments)
		put_times(out, times_s, false);
}

static bool change_file(const char *path, const int64_t *times_s, bool comments,
			struct error *err)
{
	char *text, *changed = NULL;
	size_t len, changed_len;
	FILE *out;
	bool ok;

	text = file_read(path, DNSKEY_FILE_MAX, &len, err);
	if (text == NULL)
		return false;
	out = open_memstream(&changed, &changed_len);
	if (out != NULL)
		put_changed(out, text, times_s, comments);
	ok = out != NULL && fclose(out) == 0;
	if (!ok)
		error_set(err, "%s: out of memory", path);
	ok = ok && replace_file(path, changed, changed_len, err);
	OPENSSL_cleanse(text, len);
	if (changed != NULL)
		OPENSSL_cleanse(changed, changed_len);
	free(changed);
	free(text);
	return ok;
}

/*
 * The .private file counts, so it is the last: half a change is none.  A key
 * whose secret is kept elsewhere has none.
 */
bool keyfile_set_times(const char *path, const int64_t times_s[DNSKEY_TIMES],
		       struct error *err)
{
	char private[PATH_MAX];

	snprintf(private, sizeof(private), "%.*s.private",
		 (int)(strlen(path) - strlen(".key")), path);
	return change_file(path, times_s, true, err) &&
	       ((access(private, F_OK) != 0 && errno == ENOENT) ||
		change_file(private, times_s, false, err));
}

/* Both halves of a key that is being made. */
struct fresh {
	const struct keyfile_wish *wish;
	uint8_t secret[SECRET_OCTETS];
	uint8_t rdata[DNSKEY_RDATA_MAX];
	size_t rdata_len;
	uint16_t tag;
	char stem[PATH_MAX]; /* of both paths */
};

static void set_stem(struct fresh *f, unsigned algorithm)
{
	snprintf(f->stem, sizeof(f->stem), "%s/K%s+%03u+%05u",
		 f->wish->directory, f->wish->zone, algorithm, f->tag);
}

static bool exists(const struct fresh *f, const char *ending)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s%s", f->stem, ending);
	return access(path, F_OK) == 0;
}

/* People tell keys apart by their tags, whatever the algorithm. */
static bool tag_is_taken(struct fresh *f)
{
	bool taken = false;

	for (unsigned number = 0; number < 256; number++) {
		if (secret_algorithm(number) == NULL)
			continue;
		set_stem(f, number);
		taken = exists(f, ".key") || exists(f, ".private") || taken;
	}
	return taken;
}

static bool draw(struct fresh *f, struct error *err)
{
	const struct secret_algorithm *algorithm = f->wish->algorithm;

	f->rdata[0] = (uint8_t)(f->wish->flags >> 8);
	f->rdata[1] = (uint8_t)f->wish->flags;
	f->rdata[2] = 3; /* RFC 4034, 2.1.2 */
	f->rdata[3] = algorithm->number;
	f->rdata_len = 4 + algorithm->public_octets;
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		if (!secret_make(algorithm, f->secret, f->rdata + 4))
			break;
		f->tag = ldns_calc_keytag_raw(f->rdata, f->rdata_len);
		if (tag_is_taken(f))
			continue;
		set_stem(f, algorithm->number);
		return true;
	}
	error_set(err, "%s: cannot make a key of %s", f->wish->directory,
		  algorithm->name);
	return false;
}

static void put_public(FILE *out, const struct fresh *f)
{
	const struct keyfile_wish *wish = f->wish;
	unsigned char text[BASE64_SIZE];

	EVP_EncodeBlock(text, f->rdata + 4, (int)f->rdata_len - 4);
	fprintf(out, "; This is a %s-signing key, keyid %u, for %s\n",
		wish->flags == DNSKEY_KSK ? "key" : "zone", f->tag, wish->zone);
	put_times(out, wish->times_s, true);
	fprintf(out, "%s IN DNSKEY %u 3 %u %s\n", wish->zone, wish->flags,
		wish->algorithm->number, text);
}

static void put_secret(FILE *out, const struct fresh *f)
{
	const struct secret_algorithm *algorithm = f->wish->algorithm;
	unsigned char text[BASE64_SIZE];

	EVP_EncodeBlock(text, f->secret, SECRET_OCTETS);
	fprintf(out,
		"Private-key-format: v1.3\nAlgorithm: %u (%s)\n"
		"PrivateKey: %s\n",
		algorithm->number, algorithm->name, text);
	put_times(out, f->wish->times_s, false);
	OPENSSL_cleanse(text, sizeof(text));
}

static bool put_file(const struct fresh *f, const char *ending, mode_t mode,
		     struct error *err)
{
	char path[PATH_MAX + 16], text[2048];
	FILE *out = fmemopen(text, sizeof(text), "w");
	bool ok;

	snprintf(path, sizeof(path), "%s%s", f->stem, ending);
	if (out == NULL)
		return fail_errno(err, path);
	if (mode == SECRET_MODE)
		put_secret(out, f);
	else
		put_public(out, f);
	ok = fclose(out) == 0 &&
	     make_file(path, text, strlen(text), mode, NULL);
	if (!ok)
		fail_errno(err, path);
	OPENSSL_cleanse(text, sizeof(text));
	return ok;
}

/* The .key file is the last: keys are found by it. */
char *keyfile_make(const struct keyfile_wish *wish, struct error *err)
{
	struct fresh f = { .wish = wish };
	char *path = NULL;

	if (strchr(wish->zone, '/') != NULL) {
		error_set(err, "%s cannot be part of a file name", wish->zone);
		return NULL;
	}
	if (mkdir(wish->directory, FOLDER_MODE) != 0 && errno != EEXIST) {
		fail_errno(err, wish->directory);
		return NULL;
	}
	if (draw(&f, err) && put_file(&f, ".private", SECRET_MODE, err) &&
	    put_file(&f, ".key", PUBLIC_MODE, err) &&
	    asprintf(&path, "%s.key", f.stem) < 0)
		path = NULL;
	OPENSSL_cleanse(&f.secret, sizeof(f.secret));
	return path;
}
