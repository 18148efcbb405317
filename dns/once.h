/* SPDX-License-Identifier: Apache-2.0 */
/*
 * once -- what the responder does without a socket: load and say so, answer
 * one query from a file.  Shell: reads and writes files.
 */
#ifndef DNS_ONCE_H
#define DNS_ONCE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Loads the policy and all that it names.  Says "OK" and what there is on out,
 * findings on findings.  False when it does not load.
 */
bool once_check(const char *policy_path, FILE *out, FILE *findings);

/*
 * Reads one message from in, whole, and writes the answer, if it deserves one,
 * to out: as over UDP from 127.0.0.1, before the first report, with nothing
 * drawn at random, so the same query gives the same octets.  For fuzzers and
 * for looking at answers.  False when it does not load or cannot write.
 */
bool once_answer(const char *policy_path, FILE *in, FILE *out, FILE *findings);

#endif
