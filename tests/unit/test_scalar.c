/* SPDX-License-Identifier: Apache-2.0 */
/* scalar, country: texts that have a type. */
#include "policy/language/country.h"
#include "policy/language/scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* clang-format off */
static const struct { const char *text; bool ok; int64_t ms; const char *back; } durations[] = {
	{ "250ms",        true,  250,              "250ms" },
	{ "30s",          true,  30000,            "30s" },
	{ "60s",          true,  60000,            "1m" },
	{ "90m",          true,  5400000,          "90m" },
	{ "24h",          true,  86400000,         "1d" },
	{ "0s",           true,  0,                "0s" },
	{ "0ms",          true,  0,                "0s" },
	{ "1500ms",       true,  1500,             "1500ms" },
	{ "999999999d",   true,  86399999913600000, "999999999d" },
	{ "1000000000d",  false, 0, NULL },
	{ "5",            false, 0, NULL },
	{ "",             false, 0, NULL },
	{ "s",            false, 0, NULL },
	{ "-5s",          false, 0, NULL },
	{ "+5s",          false, 0, NULL },
	{ " 5s",          false, 0, NULL },
	{ "5s ",          false, 0, NULL },
	{ "5 s",          false, 0, NULL },
	{ "1h30m",        false, 0, NULL },
	{ "1.5h",         false, 0, NULL },
	{ "5S",           false, 0, NULL },
	{ "5min",         false, 0, NULL },
	{ "0x5s",         false, 0, NULL },
};

static const struct { const char *text; bool ok; uint32_t value; } percents[] = {
	{ "5%", true, 5 }, { "100%", true, 100 }, { "0%", true, 0 }, { "999%", true, 999 },
	{ "5", false, 0 }, { "%", false, 0 }, { "5%%", false, 0 }, { "5 %", false, 0 }, { "-5%", false, 0 }, { "1.5%", false, 0 },
};

static const struct { const char *text; bool ok; double value; } numbers[] = {
	{ "0", true, 0 }, { "-77.45", true, -77.45 }, { "+1.0", true, 1 }, { ".5", true, 0.5 }, { "12000", true, 12000 },
	{ "", false, 0 }, { "-", false, 0 }, { ".", false, 0 }, { "1.2.3", false, 0 }, { "1e3", false, 0 },
	{ "nan", false, 0 }, { "inf", false, 0 }, { "0x10", false, 0 }, { "1,5", false, 0 }, { "1-2", false, 0 },
};

static const struct { const char *text; bool ok; uint32_t first, last; } ranges[] = {
	{ "200-299", true, 200, 299 }, { "204", true, 204, 204 }, { "200-200", true, 200, 200 },
	{ "299-200", false, 0, 0 }, { "200-", false, 0, 0 }, { "-200", false, 0, 0 }, { "2xx", false, 0, 0 }, { "200 - 299", false, 0, 0 },
};

static const struct { const char *text; bool ok; uint32_t asn; } asns[] = {
	{ "AS64500", true, 64500 }, { "AS4294967295", true, 4294967295u }, { "AS0", true, 0 },
	{ "AS4294967296", false, 0 }, { "AS", false, 0 }, { "as64500", false, 0 }, { "AS64500x", false, 0 }, { "AS99999999999999999999", false, 0 },
};

static const struct { const char *text, *name; } domains[] = {
	{ "gslb.example.com",   "gslb.example.com." },
	{ "gslb.example.com.",  "gslb.example.com." },
	{ "GSLB.Example.COM",   "gslb.example.com." },
	{ "_sip._tcp.example",  "_sip._tcp.example." },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example." },
	{ "a",                  "a." },
	{ "",                   NULL }, { ".", NULL }, { "..", NULL }, { "a..b", NULL }, { ".a", NULL },
	{ "-a.b", NULL }, { "a-.b", NULL }, { "a b", NULL }, { "a.b..", NULL }, { "b\xc3\xbc.example", NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b." },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", NULL },
};

static const struct { const char *text, *name; } mailboxes[] = {
	{ "hostmaster@example.com",  "hostmaster.example.com." },
	{ "first.last@example.com",  "first\\.last.example.com." },
	{ "hostmaster.example.com",  "hostmaster.example.com." },
	{ "a+b@example.com",         "a+b.example.com." },
	{ "@example.com", NULL }, { "a@", NULL }, { "a b@example.com", NULL }, { "a@b@c.example", NULL }, { "a\\b@example.com", NULL },
};

static const struct { const char *text; bool ok; } names[] = {
	{ "www", true }, { "eu-west-1", true }, { "1", true }, { "a--b", true },
	{ "", false }, { "-a", false }, { "a-", false }, { "A", false }, { "a_b", false }, { "a.b", false }, { "a b", false },
};
/* clang-format on */

