/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* All that was written to a file; the caller frees it. */
static char *text_of(FILE *out)
{
	long len = lseek(fileno(out), 0, SEEK_END);
	char *text = calloc(1, (size_t)len + 1);

	assert_non_null(text);
	assert_int_equal(pread(fileno(out), text, (size_t)len, 0), len);
	return text;
}

char *capture_words(review *run, const char *const *words, int *status)
{
	char *argv[CAPTURE_WORDS_MAX + 1] = { NULL }, *text;
	FILE *out = tmpfile();
	int argc = 0, saved;

	assert_non_null(out);
	for (; words[argc] != NULL; argc++) {
		assert_in_range(argc, 0, CAPTURE_WORDS_MAX - 1);
		argv[argc] = strdup(words[argc]);
	}
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(out), STDOUT_FILENO);
	*status = run(argc, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	text = text_of(out);
	fclose(out);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return text;
}

char *capture_line(review *run, const char *line, int *status)
{
	const char *words[CAPTURE_WORDS_MAX + 1] = { NULL };
	char *copy = strdup(line), *rest = copy, *text;
	int count = 0;

	assert_non_null(copy);
	for (char *word = strsep(&rest, " "); word != NULL;
	     word = strsep(&rest, " ")) {
		assert_in_range(count, 0, CAPTURE_WORDS_MAX - 1);
		words[count++] = word;
	}
	text = capture_words(run, words, status);
	free(copy);
	return text;
}
