/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/keys/keyring.h"

#include "policy/base/hash.h"
#include "policy/language/code.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* "Kexample.com.+013+12345.key" is one of example.com. */
static bool is_key_file(const char *name)
{
	size_t len = strlen(name);

	return name[0] == 'K' && len > 4 &&
	       strcmp(name + len - 4, ".key") == 0 && strchr(name, '+') != NULL;
}

static bool is_of_zone(const char *name, const char *zone)
{
	size_t len = strlen(zone);

	return strncasecmp(name + 1, zone, len) == 0 && name[1 + len] == '+';
}

static int compare_keys(const void *left, const void *right)
{
	const struct dnskey *a = left, *b = right;

	if (a->algorithm != b->algorithm)
		return a->algorithm < b->algorithm ? -1 : 1;
	if (a->flags != b->flags)
		return a->flags > b->flags ? -1 : 1;
	return (a->tag > b->tag) - (a->tag < b->tag);
}

static bool add_file(struct keyring *ring, const char *directory,
		     const char *name, struct errors *errs)
{
	struct place at = { .file = directory };
	char *path;
	bool ok;

	if (ring->count == KEYRING_MAX) {
		errors_add(errs, CODE_KEYS_MANY, at,
			   "has more than %d keys of %s; remove those that "
			   "are deleted",
			   KEYRING_MAX, ring->zone);
		return false;
	}
	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		errors_add(errs, CODE_MEMORY, at, "out of memory for keys");
		return false;
	}
	ok = dnskey_read(&ring->keys[ring->count++], path, ring->zone, errs);
	free(path);
	return ok;
}

/* Every key is read, so that all mistakes are told at once. */
static bool read_directory(struct keyring *ring, const char *directory,
			   DIR *dir, struct errors *errs)
{
	char other[120] = "";
	const struct dirent *entry;
	bool ok = true;

	while ((entry = readdir(dir)) != NULL) {
		if (!is_key_file(entry->d_name))
			continue;
		if (is_of_zone(entry->d_name, ring->zone))
			ok = add_file(ring, directory, entry->d_name, errs) &&
			     ok;
		else
			snprintf(other, sizeof(other), " (there is %.90s)",
				 entry->d_name);
	}
	if (ok && ring->count == 0) {
		errors_add(errs, CODE_KEYS_MISSING,
			   (struct place){ .file = directory },
			   "has no key of %s%s; make one: windrose keygen "
			   "%s --keys %s",
			   ring->zone, other, ring->zone, directory);
		ok = false;
	}
	return ok;
}

/* A validator tells keys of an algorithm apart by their tags alone. */
static bool judge_tags(const struct keyring *ring, struct errors *errs)
{
	for (size_t i = 1; i < ring->count; i++) {
		const struct dnskey *a = &ring->keys[i - 1];
		const struct dnskey *b = &ring->keys[i];

		if (a->algorithm != b->algorithm || a->tag != b->tag)
			continue;
		errors_add(errs, CODE_KEYS_MANY,
			   (struct place){ .file = b->path },
			   "has the same key tag as %s; remove one and make "
			   "another key",
			   a->path);
		return false;
	}
	return true;
}

struct keyring *keyring_open(const char *directory, const char *zone,
			     struct errors *errs)
{
	struct keyring *ring = calloc(1, sizeof(*ring));
	DIR *dir = opendir(directory);
	bool ok = false;

	if (dir == NULL)
		errors_add(errs, CODE_FILE_UNREADABLE,
			   (struct place){ .file = directory },
			   "cannot read the directory of keys: %s",
			   strerror(errno));
	if (ring != NULL) {
		ring->zone = strdup(zone);
		ring->keys = calloc(KEYRING_MAX, sizeof(ring->keys[0]));
	}
	if (ring == NULL || ring->zone == NULL || ring->keys == NULL)
		errors_add(errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory for keys");
	else if (dir != NULL)
		ok = read_directory(ring, directory, dir, errs);
	if (dir != NULL)
		closedir(dir);
	if (ok) {
		qsort(ring->keys, ring->count, sizeof(ring->keys[0]),
		      compare_keys);
		ok = judge_tags(ring, errs);
	}
	if (ok)
		return ring;
	keyring_free(ring);
	return NULL;
}

struct keyring *keyring_public(const struct keyring *ring)
{
	struct keyring *copy = calloc(1, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	copy->zone = strdup(ring->zone);
	copy->keys = calloc(ring->count, sizeof(copy->keys[0]));
	if (copy->zone == NULL || copy->keys == NULL) {
		keyring_free(copy);
		return NULL;
	}
	for (size_t i = 0; i < ring->count; i++) {
		struct dnskey *key = &copy->keys[copy->count++];

		*key = ring->keys[i];
		key->secret = NULL;
		key->trouble = NULL;
		key->path = strdup(ring->keys[i].path);
		if (key->path == NULL) {
			keyring_free(copy);
			return NULL;
		}
	}
	return copy;
}

/*
 * One file's name, size and times, of its inode too: others may read it after a
 * chown.  The sum does not depend on the order of files.
 */
static uint64_t stamp_of(int directory, const char *name)
{
	uint64_t hash = hash_octets(HASH_FNV_OFFSET, name, strlen(name));
	struct stat st;

	if (fstatat(directory, name, &st, 0) != 0)
		return hash_mix(hash);
	hash = hash_octets(hash, &st.st_size, sizeof(st.st_size));
	hash = hash_octets(hash, &st.st_mtim, sizeof(st.st_mtim));
	hash = hash_octets(hash, &st.st_ctim, sizeof(st.st_ctim));
	return hash_mix(hash);
}

uint64_t keyring_stamp(const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	uint64_t sum = 1;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] == 'K')
			sum += stamp_of(dirfd(dir), entry->d_name);
	closedir(dir);
	return sum;
}

