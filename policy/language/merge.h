/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge -- the sections of all files as one tree, and the names in them.
 *
 * A section may be spread over files; the same name twice is an error at the
 * second that names the first.  Pure.
 */
#ifndef POLICY_LANGUAGE_MERGE_H
#define POLICY_LANGUAGE_MERGE_H

#include "policy/language/draft.h"

/* Adds the root of one file to d->sections; files in the order of reading. */
void merge_file(struct draft *d, struct tree *root);

/*
 * Gives every named section its array in d->policy, with name and place of
 * each thing set and the rest zero, so that references find them.
 */
void merge_declare(struct draft *d);

/*
 * "www", "api.eu", "@" for the apex; "*", "*.app": wildcards, RFC 4592; with a
 * dot at the end absolute.
 */
bool merge_is_service_name(const char *text);

#endif
