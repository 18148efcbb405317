/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms -- client sets: what each of their words means.
 *
 *   GB              a country, ISO 3166-1 alpha-2, upper case
 *   US-CA           a subdivision, ISO 3166-2, upper case
 *   AS64500         an autonomous system (AS alone is American Samoa)
 *   198.51.100.0/24 a network or an address, either family
 *   europe ...      a continent
 *   eu, eea, all    the unions; everyone
 *   office          another set
 *
 * Pure.
 */
#ifndef POLICY_LANGUAGE_TERMS_H
#define POLICY_LANGUAGE_TERMS_H

#include "policy/language/draft.h"

/* Is word one of the language's own: a continent, eu, eea, all?  Fills out. */
bool terms_builtin(const char *word, struct client_term *out);

/*
 * Reads the terms of every declared set; map is the section.  A set that
 * contains itself, directly or not, is an error.
 */
void terms_read(struct draft *d, struct tree *map);

#endif
