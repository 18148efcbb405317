/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove -- `windrose prove`: that a policy's walls hold, whatever happens
 * (policy/review/proof), as something to show.
 *
 * Shell: reads files, prints.
 */
#ifndef POLICY_REVIEW_PROVE_H
#define POLICY_REVIEW_PROVE_H

/* argv[0] is "prove".  Returns PROGRAM_OK, _FAILED or _USAGE. */
int review_prove(int argc, char **argv);

#endif
