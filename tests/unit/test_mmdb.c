/* SPDX-License-Identifier: Apache-2.0 */
/* mmdb, walk: files that are missing, cut off, damaged, or go in circles. */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/hash.h"
#include "policy/decide/geo.h"
#include "tests/unit/small_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A policy that looks at locations, and one database, a.mmdb. */
struct world {
	struct small_world files;
	char a_path[WORLD_PATH_SIZE];
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
	w->databases[0] = small_world_path(&w->files, "a.mmdb", w->a_path);
	w->policy = (struct policy){
		.services = &w->service,
		.service_count = 1,
		.geo = { .at = { "p.yaml", 2, 1 },
			 .databases = w->databases,
			 .database_count = 1 },
	};
}

/* One error, which holds the words. */
static void world_fails(struct world *w, const char *words)
{
	struct errors errs = { 0 };

	assert_null(geo_open(&w->policy, &errs));
	assert_int_equal(errs.count, 1);
	assert_int_equal(errs.list[0].error.at.line, 2);
	if (strstr(errs.list[0].error.text, words) == NULL)
		fail_msg("expected \"%s\", got \"%s\"", words,
			 errs.list[0].error.text);
	errors_fini(&errs);
}

static void test_not_a_database(void **state)
{
	struct world w;
	char path[WORLD_PATH_SIZE];
	struct error err;
	size_t len;
	char *octets;

	(void)state;
	world_init(&w);
	world_fails(&w, "a.mmdb: cannot be opened: No such file");
	small_world_write(&w.files, "a.mmdb", "", 0);
	world_fails(&w, "a.mmdb: ");
	small_world_write(&w.files, "a.mmdb", "GIF89a nonsense", 15);
	world_fails(&w, "a.mmdb: is not a whole MaxMind DB file");
	small_world_database(&w.files, "b.mmdb", "--both", NULL);
	octets = file_read(small_world_path(&w.files, "b.mmdb", path), 1 << 20,
			   &len, &err);
	assert_non_null(octets);
	small_world_write(&w.files, "a.mmdb", octets, len / 2);
	world_fails(&w, "a.mmdb: is not a whole MaxMind DB file");
	free(octets);
	small_world_fini(&w.files);
}

/* Octets overwritten at random: an answer or an error, never a crash nor a
 * walk without end. */
static void test_damaged_databases(void **state)
{
	struct world w;
	char path[WORLD_PATH_SIZE];
	struct error err;
	size_t len, refused = 0, opened = 0;
	uint64_t seed = 20;
	char *octets, *copy;

	(void)state;
	world_init(&w);
	small_world_database(&w.files, "b.mmdb", "--both", NULL);
	octets = file_read(small_world_path(&w.files, "b.mmdb", path), 1 << 20,
			   &len, &err);
	copy = octets == NULL ? NULL : malloc(len);
	assert_non_null(copy);
	for (unsigned i = 0; i < 400; i++) {
		struct errors errs = { 0 };
		struct geo *geo;

		memcpy(copy, octets, len);
		for (unsigned j = 0; j <= i % 16; j++) {
			uint64_t draw = hash_mix(++seed);

			copy[draw % len] = (char)(draw >> 40);
		}
		small_world_write(&w.files, "a.mmdb", copy, len);
		geo = geo_open(&w.policy, &errs);
		assert_true((geo == NULL) == (errs.fatal > 0));
		refused += geo == NULL;
		opened += geo != NULL;
		geo_free(geo);
		errors_fini(&errs);
	}
	printf("# %zu refused, %zu opened\n", refused, opened);
	assert_true(refused > 20);
	assert_true(opened > 5);
	free(octets);
	free(copy);
	small_world_fini(&w.files);
}

/* The first node's halves are the node itself: 2^32 ways down, 2^128 in IPv6.
 * Its six octets are the first of the file (MaxMind DB format, 24 bits). */
static void test_loops(void **state)
{
	static const char *const options[] = { "--v4", "--v6", "--both" };
	struct error err;
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(options); i++) {
		struct world w;
		char *octets;

		world_init(&w);
		small_world_database(&w.files, "a.mmdb", options[i], NULL);
		octets = file_read(w.a_path, 1 << 20, &len, &err);
		assert_non_null(octets);
		memset(octets, 0, 6);
		small_world_write(&w.files, "a.mmdb", octets, len);
		world_fails(&w, "a.mmdb: is damaged");
		free(octets);
		small_world_fini(&w.files);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_a_database),
		cmocka_unit_test(test_damaged_databases),
		cmocka_unit_test(test_loops),
	};

	return cmocka_run_group_tests_name("mmdb", tests, NULL, NULL);
}
