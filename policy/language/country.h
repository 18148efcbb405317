/* SPDX-License-Identifier: Apache-2.0 */
/*
 * country -- the country codes of ISO 3166-1, where they lie and which unions
 * bind them.
 *
 * Databases may lack the continent and the union flags; they are derived from
 * the country here, so that a policy means the same with any database.
 *
 * A territory with a code of its own counts as in the EU or the EEA when the
 * law of the union applies there (TFEU, article 355: the outermost regions and
 * the Aland Islands do, Svalbard does not), because residency asks for law and
 * not for geography.  XK is assigned to Kosovo by users, not by ISO, but
 * registries and databases write it.
 *
 * Source: ISO 3166-1; continents as GeoNames and MaxMind have them.  Pure.
 */
#ifndef POLICY_LANGUAGE_COUNTRY_H
#define POLICY_LANGUAGE_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>

struct country {
	char code[3];      /* "GB" */
	char continent[3]; /* MaxMind's: AF AN AS EU NA OC SA */
	bool eu, eea;      /* every country of the EU is in the EEA */
};

/* By upper-case alpha-2 code; NULL when there is no such country. */
const struct country *country_find(const char *code);

/* All of them, by code; for suggestions and tests. */
const struct country *country_all(size_t *count);

/*
 * "europe" to "EU": the policy language's words for continents (africa,
 * antarctica, asia, europe, north-america, oceania, south-america).  NULL
 * when word is none of them.
 */
const char *continent_find(const char *word);

/* The words, in the order of the alphabet. */
const char *const *continent_words(size_t *count);

#endif
