/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check -- `windrose check PATH [--format WORD] [--no-geo]`: loads a
 * policy as a responder would and says everything that is wrong with it.
 *
 * Findings are one line each on standard error, or one JSON object on standard
 * output with --format json, or SARIF, or annotations.  Geo databases are read
 * too, unless --no-geo, for machines that have the policy and not the
 * databases.  Shell: reads files, prints.
 */
#ifndef POLICY_REVIEW_CHECK_H
#define POLICY_REVIEW_CHECK_H

#include <stdbool.h>

struct findings;

/*
 * Loads r->path, all else of r being zero, and finds what there is to find,
 * sorted, and as the policy wants it taken.  The caller ends it with
 * check_fini().
 */
void check_policy(struct findings *r, bool no_geo);
void check_fini(struct findings *r);

/* argv[0] is "check".  0: no error, 1: errors, 2: wrong usage. */
int review_check(int argc, char **argv);

#endif
