/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/country.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by code: it is searched by halves. */
/* clang-format off */
static const struct country countries[] = {
	{ "AD", "EU", false, false }, { "AE", "AS", false, false },
	{ "AF", "AS", false, false }, { "AG", "NA", false, false },
	{ "AI", "NA", false, false }, { "AL", "EU", false, false },
	{ "AM", "AS", false, false }, { "AO", "AF", false, false },
	{ "AQ", "AN", false, false }, { "AR", "SA", false, false },
	{ "AS", "OC", false, false }, { "AT", "EU", true, true },
	{ "AU", "OC", false, false }, { "AW", "NA", false, false },
	{ "AX", "EU", true, true }, { "AZ", "AS", false, false },
	{ "BA", "EU", false, false }, { "BB", "NA", false, false },
	{ "BD", "AS", false, false }, { "BE", "EU", true, true },
	{ "BF", "AF", false, false }, { "BG", "EU", true, true },
	{ "BH", "AS", false, false }, { "BI", "AF", false, false },
	{ "BJ", "AF", false, false }, { "BL", "NA", false, false },
	{ "BM", "NA", false, false }, { "BN", "AS", false, false },
	{ "BO", "SA", false, false }, { "BQ", "NA", false, false },
	{ "BR", "SA", false, false }, { "BS", "NA", false, false },
	{ "BT", "AS", false, false }, { "BV", "AN", false, false },
	{ "BW", "AF", false, false }, { "BY", "EU", false, false },
	{ "BZ", "NA", false, false }, { "CA", "NA", false, false },
	{ "CC", "AS", false, false }, { "CD", "AF", false, false },
	{ "CF", "AF", false, false }, { "CG", "AF", false, false },
	{ "CH", "EU", false, false }, { "CI", "AF", false, false },
	{ "CK", "OC", false, false }, { "CL", "SA", false, false },
	{ "CM", "AF", false, false }, { "CN", "AS", false, false },
	{ "CO", "SA", false, false }, { "CR", "NA", false, false },
	{ "CU", "NA", false, false }, { "CV", "AF", false, false },
	{ "CW", "NA", false, false }, { "CX", "OC", false, false },
	{ "CY", "EU", true, true }, { "CZ", "EU", true, true },
	{ "DE", "EU", true, true }, { "DJ", "AF", false, false },
	{ "DK", "EU", true, true }, { "DM", "NA", false, false },
	{ "DO", "NA", false, false }, { "DZ", "AF", false, false },
	{ "EC", "SA", false, false }, { "EE", "EU", true, true },
	{ "EG", "AF", false, false }, { "EH", "AF", false, false },
	{ "ER", "AF", false, false }, { "ES", "EU", true, true },
	{ "ET", "AF", false, false }, { "FI", "EU", true, true },
	{ "FJ", "OC", false, false }, { "FK", "SA", false, false },
	{ "FM", "OC", false, false }, { "FO", "EU", false, false },
	{ "FR", "EU", true, true }, { "GA", "AF", false, false },
	{ "GB", "EU", false, false }, { "GD", "NA", false, false },
	{ "GE", "AS", false, false }, { "GF", "SA", true, true },
	{ "GG", "EU", false, false }, { "GH", "AF", false, false },
	{ "GI", "EU", false, false }, { "GL", "NA", false, false },
	{ "GM", "AF", false, false }, { "GN", "AF", false, false },
	{ "GP", "NA", true, true }, { "GQ", "AF", false, false },
	{ "GR", "EU", true, true }, { "GS", "AN", false, false },
	{ "GT", "NA", false, false }, { "GU", "OC", false, false },
	{ "GW", "AF", false, false }, { "GY", "SA", false, false },
	{ "HK", "AS", false, false }, { "HM", "AN", false, false },
	{ "HN", "NA", false, false }, { "HR", "EU", true, true },
	{ "HT", "NA", false, false }, { "HU", "EU", true, true },
	{ "ID", "AS", false, false }, { "IE", "EU", true, true },
	{ "IL", "AS", false, false }, { "IM", "EU", false, false },
	{ "IN", "AS", false, false }, { "IO", "AS", false, false },
	{ "IQ", "AS", false, false }, { "IR", "AS", false, false },
	{ "IS", "EU", false, true }, { "IT", "EU", true, true },
	{ "JE", "EU", false, false }, { "JM", "NA", false, false },
	{ "JO", "AS", false, false }, { "JP", "AS", false, false },
	{ "KE", "AF", false, false }, { "KG", "AS", false, false },
	{ "KH", "AS", false, false }, { "KI", "OC", false, false },
	{ "KM", "AF", false, false }, { "KN", "NA", false, false },
	{ "KP", "AS", false, false }, { "KR", "AS", false, false },
	{ "KW", "AS", false, false }, { "KY", "NA", false, false },
	{ "KZ", "AS", false, false }, { "LA", "AS", false, false },
	{ "LB", "AS", false, false }, { "LC", "NA", false, false },
	{ "LI", "EU", false, true }, { "LK", "AS", false, false },
	{ "LR", "AF", false, false }, { "LS", "AF", false, false },
	{ "LT", "EU", true, true }, { "LU", "EU", true, true },
	{ "LV", "EU", true, true }, { "LY", "AF", false, false },
	{ "MA", "AF", false, false }, { "MC", "EU", false, false },
	{ "MD", "EU", false, false }, { "ME", "EU", false, false },
	{ "MF", "NA", true, true }, { "MG", "AF", false, false },
	{ "MH", "OC", false, false }, { "MK", "EU", false, false },
	{ "ML", "AF", false, false }, { "MM", "AS", false, false },
	{ "MN", "AS", false, false }, { "MO", "AS", false, false },
	{ "MP", "OC", false, false }, { "MQ", "NA", true, true },
	{ "MR", "AF", false, false }, { "MS", "NA", false, false },
	{ "MT", "EU", true, true }, { "MU", "AF", false, false },
	{ "MV", "AS", false, false }, { "MW", "AF", false, false },
	{ "MX", "NA", false, false }, { "MY", "AS", false, false },
	{ "MZ", "AF", false, false }, { "NA", "AF", false, false },
	{ "NC", "OC", false, false }, { "NE", "AF", false, false },
	{ "NF", "OC", false, false }, { "NG", "AF", false, false },
	{ "NI", "NA", false, false }, { "NL", "EU", true, true },
	{ "NO", "EU", false, true }, { "NP", "AS", false, false },
	{ "NR", "OC", false, false }, { "NU", "OC", false, false },
	{ "NZ", "OC", false, false }, { "OM", "AS", false, false },
	{ "PA", "NA", false, false }, { "PE", "SA", false, false },
	{ "PF", "OC", false, false }, { "PG", "OC", false, false },
	{ "PH", "AS", false, false }, { "PK", "AS", false, false },
	{ "PL", "EU", true, true }, { "PM", "NA", false, false },
	{ "PN", "OC", false, false }, { "PR", "NA", false, false },
	{ "PS", "AS", false, false }, { "PT", "EU", true, true },
	{ "PW", "OC", false, false }, { "PY", "SA", false, false },
	{ "QA", "AS", false, false }, { "RE", "AF", true, true },
	{ "RO", "EU", true, true }, { "RS", "EU", false, false },
	{ "RU", "EU", false, false }, { "RW", "AF", false, false },
	{ "SA", "AS", false, false }, { "SB", "OC", false, false },
	{ "SC", "AF", false, false }, { "SD", "AF", false, false },
	{ "SE", "EU", true, true }, { "SG", "AS", false, false },
	{ "SH", "AF", false, false }, { "SI", "EU", true, true },
	{ "SJ", "EU", false, false }, { "SK", "EU", true, true },
	{ "SL", "AF", false, false }, { "SM", "EU", false, false },
	{ "SN", "AF", false, false }, { "SO", "AF", false, false },
	{ "SR", "SA", false, false }, { "SS", "AF", false, false },
	{ "ST", "AF", false, false }, { "SV", "NA", false, false },
	{ "SX", "NA", false, false }, { "SY", "AS", false, false },
	{ "SZ", "AF", false, false }, { "TC", "NA", false, false },
	{ "TD", "AF", false, false }, { "TF", "AN", false, false },
	{ "TG", "AF", false, false }, { "TH", "AS", false, false },
	{ "TJ", "AS", false, false }, { "TK", "OC", false, false },
	{ "TL", "OC", false, false }, { "TM", "AS", false, false },
	{ "TN", "AF", false, false }, { "TO", "OC", false, false },
	{ "TR", "AS", false, false }, { "TT", "NA", false, false },
	{ "TV", "OC", false, false }, { "TW", "AS", false, false },
	{ "TZ", "AF", false, false }, { "UA", "EU", false, false },
	{ "UG", "AF", false, false }, { "UM", "OC", false, false },
	{ "US", "NA", false, false }, { "UY", "SA", false, false },
	{ "UZ", "AS", false, false }, { "VA", "EU", false, false },
	{ "VC", "NA", false, false }, { "VE", "SA", false, false },
	{ "VG", "NA", false, false }, { "VI", "NA", false, false },
	{ "VN", "AS", false, false }, { "VU", "OC", false, false },
	{ "WF", "OC", false, false }, { "WS", "OC", false, false },
	{ "XK", "EU", false, false }, { "YE", "AS", false, false },
	{ "YT", "AF", true, true }, { "ZA", "AF", false, false },
	{ "ZM", "AF", false, false }, { "ZW", "AF", false, false },
};
/* clang-format on */

static const char *const words[] = {
	"africa",        "antarctica", "asia",          "europe",
	"north-america", "oceania",    "south-america",
};

static const char *const codes[] = {
	"AF", "AN", "AS", "EU", "NA", "OC", "SA",
};

static_assert(sizeof(words) == sizeof(codes), "a code for every word");

static int compare_code(const void *code, const void *country)
{
	return strcmp(code, ((const struct country *)country)->code);
}

const struct country *country_find(const char *code)
{
	return bsearch(code, countries, sizeof(countries) / sizeof(*countries),
		       sizeof(*countries), compare_code);
}

const struct country *country_all(size_t *count)
{
	*count = sizeof(countries) / sizeof(*countries);
	return countries;
}

const char *continent_find(const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i]) == 0)
			return codes[i];
	return NULL;
}

const char *const *continent_words(size_t *count)
{
	*count = sizeof(words) / sizeof(*words);
	return words;
}
