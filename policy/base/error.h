/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error -- what an operator can repair, told to the operator.
 *
 * Functions that can fail for reasons an operator can repair take a
 * struct error as their last parameter and return false (or NULL).  They fill
 * it on failure and leave it alone on success, so a caller may reuse one
 * across many calls.  Loaders, which report every mistake of a run and not
 * just the first, take a struct errors and add to it.  Only main() and the
 * event-loop shells print either.
 */
#ifndef POLICY_BASE_ERROR_H
#define POLICY_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A point in an input file.  Lines and columns count from 1; 0 is unknown. */
struct place {
	const char *file; /* borrowed; outlives every error that names it */
	unsigned line;
	unsigned col; /* in bytes, as editors that jump to file:line:col do */
};

struct error {
	struct place at;
	char text[240]; /* what is wrong; what to do */
};

/* Records a failure at a known place.  Text is cut, never overrun. */
void error_at(struct error *err, struct place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failure that is at no place in a file. */
void error_set(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes "file:line:col: text" into buf, always NUL-terminated. */
const char *error_line(const struct error *err, char *buf, size_t size);

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
	SEVERITY_ACCEPTED, /* somebody knows of it: not shown, not counted */
};

/* Every finding of one run, in the order found until errors_sort(). */
struct errors {
	struct finding {
		struct error error;
		unsigned code; /* its kind, an enum code; 0: none of those */
		enum severity severity;
		char *file;         /* owned copy of error.at.file, or NULL */
		const char *reason; /* why it is accepted, or NULL; borrowed
				     * from the policy */
	} * list;                   /* owned */
	size_t count, cap;
	size_t fatal; /* how many are SEVERITY_ERROR */
	bool lost;    /* memory ran out while recording one */
};

/* Zero-initialised is empty.  Copies the file name. */
void errors_add(struct errors *errs, unsigned code, struct place at,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void errors_warn(struct errors *errs, unsigned code, struct place at,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Adds one already made. */
void errors_push(struct errors *errs, unsigned code, const struct error *err);

/* How many are SEVERITY_WARNING. */
size_t errors_warnings(const struct errors *errs);

/* By file name, line, column; findings at one place keep their order. */
void errors_sort(struct errors *errs);

/* One line each: "file:line:col: error: text [WR0123]". */
void errors_print(const struct errors *errs, FILE *out);
void errors_fini(struct errors *errs);

/* True when nothing fatal was found and nothing was lost. */
static inline bool errors_ok(const struct errors *errs)
{
	return errs->fatal == 0 && !errs->lost;
}

#endif
