/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/geo_cache.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/thread.h"
#include "policy/decide/geo_table.h"
#include "policy/decide/lpm_table.h"
#include "policy/language/code.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <malloc.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "windrose geo 1\n"

enum { MAX_OCTETS = 1 << 30 };

/* Then come the classes and the images of both tables, each from a multiple
 * of 16 octets on. */
struct cache_head {
	char magic[16];
	uint8_t key[SHA256_DIGEST_LENGTH];    /* of what it was made */
	uint8_t digest[SHA256_DIGEST_LENGTH]; /* of all that follows */
	uint64_t class_count, networks_read;
	int64_t wall_built_ms;
	uint64_t v4_octets, v6_octets;
	struct geo_given given;
};

enum { SUMMED_FROM = offsetof(struct cache_head, class_count) };

struct mapped {
	uint8_t *octets;
	size_t len;
	uint8_t digest[SHA256_DIGEST_LENGTH]; /* of what follows its own */
};

static size_t padded(size_t octets)
{
	return (octets + 15) & ~(size_t)15;
}

static size_t classes_from(void)
{
	return padded(sizeof(struct cache_head));
}

static size_t tables_from(uint64_t class_count)
{
	return classes_from() +
	       padded(class_count * sizeof(struct client_class));
}

/* The byte order and the layouts are in it: what they are of would be read as
 * something else. */
static bool make_key(const struct policy *policy,
		     uint8_t key[SHA256_DIGEST_LENGTH])
{
	const uint32_t order = 0x01020304;
	char *stamp = geo_stamp(policy), *text;
	size_t len;
	FILE *f;
	bool ok;

	if (stamp == NULL)
		return false;
	f = open_memstream(&text, &len);
	if (f == NULL) {
		free(stamp);
		return false;
	}
	fprintf(f, "%s %s %zu %zu %zu %zu ", PACKAGE_VERSION, policy->digest,
		sizeof(struct client_class), sizeof(struct lpm_block),
		sizeof(struct cache_head), sizeof(size_t));
	fwrite(&order, sizeof(order), 1, f);
	fputs(stamp, f);
	free(stamp);
	ok = fclose(f) == 0;
	if (ok)
		SHA256((const unsigned char *)text, len, key);
	free(text);
	return ok;
}

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* An octet that is to be a bool. */
static bool is_bool(const void *octet)
{
	return *(const uint8_t *)octet <= 1;
}

static bool classes_make_sense(const struct client_class *classes,
			       uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		const struct client_class *c = &classes[i];
		uint32_t none_healthy;

		memcpy(&none_healthy, &c->none_healthy, sizeof(none_healthy));
		if (!is_text(c->country, sizeof(c->country)) ||
		    !is_bool(&c->unknown) || !is_bool(&c->located) ||
		    none_healthy > NONE_HEALTHY_NO_ANSWER)
			return false;
	}
	return true;
}

static void *sum(void *arg)
{
	struct mapped *m = arg;

	SHA256(m->octets + SUMMED_FROM, m->len - SUMMED_FROM, m->digest);
	return NULL;
}

static bool take(struct geo *geo, const struct mapped *m)
{
	struct cache_head head;
	size_t at;

	memcpy(&head, m->octets, sizeof(head));
	if (head.class_count == 0 || head.class_count > LPM_CLASSES_MAX)
		return false;
	at = tables_from(head.class_count);
	if (head.v4_octets > m->len || head.v6_octets > m->len ||
	    at + head.v4_octets + head.v6_octets != m->len ||
	    head.v4_octets % 16 != 0)
		return false;
	geo->class_count = head.class_count;
	geo->networks_read = head.networks_read;
	geo->wall_built_ms = head.wall_built_ms;
	geo->given = head.given;
	geo->classes = (struct client_class *)(m->octets + classes_from());
	geo->v4 = lpm_image_open(m->octets + at, head.v4_octets,
				 geo->class_count);
	at += head.v4_octets;
	geo->v6 = lpm_image_open(m->octets + at, head.v6_octets,
				 geo->class_count);
	return geo->v4 != NULL && geo->v6 != NULL &&
	       geo->v4->family == NET_V4 && geo->v6->family == NET_V6 &&
	       classes_make_sense(geo->classes, geo->class_count) &&
	       geo_own_rows(geo);
}

/* Takes over the mapping.  The sum is made beside: it takes as long as looking
 * at every index. */
static struct geo *geo_of(struct mapped *m)
{
	struct geo *geo = calloc(1, sizeof(*geo));
	struct cache_head head;
	pthread_t thread;
	struct error err;
	bool ok, beside;

