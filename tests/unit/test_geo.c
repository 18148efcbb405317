/* SPDX-License-Identifier: Apache-2.0 */
/* geo: databases of both schemas, merged, corrected, cut. */
#include "policy/base/error.h"
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

/* A policy that looks at everything, and the databases of one test. */
struct world {
	struct small_world files;
	char paths[4][WORLD_PATH_SIZE];
	const char *databases[4];
	char networks_path[WORLD_PATH_SIZE];
	struct client_term union_term, state_term, as_term, office[2];
	struct client_set sets[4];
	struct policy_service service;
	struct policy policy;
};

enum set { SET_EEA, SET_CALIFORNIA, SET_AS, SET_OFFICE };

static void world_init(struct world *w)
{
	*w = (struct world){
		.union_term = { .kind = TERM_UNION, .text = "eea" },
		.state_term = { .kind = TERM_SUBDIVISION, .text = "US-CA" },
		.as_term = { .kind = TERM_ASN,
			     .asn = 3215,
			     .at = { "p.yaml", 5, 9 } },
		.office = { { .kind = TERM_NETWORK },
			    { .kind = TERM_NETWORK } },
		.service = { .name = "www",
			     .steer = STEER_LATENCY,
			     .at = { "p.yaml", 9, 3 } },
	};
	assert_true(
		net_prefix_parse("81.2.69.130/32", &w->office[0].prefix, NULL));
	assert_true(net_prefix_parse("2a02:c7f:1::/48", &w->office[1].prefix,
				     NULL));
	w->sets[SET_EEA] = (struct client_set){ .name = "eea",
						.terms = &w->union_term,
						.term_count = 1 };
	w->sets[SET_CALIFORNIA] = (struct client_set){ .name = "california",
						       .terms = &w->state_term,
						       .term_count = 1 };
	w->sets[SET_AS] = (struct client_set){ .name = "as",
					       .terms = &w->as_term,
					       .term_count = 1 };
	w->sets[SET_OFFICE] = (struct client_set){ .name = "office",
						   .terms = w->office,
						   .term_count = 2 };
	w->policy = (struct policy){
		.sets = w->sets,
		.set_count = 4,
		.services = &w->service,
		.service_count = 1,
		.region_count = 2,
		.geo = { .at = { "p.yaml", 2, 1 }, .databases = w->databases },
	};
	small_world_init(&w->files);
}

static void world_add(struct world *w, const char *name)
{
	size_t i = w->policy.geo.database_count++;

	assert_true(i < COUNT(w->paths));
	w->databases[i] = small_world_path(&w->files, name, w->paths[i]);
}

static void world_correct(struct world *w, const char *text)
{
	small_world_write(&w->files, "c.csv", text, strlen(text));
	w->policy.geo.networks =
		small_world_path(&w->files, "c.csv", w->networks_path);
}

static struct geo *world_open(struct world *w)
{
	struct errors errs = { 0 };
	struct geo *geo = geo_open(&w->policy, &errs);

	if (geo == NULL || !errors_ok(&errs))
		errors_print(&errs, stderr);
	assert_non_null(geo);
	assert_true(errors_ok(&errs));
	errors_fini(&errs);
	return geo;
}

/* The first error's text holds the words; nothing is given back. */
static void world_fails(struct world *w, const char *words, unsigned line)
{
	struct errors errs = { 0 };
	struct geo *geo = geo_open(&w->policy, &errs);
	const struct finding *first = errs.list;

	assert_null(geo);
	assert_true(errs.fatal > 0);
	while (first->severity != SEVERITY_ERROR)
		first++;
	if (strstr(first->error.text, words) == NULL ||
	    first->error.at.line != line)
		fail_msg("expected \"%s\" at line %u, got \"%s\" at %u", words,
			 line, first->error.text, first->error.at.line);
	errors_fini(&errs);
}

