/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff -- `windrose diff`: what a change of the policy does to traffic.
 *
 * Shell: reads files, prints.
 */
#ifndef POLICY_REVIEW_DIFF_H
#define POLICY_REVIEW_DIFF_H

/* argv[0] is "diff".  Returns PROGRAM_OK, _FAILED or _USAGE. */
int review_diff(int argc, char **argv);

#endif