	if (geo == NULL) {
		munmap(m->octets, m->len);
		return NULL;
	}
	geo->mapping = m->octets;
	geo->mapping_octets = m->len;
	memcpy(&head, m->octets, sizeof(head));
	beside = thread_start(&thread, "windrose-sum", sum, m, &err);
	if (!beside)
		sum(m);
	ok = take(geo, m);
	if (beside)
		pthread_join(thread, NULL);
	if (ok && memcmp(head.digest, m->digest, sizeof(m->digest)) == 0)
		return geo;
	geo_free(geo);
	return NULL;
}

/* False when there is none to be read. */
static bool map(const char *path, struct mapped *m)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *octets;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > MAX_OCTETS || st.st_size <= 0) {
		close(fd);
		return false;
	}
	m->len = (size_t)st.st_size;
	octets = mmap(NULL, m->len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd,
		      0);
	close(fd);
	m->octets = octets;
	return octets != MAP_FAILED;
}

/* NULL with *damaged saying whether there was one that should have done. */
static struct geo *read_cache(const char *path,
			      const uint8_t key[SHA256_DIGEST_LENGTH],
			      bool *damaged)
{
	struct mapped m;
	struct cache_head head;
	struct geo *geo = NULL;
	bool ours = false;

	*damaged = false;
	if (!map(path, &m))
		return NULL;
	if (m.len < classes_from()) {
		*damaged = true;
	} else {
		memcpy(&head, m.octets, sizeof(head));
		ours = memcmp(head.magic, MAGIC, sizeof(MAGIC)) == 0 &&
		       memcmp(head.key, key, sizeof(head.key)) == 0;
		if (ours)
			geo = geo_of(&m);
		*damaged = ours && geo == NULL;
	}
	if (!ours)
		munmap(m.octets, m.len);
	return geo;
}

bool geo_keep(const struct geo *geo, const char *path, struct error *err)
{
	struct cache_head head = {
		.magic = MAGIC,
		.class_count = geo->class_count,
		.networks_read = geo->networks_read,
		.wall_built_ms = geo->wall_built_ms,
		.v4_octets = lpm_image_octets(geo->v4),
		.v6_octets = lpm_image_octets(geo->v6),
		.given = geo->given,
	};
	size_t from = tables_from(geo->class_count);
	struct mapped m = { .len = from + head.v4_octets + head.v6_octets };
	bool ok;

	if (geo->mapping != NULL || !geo->has_key)
		return true;
	m.octets = calloc(1, m.len);
	if (m.octets == NULL) {
		error_set(err, "%s: out of memory", path);
		return false;
	}
	memcpy(head.key, geo->key, sizeof(head.key));
	memcpy(m.octets, &head, sizeof(head));
	memcpy(m.octets + classes_from(), geo->classes,
	       geo->class_count * sizeof(*geo->classes));
	lpm_image_write(geo->v4, m.octets + from);
	lpm_image_write(geo->v6, m.octets + from + head.v4_octets);
	sum(&m);
	memcpy(m.octets + offsetof(struct cache_head, digest), m.digest,
	       sizeof(m.digest));
	ok = file_replace(path, m.octets, m.len, err);
	free(m.octets);
	malloc_trim(0);
	return ok;
}

/* What the policy needs is as it was: the digest says so; its warnings are
 * given again. */
static struct geo *from_cache(const struct policy *policy, struct geo *geo,
			      struct errors *errs)
{
	const struct client_needs needs = client_needs_of(policy);

	if (geo == NULL || geo_needs_met(policy, &needs, &geo->given, errs))
		return geo;
	geo_free(geo);
	return NULL;
}

struct geo *geo_open_cached(const struct policy *policy, const char *path,
			    struct errors *errs)
{
	uint8_t key[SHA256_DIGEST_LENGTH];
	struct geo *geo;
	bool damaged;

	/* Without a key a file is missing, and geo_open() says which.  The key
	 * is of the files as they were before they are read. */
	if (path == NULL || !make_key(policy, key))
		return geo_open(policy, errs);
	geo = read_cache(path, key, &damaged);
	if (geo != NULL)
		return from_cache(policy, geo, errs);
	if (damaged)
		errors_warn(errs, CODE_GEO_CACHE, (struct place){ 0 },
			    "%s: is damaged; the geo databases are read", path);
	geo = geo_open(policy, errs);
	if (geo != NULL) {
		memcpy(geo->key, key, sizeof(key));
		geo->has_key = true;
	}
	return geo;
}

bool geo_cache_beside(const char *keep_path, char **out)
{
	static const char ending[] = ".geo";
	size_t size =
		keep_path == NULL ? 0 : strlen(keep_path) + sizeof(ending);

	*out = size == 0 ? NULL : malloc(size);
	if (*out != NULL)
		snprintf(*out, size, "%s%s", keep_path, ending);
	return size == 0 || *out != NULL;
}
