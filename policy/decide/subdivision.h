/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subdivision -- ISO 3166-2 codes from what databases write.
 *
 * Some databases write the code ("CA"), free ones the English name
 * ("California").  Names are known for Australia, Canada, the United Kingdom
 * and the United States, where law differs within the country; elsewhere only
 * codes are understood.  Source: ISO 3166-2.  Pure.
 */
#ifndef POLICY_DECIDE_SUBDIVISION_H
#define POLICY_DECIDE_SUBDIVISION_H

#include <stdbool.h>

enum { SUBDIVISION_SIZE = 8 };

/* "US" and "CA", "US-CA" or "California" to "US-CA"; "" when not understood. */
void subdivision_code(const char *country, const char *text,
		      char code[SUBDIVISION_SIZE]);

#endif