static void test_durations(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(durations); i++) {
		char buf[SCALAR_DURATION_SIZE];
		int64_t ms = -1;

		if (scalar_duration(durations[i].text, &ms) != durations[i].ok)
			fail_msg("\"%s\"", durations[i].text);
		if (!durations[i].ok) {
			assert_int_equal(ms, -1);
			continue;
		}
		assert_true(ms == durations[i].ms);
		assert_string_equal(scalar_duration_text(ms, buf),
				    durations[i].back);
	}
}

static void test_percents(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(percents); i++) {
		uint32_t value = 0;

		if (scalar_percent(percents[i].text, &value) !=
			    percents[i].ok ||
		    value != percents[i].value)
			fail_msg("\"%s\": %u", percents[i].text, value);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		double value = 0;

		if (scalar_number(numbers[i].text, &value) != numbers[i].ok ||
		    value < numbers[i].value || value > numbers[i].value)
			fail_msg("\"%s\": %g", numbers[i].text, value);
	}
}

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++) {
		uint32_t first = 0, last = 0;

		if (scalar_range(ranges[i].text, &first, &last) !=
			    ranges[i].ok ||
		    first != ranges[i].first || last != ranges[i].last)
			fail_msg("\"%s\": %u-%u", ranges[i].text, first, last);
	}
}

static void test_asns(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(asns); i++) {
		uint32_t asn = 0;

		if (scalar_asn(asns[i].text, &asn) != asns[i].ok ||
		    asn != asns[i].asn)
			fail_msg("\"%s\": %u", asns[i].text, asn);
	}
}

static void test_domains(void **state)
{
	char out[SCALAR_DOMAIN_SIZE], whole[300];

	(void)state;
	for (size_t i = 0; i < COUNT(domains); i++) {
		strcpy(out, "kept");
		if (scalar_domain(domains[i].text, out) !=
		    (domains[i].name != NULL))
			fail_msg("\"%s\"", domains[i].text);
		assert_string_equal(out, domains[i].name == NULL
						 ? "kept"
						 : domains[i].name);
	}
	/* 253 octets of text are 255 on the wire; 254 are too many. */
	for (size_t n = 253; n <= 254; n++) {
		for (size_t i = 0; i < n; i++)
			whole[i] = i % 50 == 49 ? '.' : 'a';
		whole[n] = '\0';
		assert_true(scalar_domain(whole, out) == (n == 253));
	}
}

static void test_mailboxes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mailboxes); i++) {
		char out[SCALAR_DOMAIN_SIZE] = "kept";

		if (scalar_mailbox(mailboxes[i].text, out) !=
		    (mailboxes[i].name != NULL))
			fail_msg("\"%s\"", mailboxes[i].text);
		assert_string_equal(out, mailboxes[i].name == NULL
						 ? "kept"
						 : mailboxes[i].name);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (scalar_name(names[i].text) != names[i].ok)
			fail_msg("\"%s\"", names[i].text);
}

static void test_bits(void **state)
{
	uint32_t bits = 7;

	(void)state;
	assert_true(scalar_bits("/24", &bits));
	assert_int_equal(bits, 24);
	assert_false(scalar_bits("24", &bits));
	assert_false(scalar_bits("/", &bits));
	assert_false(scalar_bits("/24x", &bits));
}

static void test_countries(void **state)
{
	size_t count, eu = 0, eea = 0, words;
	const struct country *all = country_all(&count);
	const char *const *word = continent_words(&words);

	(void)state;
	/* ISO 3166-1 has 249 codes; Kosovo's is the users'. */
	assert_int_equal(count, 250);
	assert_int_equal(words, 7);
	for (size_t i = 0; i < count; i++) {
		bool continent = false;

		/* By code, else the search by halves misses some. */
		assert_ptr_equal(country_find(all[i].code), &all[i]);
		assert_true(i == 0 || strcmp(all[i - 1].code, all[i].code) < 0);
		assert_true(!all[i].eu || all[i].eea);
		eu += all[i].eu;
		eea += all[i].eea;
		for (size_t w = 0; w < words; w++)
			continent |= strcmp(continent_find(word[w]),
					    all[i].continent) == 0;
		assert_true(continent);
	}
	/* 27 members and 7 territories with a code; and IS, LI, NO. */
	assert_int_equal(eu, 34);
	assert_int_equal(eea, 37);
	assert_null(country_find("UK"));
	assert_null(country_find("gb"));
	assert_null(country_find(""));
	assert_true(country_find("NO")->eea && !country_find("NO")->eu);
	assert_false(country_find("CH")->eea);
	assert_false(country_find("SJ")->eea);
	assert_true(country_find("RE")->eu);
	assert_string_equal(country_find("AS")->continent, "OC");
	assert_null(continent_find("Europe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_percents),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_asns),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_countries),
	};

	return cmocka_run_group_tests_name("scalar", tests, NULL, NULL);
}