static const struct client_class *class_at(const struct geo *geo,
					   const char *text)
{
	struct net_addr addr;

	assert_true(net_addr_parse(text, &addr));
	return geo_class(geo, geo_find(geo, &addr).class_id);
}

static unsigned bits_at(const struct geo *geo, const char *text)
{
	struct net_addr addr;

	assert_true(net_addr_parse(text, &addr));
	return geo_find(geo, &addr).bits;
}

/* clang-format off */
static const struct row {
	const char *addr, *country;
	uint64_t sets;
	bool located;
	int cell_lat, cell_lon;
	unsigned bits;
} rows[] = {
	{ "81.2.69.142",       "GB", 0,       true,  70, 89, 29 },
	{ "81.2.69.130",       "GB", 8,       true,  70, 89, 32 },
	{ "81.2.69.131",       "GB", 0,       true,  70, 89, 32 },
	{ "81.2.69.85",        "GB", 0,       true,  71, 89, 28 },
	{ "81.2.70.1",         "",   0,       false, 0,  0,  23 },
	{ "90.0.3.4",          "FR", 1 | 4,   true,  69, 91, 18 },
	{ "73.162.1.1",        "US", 2,       true,  63, 28, 18 },
	{ "99.0.0.1",          "US", 0,       true,  61, 41, 18 },
	{ "9.9.9.9",           "",   0,       false, 0,  0,  6 },
	{ "62.0.0.7",          "GB", 0,       false, 0,  0,  24 },
	{ "62.0.1.7",          "",   0,       false, 0,  0,  24 },
	{ "2a02:c7f:2::1",     "GB", 0,       true,  70, 89, 47 },
	{ "2a02:c7f:1::1",     "GB", 8,       true,  70, 89, 48 },
	{ "2a01:cb00::1",      "FR", 1 | 4,   true,  69, 91, 42 },
	{ "2001:8003::1",      "AU", 0,       true,  28, 165, 42 },
	{ "2a00:7f00::1",      "GB", 0,       false, 0,  0,  32 },
	{ "fe80::1",           "",   0,       false, 0,  0,  1 },
	/* The other ways to IPv4 are not the networks the records are about. */
	{ "2002:5102:4500::1", "",   0,       false, 0,  0,  0 },
	{ "::ffff:81.2.69.142", "",  0,       false, 0,  0,  0 },
	{ "::81.2.69.142",     "",   0,       false, 0,  0,  0 },
	{ "::1",               "",   0,       false, 0,  0,  0 },
};
/* clang-format on */

static void check_rows(const struct geo *geo, const char *title)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		const struct client_class *c = class_at(geo, row->addr);
		unsigned bits = bits_at(geo, row->addr);

		if (strcmp(c->country, row->country) != 0 ||
		    c->sets != row->sets || c->located != row->located ||
		    c->cell_lat != row->cell_lat ||
		    c->cell_lon != row->cell_lon ||
		    (row->bits != 0 && bits != row->bits))
			fail_msg("%s: %s: country \"%s\", sets %ju, located %d,"
				 " cell %d %d, bits %u",
				 title, row->addr, c->country,
				 (uintmax_t)c->sets, c->located, c->cell_lat,
				 c->cell_lon, bits);
	}
}

/* clang-format off */
static const struct schema {
	const char *title;
	const char *options[2]; /* of one or two databases */
} schemas[] = {
	{ "nested, one tree", { "--schema nested --both", NULL } },
	{ "flat, one tree", { "--schema flat --both", NULL } },
	{ "nested, two files", { "--schema nested --v4",
				 "--schema nested --v6" } },
	{ "flat and nested", { "--schema flat --v4", "--schema nested --v6" } },
	{ "the same twice", { "--schema flat --both", "--schema flat --both" } },
};
/* clang-format on */

