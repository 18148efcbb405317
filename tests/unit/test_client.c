/* SPDX-License-Identifier: Apache-2.0 */
/* client: facts to classes, sets, residency; subdivision codes; corrections. */
#include "policy/base/error.h"
#include "policy/decide/client.h"
#include "policy/decide/corrections.h"
#include "policy/decide/subdivision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum set {
	SET_EEA_UK,
	SET_EUROPE,
	SET_CALIFORNIA,
	SET_AS,
	SET_OFFICE,
	SET_ALL
};

/* clang-format off */
static struct client_term eea_uk[] = {
	{ .kind = TERM_UNION, .text = "eea" },
	{ .kind = TERM_COUNTRY, .text = "GB" },
};
static struct client_term europe[] = {
	{ .kind = TERM_CONTINENT, .text = "europe" },
};
static struct client_term california[] = {
	{ .kind = TERM_SUBDIVISION, .text = "US-CA" },
};
static struct client_term as[] = { { .kind = TERM_ASN, .asn = 64500 } };
static struct client_term office[] = { { .kind = TERM_NETWORK } };
static struct client_term all[] = { { .kind = TERM_ALL } };
static struct client_term nested[] = {
	{ .kind = TERM_SET, .set = SET_OFFICE },
	{ .kind = TERM_SET, .set = SET_EEA_UK },
};

static struct client_set sets[] = {
	{ .name = "eea-uk", .terms = eea_uk, .term_count = 2 },
	{ .name = "europe", .terms = europe, .term_count = 1 },
	{ .name = "california", .terms = california, .term_count = 1 },
	{ .name = "as", .terms = as, .term_count = 1 },
	{ .name = "office", .terms = office, .term_count = 1 },
	{ .name = "all", .terms = all, .term_count = 1 },
	{ .name = "nested", .terms = nested, .term_count = 2 },
};

/* Regions: bit 0 us, 1 eu, 2 uk. */
static struct policy_residency rules[] = {
	{ .name = "gdpr", .clients = SET_EEA_UK, .regions = 6,
	  .unknown_included = true },
	{ .name = "ccpa", .clients = SET_CALIFORNIA, .regions = 1,
	  .unknown_included = false,
	  .none_healthy = NONE_HEALTHY_NO_ANSWER },
	{ .name = "staff", .clients = SET_OFFICE, .regions = 3,
	  .unknown_included = false },
};

static struct policy_service services[] = {
	{ .name = "www", .steer = STEER_LATENCY },
	{ .name = "api", .steer = STEER_FAILOVER },
};

static const struct policy policy = {
	.sets = sets, .set_count = COUNT(sets),
	.region_count = 3,
	.residency = rules, .residency_count = COUNT(rules),
	.services = services, .service_count = COUNT(services),
};

#define BIT(n) (UINT64_C(1) << (n))
#define LONDON .located = true, .latitude = 51.5, .longitude = -0.13

/* sets: bits as in sets[]: eea-uk 1, europe 2, california 4, as 8, office 16,
 * all 32, nested 64. */
