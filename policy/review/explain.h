/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain -- `windrose explain PATH --client ADDR... --service NAME [--down
 * REGION]... [--json]`: what each client gets and why, on the chain that the
 * responder runs.  No daemon is asked: all vantages are silent, endpoints of
 * the named regions are down.  Several clients give several explanations, or
 * JSON objects, one after another.  Shell: reads files, prints.
 */
#ifndef POLICY_REVIEW_EXPLAIN_H
#define POLICY_REVIEW_EXPLAIN_H

/* argv[0] is "explain".  0: explained, 1: not loaded, 2: wrong usage. */
int review_explain(int argc, char **argv);

#endif
