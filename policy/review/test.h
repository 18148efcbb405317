/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test -- `windrose test PATH [--tap]`: runs the tests that stand beside a
 * policy, on the chain that the responder runs.
 *
 *   answer         what this client draws (or, for a set of clients or
 *                  sticky: none, whatever any of them can draw) is listed
 *   never          nothing listed can be drawn
 *   always_within  whichever regions of the service fail, what can be drawn
 *                  is within the jurisdictions.  All subsets of up to
 *                  TEST_REGIONS_ALL regions are tried, of more all subsets of
 *                  up to TEST_REGIONS_SOME; the line says which.
 *
 * A test that fails says what was drawn and which `windrose explain` shows
 * why.  Shell: reads files, prints.
 */
#ifndef POLICY_REVIEW_TEST_H
#define POLICY_REVIEW_TEST_H

enum { TEST_REGIONS_ALL = 12, TEST_REGIONS_SOME = 3 };

/* argv[0] is "test".  0: all pass, 1: some do not, 2: wrong usage. */
int review_test(int argc, char **argv);

#endif