static const struct row {
	const char *title;
	struct client_facts facts;
	uint64_t networks, sets, regions, residency;
	const char *country;
	enum none_healthy none_healthy;
	bool unknown, located;
} rows[] = {
	{ "London", { .country = "GB", LONDON }, 0,
	  1 | 2 | 32 | 64, 6, 1, "GB", NONE_HEALTHY_SERVE, false, true },
	{ "Dublin without a place", { .country = "IE" }, 0,
	  1 | 2 | 32 | 64, 6, 1, "IE", NONE_HEALTHY_SERVE, false, false },
	{ "Zurich: Europe, not EEA", { .country = "CH" }, 0,
	  2 | 32, 7, 0, "CH", NONE_HEALTHY_SERVE, false, false },
	{ "Norway: EEA, not EU", { .country = "NO" }, 0,
	  1 | 2 | 32 | 64, 6, 1, "NO", NONE_HEALTHY_SERVE, false, false },
	{ "Guyane: EU law, not Europe", { .country = "GF" }, 0,
	  1 | 32 | 64, 6, 1, "GF", NONE_HEALTHY_SERVE, false, false },
	{ "California", { .country = "US", .subdivision = "US-CA" }, 0,
	  4 | 32, 1, 2, "US", NONE_HEALTHY_NO_ANSWER, false, false },
	{ "US, no more: may be California, rule binds the sure",
	  { .country = "US" }, 0,
	  32, 7, 0, "US", NONE_HEALTHY_SERVE, false, false },
	{ "nothing known: may be EEA, rule binds the unknown", { .asn = 0 }, 0,
	  32, 6, 1, "", NONE_HEALTHY_SERVE, true, false },
	{ "continent only: sure of Europe, maybe EEA",
	  { .continent = "EU" }, 0,
	  2 | 32, 6, 1, "", NONE_HEALTHY_SERVE, true, false },
	{ "place but no country is unknown", { LONDON }, 0,
	  32, 6, 1, "", NONE_HEALTHY_SERVE, true, true },
	{ "a code of no country", { .country = "ZZ" }, 0,
	  32, 6, 1, "", NONE_HEALTHY_SERVE, true, false },
	{ "AS number", { .country = "US", .asn = 64500 }, 0,
	  8 | 32, 7, 0, "US", NONE_HEALTHY_SERVE, false, false },
	{ "office in the US", { .country = "US" }, BIT(SET_OFFICE),
	  16 | 32 | 64, 3, 4, "US", NONE_HEALTHY_SERVE, false, false },
	{ "office in London: both rules", { .country = "GB" }, BIT(SET_OFFICE),
	  1 | 2 | 16 | 32 | 64, 2, 5, "GB", NONE_HEALTHY_SERVE, false, false },
	{ "office in California: strictest of none_healthy",
	  { .country = "US", .subdivision = "US-CA" }, BIT(SET_OFFICE),
	  4 | 16 | 32 | 64, 1, 6, "US", NONE_HEALTHY_NO_ANSWER, false, false },
};
/* clang-format on */

static void test_classify(void **state)
{
	struct client_needs needs = client_needs_of(&policy);

	(void)state;
	assert_true(needs.country && needs.subdivision && needs.continent &&
		    needs.asn && needs.location);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct client_class c =
			client_classify(&policy, &needs, &row->facts,
					row->networks);

		if (c.sets != row->sets || c.regions != row->regions ||
		    c.residency != row->residency ||
		    c.none_healthy != row->none_healthy ||
		    c.unknown != row->unknown || c.located != row->located ||
		    strcmp(c.country, row->country) != 0)
			fail_msg("%s: sets %ju, regions %ju, residency %ju, "
				 "none_healthy %d, unknown %d, located %d, "
				 "country \"%s\"",
				 row->title, (uintmax_t)c.sets,
				 (uintmax_t)c.regions, (uintmax_t)c.residency,
				 c.none_healthy, c.unknown, c.located,
				 c.country);
	}
}

static void test_nothing_is_empty_facts(void **state)
{
	struct client_needs needs = client_needs_of(&policy);
	struct client_facts empty = { 0 };
	struct client_class a = client_classify(&policy, &needs, NULL, 0);
	struct client_class b = client_classify(&policy, &needs, &empty, 0);

	(void)state;
	assert_true(a.unknown && b.unknown);
	assert_true(a.sets == b.sets && a.regions == b.regions);
}

static void test_needs(void **state)
{
	struct policy p = { .services = &services[1], .service_count = 1 };
	struct client_needs needs = client_needs_of(&p);
	struct client_class c;

	(void)state;
	assert_false(needs.country || needs.subdivision || needs.continent ||
		     needs.asn || needs.location);
	/* What no decision looks at is not in the class. */
	c = client_classify(&p, &needs, &rows[0].facts, 0);
	assert_string_equal(c.country, "");
	assert_false(c.located);
	assert_true(c.unknown);

	p.services = services;
	needs = client_needs_of(&p);
	assert_true(needs.location);
	assert_false(needs.country);
	c = client_classify(&p, &needs, &rows[0].facts, 0);
	assert_string_equal(c.country, "GB");
	assert_false(c.unknown);

	p = (struct policy){ .residency = rules,
			     .residency_count = 1,
			     .sets = &sets[SET_ALL],
			     .set_count = 1 };
	needs = client_needs_of(&p);
	assert_true(needs.country);
}

