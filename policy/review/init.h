/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init -- `windrose init [DIR]`: a first policy, with what its keys mean, that
 * passes check, test and prove.
 *
 * Shell: writes a file.
 */
#ifndef POLICY_REVIEW_INIT_H
#define POLICY_REVIEW_INIT_H

/* argv[0] is "init".  Returns PROGRAM_OK, _FAILED or _USAGE. */
int review_init(int argc, char **argv);

#endif
