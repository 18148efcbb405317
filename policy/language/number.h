/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number -- the values of the schema that are numbers with a range: counts,
 * durations, percentages, prefix lengths, places on the map.  Pure.
 */
#ifndef POLICY_LANGUAGE_NUMBER_H
#define POLICY_LANGUAGE_NUMBER_H

#include "policy/language/draft.h"

/* As value_read(), for SCHEMA_NUMBER to _BITS and SCHEMA_LOCATION. */
void number_read(struct draft *d, const struct schema_row *row,
		 struct tree *node, void *target);

#endif
