/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate -- `windrose simulate`: the load of regions over time, for queries
 * that were asked, while regions fail.
 *
 * Shell: reads files, prints.
 */
#ifndef POLICY_REVIEW_SIMULATE_H
#define POLICY_REVIEW_SIMULATE_H

/* argv[0] is "simulate".  Returns PROGRAM_OK, _FAILED or _USAGE. */
int review_simulate(int argc, char **argv);

#endif
