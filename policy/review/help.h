/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help -- `windrose help [CODE]`: the page of a kind of findings, or all kinds
 * there are.  Shell: prints.
 */
#ifndef POLICY_REVIEW_HELP_H
#define POLICY_REVIEW_HELP_H

/* argv[0] is "help".  0: printed, 1: no such code, 2: wrong usage. */
int review_help(int argc, char **argv);

#endif
