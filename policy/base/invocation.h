/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invocation -- how a command of windrose was called: its operands and options,
 * its
 * --help, and what is said when the line is wrong.
 *
 * Shell: prints.
 */
#ifndef POLICY_BASE_INVOCATION_H
#define POLICY_BASE_INVOCATION_H

#include "policy/base/option.h"
#include "policy/base/program.h"

#include <stdbool.h>
#include <stddef.h>

struct invocation {
	const char *command;           /* "prove" */
	const char *usage;             /* what stands behind it */
	const struct option_row *rows; /* --help among them */
	size_t row_count;
	size_t operands;  /* so many, no more and no less */
	const bool *help; /* the target of that row */
};

/*
 * Sets the rows' targets and the operands, which are argv's own pointers; where
 * there are none, operands may be NULL.
 * PROGRAM_GO, or what to end with: help, or what is wrong, has been printed.
 */
enum program_status invocation_read(const struct invocation *call, int argc,
				    char **argv, const char **operands);

/* What option_parse() does not know to be wrong; returns PROGRAM_USAGE. */
enum program_status invocation_refuse(const struct invocation *call,
				      const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
