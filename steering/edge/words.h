/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words -- a command line without a shell: words between blanks, the first of
 * them the path of a program.  There are no quotes, so no word has a blank.
 *
 * Pure.
 */
#ifndef STEERING_EDGE_WORDS_H
#define STEERING_EDGE_WORDS_H

#include <stdbool.h>

struct error;

enum { WORDS_MAX = 32, WORDS_SIZE = 1024 };

struct words {
	char text[WORDS_SIZE];
	char *argv[WORDS_MAX + 1]; /* into text; NULL at the end */
};

/*
 * False with err set: no absolute path, or too long.  option is whose value it
 * is, for the message.
 */
bool words_parse(const char *text, const char *option, struct words *out,
		 struct error *err);

#endif
