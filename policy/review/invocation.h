/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invocation -- how a review command was called: its operands and options, its
 * --help, and what is said when the line is wrong.
 *
 * Shell: prints.
 */
#ifndef POLICY_REVIEW_INVOCATION_H
#define POLICY_REVIEW_INVOCATION_H

#include "policy/base/option.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of review commands; REVIEW_GO is none: the command goes on. */
enum review_status {
	REVIEW_GO = -1,
	REVIEW_FINE = 0,
	REVIEW_FAILED = 1,
	REVIEW_USAGE = 2,
};

struct invocation {
	const char *command;           /* "prove" */
	const char *usage;             /* what stands behind it */
	const struct option_row *rows; /* --help among them */
	size_t row_count;
	size_t operands;  /* so many, no more and no less */
	const bool *help; /* the target of that row */
};

/*
 * Sets the rows' targets and the operands, which are argv's own pointers.
 * REVIEW_GO, or what to end with: help, or what is wrong, has been printed.
 */
enum review_status invocation_read(const struct invocation *call, int argc,
				   char **argv, const char **operands);

/* What option_parse() does not know to be wrong; returns REVIEW_USAGE. */
enum review_status invocation_refuse(const struct invocation *call,
				     const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