static void test_schemas_mean_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(schemas); i++) {
		struct world w;
		struct geo *geo;
		struct geo_size size;
		double weight = 0;

		world_init(&w);
		small_world_database(&w.files, "a.mmdb", schemas[i].options[0],
				     NULL);
		world_add(&w, "a.mmdb");
		if (schemas[i].options[1] != NULL) {
			small_world_database(&w.files, "b.mmdb",
					     schemas[i].options[1], NULL);
			world_add(&w, "b.mmdb");
		}
		geo = world_open(&w);
		check_rows(geo, schemas[i].title);
		size = geo_size(geo);
		assert_true(size.networks_read > 300);
		assert_true(size.wall_built_ms > INT64_C(1700000000000));
		assert_true(geo_class(geo, 0)->unknown);
		for (size_t j = 0; j < geo_class_count(geo); j++)
			weight += geo_class(geo, (uint16_t)j)->weight_v4;
		/* The /16s are most of it. */
		assert_true(weight > 70 * 256 && weight < 90 * 256);
		geo_free(geo);
		small_world_fini(&w.files);
	}
}

static void test_corrections_win(void **state)
{
	struct world w;
	struct geo *geo;

	(void)state;
	world_init(&w);
	small_world_database(&w.files, "a.mmdb", "--both", NULL);
	world_add(&w, "a.mmdb");
	world_correct(&w, "81.2.69.0/25,FR,,48.9,2.4\n"
			  "81.2.69.64/26,US,CA,37.8,-122.4\n"
			  "198.51.100.0/24,DE\n2a02:c7f::/33,DE\n");
	geo = world_open(&w);
	assert_string_equal(class_at(geo, "81.2.69.1")->country, "FR");
	assert_int_equal(class_at(geo, "81.2.69.1")->cell_lat, 69);
	assert_true(class_at(geo, "81.2.69.1")->sets == 1);
	assert_true(class_at(geo, "81.2.69.80")->sets == 2);
	assert_string_equal(class_at(geo, "81.2.69.200")->country, "GB");
	assert_string_equal(class_at(geo, "198.51.100.9")->country, "DE");
	assert_false(class_at(geo, "198.51.100.9")->located);
	assert_string_equal(class_at(geo, "2a02:c7f::9")->country, "DE");
	assert_false(class_at(geo, "2a02:c7f::9")->located);
	assert_string_equal(class_at(geo, "2a02:c7f:8000::9")->country, "GB");
	geo_free(geo);

	world_correct(&w, "81.2.69.0/24,GB\nnonsense\n81.2.69.0/24,FR\n");
	world_fails(&w, "write CIDR,country", 2);
	world_correct(&w, "81.2.69.0/24,GB\n\n81.2.69.0/24,FR\n");
	world_fails(&w, "81.2.69.0/24 is on line 1 already", 3);
	w.policy.geo.networks = "small_world.none/c.csv";
	world_fails(&w, "small_world.none/c.csv: cannot read", 2);
	small_world_fini(&w.files);
}

static void test_databases_merge_by_field(void **state)
{
	struct world w;
	struct geo *geo;

	(void)state;
	world_init(&w);
	small_world_database(&w.files, "country.mmdb", "--schema flat --both",
			     "81.2.69.0/24 IE - - - -\n"
			     "192.0.2.0/24 IE - - - -\n");
	small_world_database(&w.files, "asn.mmdb", "--both",
			     "81.2.69.0/25 - - - - 3215\n");
	small_world_database(&w.files, "city.mmdb", "--both", NULL);
	world_add(&w, "country.mmdb");
	world_add(&w, "asn.mmdb");
	world_add(&w, "city.mmdb");
	geo = world_open(&w);
	assert_string_equal(class_at(geo, "81.2.69.1")->country, "IE");
	assert_int_equal(class_at(geo, "81.2.69.1")->cell_lat, 70);
	assert_true(class_at(geo, "81.2.69.1")->sets == 5);
	assert_true(class_at(geo, "81.2.69.200")->sets == 1);
	assert_string_equal(class_at(geo, "192.0.2.1")->country, "IE");
	assert_string_equal(class_at(geo, "90.0.3.4")->country, "FR");
	geo_free(geo);
	small_world_fini(&w.files);
}

