/* SPDX-License-Identifier: Apache-2.0 */
/* geo_cache: what is kept is what is found again, or it is not used. */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/hash.h"
#include "policy/decide/geo.h"
#include "policy/decide/geo_cache.h"
#include "policy/language/code.h"
#include "tests/unit/small_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ADDRESSES = 2000, CACHE_MAX = 1 << 24 };

struct world {
	struct small_world files;
	char a_path[WORLD_PATH_SIZE], cache[WORLD_PATH_SIZE];
	const char *databases[1];
	struct policy_service service;
	struct policy policy;
};

static void world_init(struct world *w)
{
	*w = (struct world){
		.service = { .name = "www", .steer = STEER_LATENCY },
	};
	small_world_init(&w->files);
	small_world_database(&w->files, "a.mmdb", "--v4", NULL);
	w->databases[0] = small_world_path(&w->files, "a.mmdb", w->a_path);
	small_world_path(&w->files, "cache", w->cache);
	w->policy = (struct policy){
		.services = &w->service,
		.service_count = 1,
		.digest = "0123",
		.geo = { .at = { "p.yaml", 2, 1 },
			 .databases = w->databases,
			 .database_count = 1 },
	};
}

/* *warnings counts those that hold the words. */
static struct geo *world_open(struct world *w, const char *words,
			      unsigned *warnings)
{
	struct errors errs = { 0 };
	struct geo *geo = geo_open_cached(&w->policy, w->cache, &errs);

	*warnings = 0;
	for (size_t i = 0; i < errs.count; i++) {
		const struct finding *f = &errs.list[i];

		*warnings += strstr(f->error.text, words) != NULL;
		if (strstr(f->error.text, "cache: is damaged") != NULL)
			assert_int_equal(f->code, CODE_GEO_CACHE);
	}
	assert_int_equal(geo == NULL, errs.fatal > 0);
	errors_fini(&errs);
	return geo;
}

static void world_keep(struct world *w, const struct geo *geo)
{
	struct error err = { 0 };

	if (!geo_keep(geo, w->cache, &err))
		fail_msg("%s", err.text);
}

static void check_same(const struct geo *a, const struct geo *b)
{
	uint64_t seed = 7;

	assert_int_equal(geo_class_count(a), geo_class_count(b));
	assert_int_equal(geo_size(a).networks_read, geo_size(b).networks_read);
	assert_int_equal(geo_size(a).leaves_v4, geo_size(b).leaves_v4);
	assert_int_equal(geo_size(a).wall_built_ms, geo_size(b).wall_built_ms);
	for (size_t i = 0; i < geo_class_count(a); i++)
		assert_memory_equal(geo_class(a, (uint16_t)i),
				    geo_class(b, (uint16_t)i),
				    sizeof(struct client_class));
	for (unsigned i = 0; i < ADDRESSES; i++) {
		struct net_addr addr =
			net_from_v4((uint32_t)hash_mix(seed += 3));
		struct geo_match x, y;

		if (i % 2 == 1)
			assert_true(net_addr_parse("81.2.69.80", &addr));
		addr.octets[3] = (uint8_t)i;
		x = geo_find(a, &addr);
		y = geo_find(b, &addr);
		assert_int_equal(x.class_id, y.class_id);
		assert_int_equal(x.bits, y.bits);
	}
}

static void test_found_again(void **state)
{
	struct world w;
	struct geo *read, *kept;
	unsigned warnings;
	size_t len, len_again;
	struct error err;
	char *before, *after;

	(void)state;
	world_init(&w);
	read = world_open(&w, "for IPv4 alone", &warnings);
	assert_non_null(read);
	assert_int_equal(warnings, 1);
	world_keep(&w, read);
	before = file_read(w.cache, CACHE_MAX, &len, &err);
	assert_non_null(before);
	/* The database is not opened: it need not even be one. */
	kept = world_open(&w, "for IPv4 alone", &warnings);
	assert_non_null(kept);
	assert_int_equal(warnings, 1);
	check_same(read, kept);
	/* What came from the cache is not written again. */
	small_world_write(&w.files, "cache", "x", 1);
	world_keep(&w, kept);
	after = file_read(w.cache, CACHE_MAX, &len_again, &err);
	assert_non_null(after);
	assert_int_equal(len_again, 1);
	free(before);
	free(after);
	geo_free(read);
	geo_free(kept);
	small_world_fini(&w.files);
}

/* Is the cache of w used?  Keeping leaves one that was; else it is made. */
static bool is_used(struct world *w)
{
	unsigned warnings;
	struct geo *geo = world_open(w, "is damaged", &warnings);
	size_t len = 0, marked_len = 0;
	struct error err;
	char *octets = file_read(w->cache, CACHE_MAX, &len, &err), *marked;

	assert_non_null(geo);
	assert_int_equal(warnings, 0);
	small_world_write(&w->files, "cache", "x", 1);
	world_keep(w, geo);
	marked = file_read(w->cache, CACHE_MAX, &marked_len, &err);
	assert_non_null(marked);
	if (marked_len == 1)
		small_world_write(&w->files, "cache", octets, len);
	free(octets);
	free(marked);
	geo_free(geo);
	return marked_len == 1;
}

static void test_of_other_files(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_false(is_used(&w));
	assert_true(is_used(&w));
	strcpy(w.policy.digest, "0124");
	assert_false(is_used(&w));
	assert_true(is_used(&w));
	small_world_database(&w.files, "a.mmdb", "--v4", NULL);
	assert_false(is_used(&w));
	assert_true(is_used(&w));
	small_world_fini(&w.files);
}

/* Any octet changed: what is found is as before, read from the databases. */
static void test_damage(void **state)
{
	struct world w;
	struct geo *read, *again;
	unsigned warnings;
	struct error err;
	size_t len;
	char *octets;
	uint64_t seed = 11;

	(void)state;
	world_init(&w);
	read = world_open(&w, "is damaged", &warnings);
	assert_non_null(read);
	world_keep(&w, read);
	octets = file_read(w.cache, CACHE_MAX, &len, &err);
	assert_non_null(octets);
	for (unsigned i = 0; i < 40; i++) {
		size_t at = 48 + hash_mix(++seed) % (len - 48);

		octets[at] = (char)(octets[at] ^ 1);
		small_world_write(&w.files, "cache", octets, len - i % 2);
		again = world_open(&w, "cache: is damaged", &warnings);
		octets[at] = (char)(octets[at] ^ 1);
		assert_non_null(again);
		assert_int_equal(warnings, 1);
		if (i == 0)
			check_same(read, again);
		geo_free(again);
	}
	free(octets);
	geo_free(read);
	w.policy.digest[0] = 'x';
	small_world_path(&w.files, "none/cache", w.cache);
	read = world_open(&w, "is damaged", &warnings);
	assert_non_null(read);
	assert_false(geo_keep(read, w.cache, &err));
	geo_free(read);
	small_world_fini(&w.files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_again),
		cmocka_unit_test(test_of_other_files),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests_name("geo_cache", tests, NULL, NULL);
}
