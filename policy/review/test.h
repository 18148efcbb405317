/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test -- `windrose test PATH`: runs the tests that stand beside a policy
 * (policy/review/trial) and tells which of its rules none of them tries
 * (policy/review/coverage).
 *
 * A test that fails says what was drawn and which `windrose explain` shows
 * why.  Shell: reads files, prints.
 */
#ifndef POLICY_REVIEW_TEST_H
#define POLICY_REVIEW_TEST_H

/* argv[0] is "test".  Returns PROGRAM_OK, _FAILED or _USAGE. */
int review_test(int argc, char **argv);

#endif
