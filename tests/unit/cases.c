/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cases.h"

#include "tests/unit/asked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The next line that is no comment, without its newline and blanks. */
static char *next_line(FILE *in, char *buf, size_t size)
{
	while (fgets(buf, (int)size, in) != NULL) {
		size_t len = strlen(buf);

		while (len > 0 && strchr(" \n", buf[len - 1]) != NULL)
			buf[--len] = '\0';
		if (len > 0 && buf[0] != '#')
			return buf + (buf[0] == '\t');
	}
	return NULL;
}

/* True when it came as wanted; else both are printed. */
static bool run(const struct table *table, const char *title, char *query,
		const char *wanted)
{
	static struct asked a;
	char *words = strchr(query, ' ');

	assert_non_null(words);
	*words++ = '\0';
	asked_put(table, &a, query, words);
	while (strlen(a.text) > 0 && a.text[strlen(a.text) - 1] == ' ')
		a.text[strlen(a.text) - 1] = '\0';
	if (strcmp(a.text, wanted) == 0)
		return true;
	/* print_error() would cut it. */
	fprintf(stderr, "%s\n  asked  %s\n  wanted %s\n  got    %s\n", title,
		words, wanted, a.text);
	return false;
}

void cases_run(const struct table *table, const char *name, unsigned least)
{
	static char title[256], query[4096], wanted[ASK_TEXT_SIZE];
	unsigned cases = 0, wrong = 0;
	char path[1024];
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/data/dns/%s", getenv("SRCDIR"),
		 name);
	in = fopen(path, "r");
	assert_non_null(in);
	while (next_line(in, title, sizeof(title)) != NULL) {
		assert_non_null(next_line(in, query, sizeof(query)));
		assert_non_null(next_line(in, wanted, sizeof(wanted)));
		cases++;
		wrong += run(table, title, query + (query[0] == '\t'),
			     wanted + (wanted[0] == '\t'))
				 ? 0
				 : 1;
	}
	fclose(in);
	assert_true(cases >= least);
	assert_int_equal(wrong, 0);
}
