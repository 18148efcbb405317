/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal -- the audit file: what was changed, by whom, that nobody can alter
 * later without it being seen.
 *
 * Lines of a chain (steering/custody).  A line is fsynced before
 * journal_append() returns, and then PATH.head, which says which line was the
 * last.  A last line without its newline is one that a crash tore: it is set
 * aside in PATH.torn, and told.  A file that is taken away is begun anew with
 * the number and hash of its last line.
 *
 * The chain finds alteration in the middle, the head lines that are missing
 * from the end.  Who can write both can still make a whole new end, which the
 * audit stream on the bus is there to show: it has the same lines.  Shell.
 */
#ifndef STEERING_JOURNAL_H
#define STEERING_JOURNAL_H

#include "steering/custody.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct journal;
struct json_t;

/* Opens or makes path.  NULL with err set. */
struct journal *journal_open(const char *path, struct error *err);
/* Accepts NULL. */
void journal_free(struct journal *journal);

/* What journal_open() had to repair, in words, or "". */
const char *journal_note(const struct journal *journal);

/*
 * Adds an event (borrowed).  False with err set when it is not on the disk;
 * what was written of it is taken back.
 */
bool journal_append(struct journal *journal, const struct json_t *event,
		    struct error *err);

/* The last line that was added, without its newline; borrowed until the next
 * one.  NULL: none yet. */
const char *journal_line(const struct journal *journal, size_t *len);

/* Where the chain is. */
struct custody journal_end(const struct journal *journal);

/* After the file was moved away: goes on in a new one.  False with err set: it
 * goes on in the old one. */
bool journal_reopen(struct journal *journal, struct error *err);

/*
 * The last count lines as an array of objects, oldest first; a line that is
 * no JSON is there as a string.  A new reference, NULL with err set.
 */
struct json_t *journal_last(const struct journal *journal, size_t count,
			    struct error *err);

/* The last lines of the file as they are, for the caller to free; NULL: out of
 * memory, or they cannot be read. */
char *journal_tail(const struct journal *journal, size_t lines, size_t *len);

/* The head in an open PATH.head; false in found: there is none. */
struct custody journal_read_head(int fd, bool *found);

#endif