void keyring_free(struct keyring *ring)
{
	if (ring == NULL)
		return;
	for (size_t i = 0; i < ring->count; i++)
		dnskey_fini(&ring->keys[i]);
	free(ring->keys);
	free(ring->zone);
	free(ring);
}

bool keyring_signs_keys(const struct keyring *ring, size_t index, int64_t now_s)
{
	const struct dnskey *key = &ring->keys[index];

	return key->flags == DNSKEY_KSK && key->secret != NULL &&
	       dnskey_is_published(key, now_s);
}

static bool can_sign(const struct dnskey *key, int64_t now_s)
{
	return key->secret != NULL && dnskey_is_active(key, now_s);
}

static bool has_zsk(const struct keyring *ring, uint8_t algorithm,
		    int64_t now_s)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->keys[i].algorithm == algorithm &&
		    ring->keys[i].flags == DNSKEY_ZSK &&
		    can_sign(&ring->keys[i], now_s))
			return true;
	return false;
}

bool keyring_signs_zone(const struct keyring *ring, size_t index, int64_t now_s)
{
	const struct dnskey *key = &ring->keys[index];

	return can_sign(key, now_s) && (key->flags == DNSKEY_ZSK ||
					!has_zsk(ring, key->algorithm, now_s));
}

/* What the published keys of one algorithm can do between them. */
struct ability {
	bool keys, zone; /* sign DNSKEY; sign the rest */
	bool zsk, ksk;   /* are there any? */
	bool by_ksk;     /* the rest is signed by a KSK */
};

static struct ability ability_of(const struct keyring *ring, uint8_t algorithm,
				 int64_t now_s)
{
	struct ability is = { 0 };

	for (size_t i = 0; i < ring->count; i++) {
		const struct dnskey *key = &ring->keys[i];

		if (key->algorithm != algorithm ||
		    !dnskey_is_published(key, now_s))
			continue;
		is.zsk = is.zsk || key->flags == DNSKEY_ZSK;
		is.ksk = is.ksk || key->flags == DNSKEY_KSK;
		is.keys = is.keys || keyring_signs_keys(ring, i, now_s);
		if (!keyring_signs_zone(ring, i, now_s))
			continue;
		is.zone = true;
		is.by_ksk = is.by_ksk || key->flags == DNSKEY_KSK;
	}
	return is;
}

static void judge_algorithm(const struct keyring *ring, uint8_t algorithm,
			    int64_t now_s, struct place at, struct errors *errs)
{
	const char *name = secret_algorithm(algorithm)->name;
	struct ability is = ability_of(ring, algorithm, now_s);

	if (!is.ksk)
		errors_add(errs, CODE_KEYS_MISSING, at,
			   "%s: keys of %s are published, but no KSK (flags "
			   "257), which has to sign them; publish one",
			   ring->zone, name);
	else if (!is.keys)
		errors_add(errs, CODE_KEYS_MISSING, at,
			   "%s: no published KSK of %s has its .private file; "
			   "put it there, readable for this user",
			   ring->zone, name);
	else if (!is.zone)
		errors_add(errs, CODE_KEYS_MISSING, at,
			   "%s: no key of %s is active, and each published "
			   "algorithm must sign everything (RFC 4035, 2.2); "
			   "set Activate or Delete of its keys",
			   ring->zone, name);
	else if (is.zsk && is.by_ksk)
		errors_warn(errs, CODE_KEYS_KSK, at,
			    "%s: no ZSK of %s is active; its KSK signs "
			    "everything until one is",
			    ring->zone, name);
}

static void warn_of_secrets(const struct keyring *ring, int64_t now_s,
			    struct errors *errs)
{
	for (size_t i = 0; i < ring->count; i++) {
		const struct dnskey *key = &ring->keys[i];
		struct place at = { .file = key->path };

		if (!dnskey_is_published(key, now_s))
			continue;
		if (key->trouble != NULL)
			errors_warn(errs, CODE_KEYS_MUTE, at,
				    "is published and cannot sign: %.160s",
				    key->trouble);
		if (key->exposed)
			errors_warn(errs, CODE_KEYS_OPEN, at,
				    "others may read or change its .private "
				    "file; chmod 600 it");
	}
}

