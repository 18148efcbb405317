/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest -- "did you mean": the known word nearest to a mistyped one.
 *
 * Optimal string alignment distance (Damerau-Levenshtein with adjacent
 * transpositions, each substring edited once); a suggestion is at most a
 * third of the word's length away, at least one edit.  Pure.
 */
#ifndef POLICY_BASE_NEAREST_H
#define POLICY_BASE_NEAREST_H

#include <stddef.h>

/* NULL when nothing is near.  Words longer than 63 octets are never near. */
const char *nearest_word(const char *word, const char *const *known,
			 size_t count);

/* Edits between two words; SIZE_MAX when either is longer than 63 octets. */
size_t nearest_distance(const char *a, const char *b);

#endif