/* clang-format off */
static const struct cell_row {
	const char *title;
	double latitude, longitude;
	bool ok;
	int cell_lat, cell_lon;
} cells[] = {
	{ "London",         51.51, -0.13,  true,  70, 89 },
	{ "just east",      51.51, 0.13,   true,  70, 90 },
	{ "South Pole",     -90,   0,      true,  0,  90 },
	{ "North Pole",     90,    0,      true,  89, 90 },
	{ "date line",      1,     180,    true,  45, 179 },
	{ "date line west", 1,     -180,   true,  45, 0 },
	{ "null island",    0,     0,      false, 0,  0 },
	{ "too far north",  90.1,  0,      false, 0,  0 },
	{ "too far east",   1,     180.1,  false, 0,  0 },
	{ "not a number",   0.0 / 0.0, 1,  false, 0,  0 },
	{ "endless",        1.0 / 0.0, 1,  false, 0,  0 },
};
/* clang-format on */

static void test_cells(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++) {
		const struct cell_row *row = &cells[i];
		int16_t lat = 0, lon = 0;
		bool ok =
			client_cell(row->latitude, row->longitude, &lat, &lon);

		if (ok != row->ok || lat != row->cell_lat ||
		    lon != row->cell_lon)
			fail_msg("%s: %d, %d, %d", row->title, ok, lat, lon);
	}
	assert_true(client_cell_middle(70) - 90 == 51.0);
	assert_true(client_cell_middle(89) - 180 == -1.0);
}

/* clang-format off */
static const struct code_row {
	const char *country, *text, *code;
} codes[] = {
	{ "US", "CA",            "US-CA" },
	{ "US", "US-CA",         "US-CA" },
	{ "US", "California",    "US-CA" },
	{ "US", "california",    "US-CA" },
	{ "GB", "England",       "GB-ENG" },
	{ "CA", "Qu\303\251bec", "CA-QC" },
	{ "DE", "BY",            "DE-BY" },
	{ "DE", "Bavaria",       "" },
	{ "AU", "California",    "" },
	{ "AT", "9",             "AT-9" },
	{ "US", "",              "" },
	{ "US", "C\303",         "" },
	{ "US", "CALI",          "" },
};
/* clang-format on */

static void test_subdivision_codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		char code[SUBDIVISION_SIZE];

		subdivision_code(codes[i].country, codes[i].text, code);
		if (strcmp(code, codes[i].code) != 0)
			fail_msg("%s in %s: \"%s\"", codes[i].text,
				 codes[i].country, code);
	}
}

