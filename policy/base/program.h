/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program -- what every long-running program does alike: its command line with
 * --log, --help and --version, its event loop, its signals, its exit status.
 *
 * A main file is then its option rows, how its parts start and how they stop.
 *
 * Shell.
 */
#ifndef POLICY_BASE_PROGRAM_H
#define POLICY_BASE_PROGRAM_H

#include "policy/base/option.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct event_base;

/* Exit statuses; PROGRAM_GO is none: the program goes on. */
enum program_status {
	PROGRAM_GO = -1,
	PROGRAM_OK = 0,
	PROGRAM_FAILED = 1,
	PROGRAM_USAGE = 2,
};

enum { PROGRAM_ROWS_MAX = 64, PROGRAM_NODE_SIZE = 64 };

struct program {
	const char *name;   /* "windrose-dns": also what messages begin with */
	const char *usage;  /* what stands behind it */
	const char *manual; /* "windrose-dns(8)" */
	const struct option_row *rows; /* its own options */
	size_t row_count;
	const char *const *needed; /* names of those rows that must be given,
				    * up to NULL; or NULL */
	const char *
		*operand; /* where its one operand goes; NULL: it has none */
};

/*
 * Reads the command line and sets the log level.  PROGRAM_GO, or the status to
 * exit with: the help, the version or what is wrong has been printed.
 */
enum program_status program_read(const struct program *program, int argc,
				 char **argv);

/* All on the loop's thread; loop is borrowed and outlives the program. */
struct program_life {
	bool (*start)(void *arg, struct event_base *loop, struct error *err);
	void (*reload)(void *arg); /* SIGHUP; NULL: it is ignored */
	/* Also after a start that failed half-way. */
	void (*stop)(void *arg);
	void *arg;
};

/*
 * Starts, runs the loop until SIGTERM or SIGINT, stops; the exit status, with
 * what went wrong printed.  SIGPIPE is ignored from then on.
 */
enum program_status program_run(const struct program *program,
				const struct program_life *life);

/* Prints "NAME: what is wrong"; returns status. */
enum program_status program_fail(const struct program *program,
				 const struct error *err,
				 enum program_status status);

/* "ROLE-HOST": no two programs of a host have the same name.  Returns buf. */
const char *program_node(const char *role, char buf[PROGRAM_NODE_SIZE]);

#endif
