/* SPDX-License-Identifier: Apache-2.0 */
/*
 * git -- asks the program git, and waits for what it says.
 *
 * It is found by PATH and run without a shell; it has our environment but for
 * what git itself sets for hooks, so that the repository is the one around the
 * folder it is asked in.  Its messages go to our standard error.
 *
 * Shell: runs a program.  Source: git(1).
 */
#ifndef POLICY_REVIEW_GIT_H
#define POLICY_REVIEW_GIT_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum { GIT_ANSWER_MAX = 1 << 20 }; /* octets */

struct git {
	const char *folder; /* asked in; borrowed */
	/* Another index and working tree than the repository's own; borrowed;
	 * NULL: its own. */
	const char *index, *tree;
};

/*
 * What git prints when it is asked words (without "git" before them; NULL
 * after the last), NUL-terminated beyond *len octets; the caller frees it.
 * NULL with err set: it is not there, says no, or says more than
 * GIT_ANSWER_MAX.
 */
char *git_ask(const struct git *git, const char *const *words, size_t *len,
	      struct error *err);

#endif
