/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option -- command lines, one row an option, for every program.
 *
 * The parser, the usage text and the manual's table read the same rows.
 * "--name VALUE" and "--name=VALUE"; "--" ends options.  Pure.
 */
#ifndef POLICY_BASE_OPTION_H
#define POLICY_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error;

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char *, borrowed from argv */
	OPTION_LIST,   /* struct option_list, in the order given */
	OPTION_NUMBER, /* unsigned, decimal, within min..max */
};

enum { OPTION_LIST_MAX = 64 };

struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};

struct option_row {
	const char *name; /* without the dashes */
	enum option_kind kind;
	void *target;      /* where the value goes, typed by kind */
	const char *value; /* what the value is called: "DIR"; NULL for flags */
	const char *help;  /* one line, no final stop */
	unsigned min, max; /* OPTION_NUMBER */
};

/*
 * Sets targets from argv[1..argc) and returns how many operands were left in
 * operands (argv's own pointers, in order; room for argc).  -1 with err set
 * on an unknown option (with the nearest known one), a missing or a wrong
 * value.
 */
int option_parse(const struct option_row *rows, size_t count, int argc,
		 char **argv, const char **operands, struct error *err);

/* The rows as help text. */
void option_print(const struct option_row *rows, size_t count, FILE *out);

#endif
