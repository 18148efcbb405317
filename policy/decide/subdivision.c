/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/subdivision.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
static const struct name {
	const char *code, *name;
} names[] = {
	{ "AU-ACT", "Australian Capital Territory" },
	{ "AU-NSW", "New South Wales" }, { "AU-NT", "Northern Territory" },
	{ "AU-QLD", "Queensland" }, { "AU-SA", "South Australia" },
	{ "AU-TAS", "Tasmania" }, { "AU-VIC", "Victoria" },
	{ "AU-WA", "Western Australia" },
	{ "CA-AB", "Alberta" }, { "CA-BC", "British Columbia" },
	{ "CA-MB", "Manitoba" }, { "CA-NB", "New Brunswick" },
	{ "CA-NL", "Newfoundland and Labrador" },
	{ "CA-NS", "Nova Scotia" }, { "CA-NT", "Northwest Territories" },
	{ "CA-NU", "Nunavut" }, { "CA-ON", "Ontario" },
	{ "CA-PE", "Prince Edward Island" }, { "CA-QC", "Quebec" },
	{ "CA-QC", "Qu\303\251bec" }, { "CA-SK", "Saskatchewan" },
	{ "CA-YT", "Yukon" },
	{ "GB-ENG", "England" }, { "GB-NIR", "Northern Ireland" },
	{ "GB-SCT", "Scotland" }, { "GB-WLS", "Wales" },
	{ "US-AK", "Alaska" }, { "US-AL", "Alabama" }, { "US-AR", "Arkansas" },
	{ "US-AZ", "Arizona" }, { "US-CA", "California" },
	{ "US-CO", "Colorado" }, { "US-CT", "Connecticut" },
	{ "US-DC", "District of Columbia" },
	{ "US-DC", "Washington, D.C." }, { "US-DE", "Delaware" },
	{ "US-FL", "Florida" }, { "US-GA", "Georgia" }, { "US-HI", "Hawaii" },
	{ "US-IA", "Iowa" }, { "US-ID", "Idaho" }, { "US-IL", "Illinois" },
	{ "US-IN", "Indiana" }, { "US-KS", "Kansas" }, { "US-KY", "Kentucky" },
	{ "US-LA", "Louisiana" }, { "US-MA", "Massachusetts" },
	{ "US-MD", "Maryland" }, { "US-ME", "Maine" }, { "US-MI", "Michigan" },
	{ "US-MN", "Minnesota" }, { "US-MO", "Missouri" },
	{ "US-MS", "Mississippi" }, { "US-MT", "Montana" },
	{ "US-NC", "North Carolina" }, { "US-ND", "North Dakota" },
	{ "US-NE", "Nebraska" }, { "US-NH", "New Hampshire" },
	{ "US-NJ", "New Jersey" }, { "US-NM", "New Mexico" },
	{ "US-NV", "Nevada" }, { "US-NY", "New York" }, { "US-OH", "Ohio" },
	{ "US-OK", "Oklahoma" }, { "US-OR", "Oregon" },
	{ "US-PA", "Pennsylvania" }, { "US-RI", "Rhode Island" },
	{ "US-SC", "South Carolina" }, { "US-SD", "South Dakota" },
	{ "US-TN", "Tennessee" }, { "US-TX", "Texas" }, { "US-UT", "Utah" },
	{ "US-VA", "Virginia" }, { "US-VT", "Vermont" },
	{ "US-WA", "Washington" }, { "US-WI", "Wisconsin" },
	{ "US-WV", "West Virginia" }, { "US-WY", "Wyoming" },
};
/* clang-format on */

/* One to three upper-case letters or digits, ISO 3166-2. */
static bool is_code(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!isupper((unsigned char)text[i]) &&
		    !isdigit((unsigned char)text[i]))
			return false;
	return len >= 1 && len <= 3;
}

void subdivision_code(const char *country, const char *text,
		      char code[SUBDIVISION_SIZE])
{
	code[0] = '\0';
	if (strncmp(text, country, 2) == 0 && text[2] == '-')
		text += 3;
	if (is_code(text)) {
		snprintf(code, SUBDIVISION_SIZE, "%.2s-%.3s", country, text);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(names[i].code, country, 2) == 0 &&
		    strcasecmp(names[i].name, text) == 0) {
			snprintf(code, SUBDIVISION_SIZE, "%s", names[i].code);
			return;
		}
}
