/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture -- what a review command prints, from inside a test.
 */
#ifndef TESTS_UNIT_CAPTURE_H
#define TESTS_UNIT_CAPTURE_H

typedef int review(int argc, char **argv);

enum { CAPTURE_WORDS_MAX = 32 };

/*
 * What run prints to standard output when it is called with these words, which
 * spaces part; the caller frees it.  *status is what it returns.
 */
char *capture_line(review *run, const char *line, int *status);

/* The same for words that are told apart already, up to a NULL. */
char *capture_words(review *run, const char *const *words, int *status);

#endif
