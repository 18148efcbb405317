/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fmt -- `windrose fmt PATH`: brings a policy's files into their form
 * (policy/review/format), or with --check says which are not.
 *
 * Shell: reads and writes files.
 */
#ifndef POLICY_REVIEW_FMT_H
#define POLICY_REVIEW_FMT_H

/* argv[0] is "fmt".  Returns PROGRAM_OK, _FAILED or _USAGE. */
int review_fmt(int argc, char **argv);

#endif
