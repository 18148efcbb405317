/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/help.h"

#include "policy/base/invocation.h"
#include "policy/base/nearest.h"
#include "policy/language/code.h"
#include "policy/review/page.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { KINDS_MAX = 256 };

static void print_list(void)
{
	const struct code_row *row;
	char code[CODE_TEXT_SIZE];

	for (size_t i = 0; (row = code_row_at(i)) != NULL; i++)
		printf("%s  %-7s  %s\n", code_text(row->code, code),
		       page_severity(row), row->line);
	printf("\nwindrose help CODE explains one; windrose --help lists the "
	       "commands.\n");
}

/* By code, or by name. */
static const struct code_row *find_row(const char *word)
{
	const struct code_row *row = code_row_find(word);

	for (size_t i = 0; row == NULL && code_row_at(i) != NULL; i++)
		if (strcmp(code_row_at(i)->name, word) == 0)
			row = code_row_at(i);
	return row;
}

static void print_unknown(const char *word)
{
	char codes[KINDS_MAX][CODE_TEXT_SIZE];
	const char *words[2 * KINDS_MAX], *near;
	const struct code_row *row;
	size_t count = 0;

	for (size_t i = 0; (row = code_row_at(i)) != NULL; i++) {
		assert(i < KINDS_MAX);
		words[count++] = code_text(row->code, codes[i]);
		words[count++] = row->name;
	}
	near = nearest_word(word, words, count);
	if (near != NULL)
		fprintf(stderr,
			"windrose help: there is no code %.40s; did you mean "
			"%s?\n",
			word, near);
	else
		fprintf(stderr,
			"windrose help: there is no code %.40s; windrose help "
			"lists them\n",
			word);
}

int review_help(int argc, char **argv)
{
	bool help = false;
	const char *word = NULL;
	const struct option_row rows[] = {
		{ "help", OPTION_FLAG, &help, NULL, "print this", 0, 0 },
	};
	const struct invocation call = { "help",
					 "[CODE]",
					 rows,
					 1,
					 argc > 1 && argv[1][0] != '-' ? 1 : 0,
					 &help };
	enum program_status status = invocation_read(&call, argc, argv, &word);
	const struct code_row *row;

	if (status != PROGRAM_GO)
		return status;
	if (word == NULL) {
		print_list();
		return PROGRAM_OK;
	}
	row = find_row(word);
	if (row == NULL) {
		print_unknown(word);
		return PROGRAM_FAILED;
	}
	page_print(row, stdout);
	return PROGRAM_OK;
}