/* clang-format off */
static const struct text_row {
	const char *text, *error; /* NULL: one correction */
} texts[] = {
	{ "192.0.2.0/24,GB", NULL },
	{ " 192.0.2.0/24 , GB , ENG , 51.5 , -0.1 \r\n", NULL },
	{ "\n# all of it\n \t\n2001:db8::/32,US,US-CA\n", NULL },
	{ "192.0.2.0/24,GB,,51.5,-0.1", NULL },
	{ "192.0.2.1/24,GB",
	  "c.csv:1:1: \"192.0.2.1/24\" has bits set beyond its prefix length" },
	{ "\n192.0.2/24,GB",
	  "c.csv:2:1: \"192.0.2/24\" is not a network; write it as "
	  "192.0.2.0/24 or 2001:db8::/32" },
	{ "192.0.2.0/24, gb",
	  "c.csv:1:15: \"gb\" is not a country; write its ISO 3166-1 code in "
	  "capitals, as GB" },
	{ "192.0.2.0/24,",
	  "c.csv:1:14: \"\" is not a country; write its ISO 3166-1 code in "
	  "capitals, as GB" },
	{ "192.0.2.0/24,DE,Bavaria",
	  "c.csv:1:17: \"Bavaria\" is not a subdivision of DE; write its ISO "
	  "3166-2 code, as US-CA" },
	{ "192.0.2.0/24,DE,BY,48.1,",
	  "c.csv:1:20: \"48.1,\" is not a place; give latitude (-90..90) and "
	  "longitude (-180..180) in degrees" },
	{ "192.0.2.0/24,DE,,0x1,1",
	  "c.csv:1:18: \"0x1,1\" is not a place; give latitude (-90..90) and "
	  "longitude (-180..180) in degrees" },
	{ "192.0.2.0/24,DE,,91,1",
	  "c.csv:1:18: \"91,1\" is not a place; give latitude (-90..90) and "
	  "longitude (-180..180) in degrees" },
	{ "192.0.2.0/24,DE,,1",
	  "c.csv:1:1: write CIDR,country[,subdivision[,latitude,longitude]]" },
	{ "192.0.2.0/24",
	  "c.csv:1:1: write CIDR,country[,subdivision[,latitude,longitude]]" },
	{ "192.0.2.0/24,DE,,1,2,3",
	  "c.csv:1:1: write CIDR,country[,subdivision[,latitude,longitude]]" },
};
/* clang-format on */

static void test_corrections(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct text_row *row = &texts[i];
		struct corrections c = { 0 };
		struct errors errs = { 0 };
		char line[512] = "";

		assert_true(corrections_parse(row->text, strlen(row->text),
					      "c.csv", &c, &errs));
		if (errs.count > 0)
			error_line(&errs.list[0].error, line, sizeof(line));
		if (errs.count != (row->error != NULL) ||
		    c.count != (row->error == NULL) ||
		    strcmp(line, row->error != NULL ? row->error : "") != 0)
			fail_msg("%s: %zu corrections, %s", row->text, c.count,
				 line);
		corrections_fini(&c);
		errors_fini(&errs);
	}
}

static void test_corrections_all_errors(void **state)
{
	static const char text[] = "x,GB\n192.0.2.0/24,GB\ny,GB\n";
	static const char zero[] = "192.0.2.0/24,GB\0";
	struct corrections c = { 0 };
	struct errors errs = { 0 };

	(void)state;
	assert_true(corrections_parse(text, sizeof(text) - 1, "c", &c, &errs));
	assert_int_equal(errs.count, 2);
	assert_int_equal(errs.list[1].error.at.line, 3);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.list[0].line, 2);
	assert_true(corrections_parse(zero, sizeof(zero) - 1, "c", &c, &errs));
	assert_int_equal(errs.count, 3);
	corrections_fini(&c);
	errors_fini(&errs);
}

static void test_correction_apply(void **state)
{
	struct client_facts facts = { .country = "US",
				      .subdivision = "US-CA",
				      .located = true,
				      .latitude = 37,
				      .longitude = -122,
				      .asn = 64500 };
	struct correction c = { .facts = { .country = "US" } };

	(void)state;
	/* Of the same country: the rest stays. */
	correction_apply(&c, &facts);
	assert_string_equal(facts.subdivision, "US-CA");
	assert_true(facts.located);
	/* Of another: what was said of the wrong country goes. */
	c.facts = (struct client_facts){ .country = "DE" };
	correction_apply(&c, &facts);
	assert_string_equal(facts.country, "DE");
	assert_string_equal(facts.subdivision, "");
	assert_false(facts.located);
	assert_int_equal(facts.asn, 64500);
	c.facts = (struct client_facts){ .country = "DE", LONDON };
	correction_apply(&c, &facts);
	assert_true(facts.located && facts.latitude > 51);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classify),
		cmocka_unit_test(test_nothing_is_empty_facts),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_subdivision_codes),
		cmocka_unit_test(test_corrections),
		cmocka_unit_test(test_corrections_all_errors),
		cmocka_unit_test(test_correction_apply),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