/* clang-format off */
static const struct lack {
	const char *title, *text, *words;
	unsigned line;
} lacks[] = {
	{ "country database", "81.2.69.0/24 US CA - - 3215\n",
	  "service www needs the location of clients, and no file of "
	  "geo.databases has it (a.mmdb); add a city database", 9 },
	{ "no ASN", "81.2.69.0/24 US CA 37 -122 -\n",
	  "client set as needs the AS number of clients", 5 },
	{ "no country", "81.2.69.0/24 - - 37 -122 3215\n",
	  "client set eea needs the country of clients", 0 },
	{ "no subdivision", "81.2.69.0/24 US - 37 -122 3215\n",
	  "client set california needs the subdivision of clients", 0 },
	{ "nowhere", "81.2.69.0/24 US CA 0 0 3215\n",
	  "service www needs the location of clients", 9 },
};
/* clang-format on */

static void test_needed_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lacks); i++) {
		struct world w;

		world_init(&w);
		small_world_database(&w.files, "a.mmdb", "--v4", lacks[i].text);
		world_add(&w, "a.mmdb");
		world_fails(&w, lacks[i].words, lacks[i].line);
		small_world_fini(&w.files);
	}
}

static void test_one_family_is_a_warning(void **state)
{
	struct world w;
	struct errors errs = { 0 };
	struct geo *geo;

	(void)state;
	world_init(&w);
	small_world_database(&w.files, "a.mmdb", "--v4", NULL);
	world_add(&w, "a.mmdb");
	geo = geo_open(&w.policy, &errs);
	assert_non_null(geo);
	assert_int_equal(errs.fatal, 0);
	assert_true(errs.count > 0);
	assert_non_null(strstr(errs.list[0].error.text, "for IPv4 alone"));
	assert_true(class_at(geo, "2a02:c7f:2::1")->unknown);
	errors_fini(&errs);
	geo_free(geo);
	small_world_fini(&w.files);
}

static void test_no_database(void **state)
{
	struct world w;
	struct geo *geo;
	struct errors errs = { 0 };

	(void)state;
	world_init(&w);
	world_fails(&w, "no file of geo.databases has it (it is empty)", 0);
	/* A policy that asks nothing of databases needs none. */
	w.policy.services = NULL;
	w.policy.service_count = 0;
	w.policy.sets = &w.sets[SET_OFFICE];
	w.policy.set_count = 1;
	geo = geo_open(&w.policy, &errs);
	assert_non_null(geo);
	assert_int_equal(errs.count, 0);
	assert_int_equal(geo_class_count(geo), 2);
	assert_int_equal(bits_at(geo, "81.2.69.130"), 32);
	assert_int_equal(bits_at(geo, "181.2.69.130"), 1);
	geo_free(geo);
	small_world_fini(&w.files);
}

static void test_stamp(void **state)
{
	struct world w;
	char *before, *same, *after;

	(void)state;
	world_init(&w);
	world_add(&w, "a.mmdb");
	assert_null(geo_stamp(&w.policy));
	small_world_write(&w.files, "a.mmdb", "abc", 3);
	world_correct(&w, "");
	before = geo_stamp(&w.policy);
	same = geo_stamp(&w.policy);
	small_world_write(&w.files, "a.mmdb", "abcd", 4);
	after = geo_stamp(&w.policy);
	assert_string_equal(before, same);
	assert_string_not_equal(before, after);
	free(before);
	free(same);
	free(after);
	small_world_fini(&w.files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemas_mean_the_same),
		cmocka_unit_test(test_corrections_win),
		cmocka_unit_test(test_databases_merge_by_field),
		cmocka_unit_test(test_needed_fields),
		cmocka_unit_test(test_one_family_is_a_warning),
		cmocka_unit_test(test_no_database),
		cmocka_unit_test(test_stamp),
	};

	return cmocka_run_group_tests_name("geo", tests, NULL, NULL);
}