bool keyring_judge(const struct keyring *ring, int64_t now_s, struct place at,
		   struct errors *errs)
{
	size_t fatal = errs->fatal;
	unsigned judged = 0; /* the last algorithm: they are in order */

	warn_of_secrets(ring, now_s, errs);
	for (size_t i = 0; i < ring->count; i++) {
		const struct dnskey *key = &ring->keys[i];

		if (key->algorithm == judged ||
		    !dnskey_is_published(key, now_s))
			continue;
		judged = key->algorithm;
		judge_algorithm(ring, key->algorithm, now_s, at, errs);
	}
	if (judged == 0)
		errors_add(errs, CODE_KEYS_MISSING, at,
			   "%s: no key is published now; set Publish and "
			   "Activate of one, or make one with windrose keygen",
			   ring->zone);
	return errs->fatal == fatal && !errs->lost;
}

/* Is there another key that may sign in place of the one at index? */
static bool has_other(const struct keyring *ring, size_t index)
{
	for (size_t i = 0; i < ring->count; i++)
		if (i != index &&
		    ring->keys[i].algorithm == ring->keys[index].algorithm)
			return true;
	return false;
}

void keyring_judge_rolls(const struct keyring *ring, struct keyring_ttls ttls,
			 int64_t now_s, struct errors *errs)
{
	for (size_t i = 0; i < ring->count; i++) {
		const struct dnskey *key = &ring->keys[i];
		const int64_t *at_s = key->times_s;
		int64_t known_s = at_s[DNSKEY_ACTIVATE] - at_s[DNSKEY_PUBLISH];
		int64_t last_s = at_s[DNSKEY_DELETE];
		struct place at = { .file = key->path };

		if (at_s[DNSKEY_INACTIVE] != 0 &&
		    at_s[DNSKEY_INACTIVE] < last_s)
			last_s = at_s[DNSKEY_INACTIVE];
		if (!has_other(ring, i))
			continue;
		if (at_s[DNSKEY_ACTIVATE] > now_s && known_s < ttls.dnskey_s)
			errors_warn(
				errs, CODE_KEYS_ROLL, at,
				"signs %" PRId64 " seconds after it is "
				"published, and the TTL of DNSKEY is %" PRIu32
				": resolvers may not know it by then; set "
				"a later Activate",
				known_s, ttls.dnskey_s);
		if (at_s[DNSKEY_DELETE] > now_s &&
		    at_s[DNSKEY_DELETE] - last_s < ttls.max_s)
			errors_warn(errs, CODE_KEYS_ROLL, at,
				    "is deleted %" PRId64 " seconds after it "
				    "last signs, and there is a TTL of %" PRIu32
				    ": resolvers may have its signatures then; "
				    "set a later Delete",
				    at_s[DNSKEY_DELETE] - last_s, ttls.max_s);
	}
}

/* Resolvers may have signatures of it, or the parent a DS. */
static bool is_relied_on(const struct dnskey *key, int64_t now_s)
{
	return dnskey_is_published(key, now_s) &&
	       (key->times_s[DNSKEY_ACTIVATE] <= now_s ||
		dnskey_is_synced(key, now_s));
}

static bool has_key(const struct keyring *ring, const struct dnskey *key)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->keys[i].rdata_len == key->rdata_len &&
		    memcmp(ring->keys[i].rdata, key->rdata, key->rdata_len) ==
			    0)
			return true;
	return false;
}

bool keyring_succeeds(const struct keyring *ring, const struct keyring *before,
		      int64_t now_s, struct errors *errs)
{
	size_t fatal = errs->fatal;

	for (size_t i = 0; i < before->count; i++) {
		const struct dnskey *key = &before->keys[i];

		if (!is_relied_on(key, now_s) || has_key(ring, key))
			continue;
		errors_add(errs, CODE_KEYS_MISSING,
			   (struct place){ .file = key->path },
			   "is gone, but its key is in use; put it back, and "
			   "end it with windrose keygen %s --set FILE --delete "
			   "TIME",
			   ring->zone);
	}
	return errs->fatal == fatal;
}

const char *keyring_role(const struct keyring *ring, size_t index)
{
	if (ring->keys[index].flags == DNSKEY_ZSK)
		return "ZSK";
	for (size_t i = 0; i < ring->count; i++)
		if (ring->keys[i].flags == DNSKEY_ZSK &&
		    ring->keys[i].algorithm == ring->keys[index].algorithm)
			return "KSK";
	return "CSK";
}

int64_t keyring_next(const struct keyring *ring, int64_t now_s)
{
	int64_t next_s = DNSKEY_NEVER;

	for (size_t i = 0; i < ring->count; i++) {
		int64_t when_s;

		(void)dnskey_next(&ring->keys[i], now_s, &when_s);
		if (when_s < next_s)
			next_s = when_s;
	}
	return next_s;
}
