/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check -- `windrose check PATH [--format text|json] [--no-geo]`: loads a
 * policy as a responder would and says everything that is wrong with it.
 *
 * Findings are one line each on standard error, or one JSON object on standard
 * output with --format json.  Geo databases are read too, unless --no-geo, for
 * machines that have the policy and not the databases.  Shell: reads files,
 * prints.
 */
#ifndef POLICY_REVIEW_CHECK_H
#define POLICY_REVIEW_CHECK_H

/* argv[0] is "check".  0: no error, 1: errors, 2: wrong usage. */
int review_check(int argc, char **argv);

#endif
