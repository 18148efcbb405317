/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal -- the audit file: what was changed, by whom, that nobody can alter
 * later without it being seen.
 *
 * JSON lines.  Each is {"n": line number from 1, "prev": SHA-256 in hex of the
 * line before without its newline (64 zeros for the first), "event": {...},
 * "sum": SHA-256 in hex of this line up to there}.  A line is fsynced before
 * journal_append() returns.  A last line without its newline is one that a
 * crash tore: it is set aside in PATH.torn, and told.
 *
 * The chain finds alteration in the middle; who can write the file can still
 * cut its end or make a whole new one, which the audit stream on the bus is
 * there to show.  Source: S. Haber, W. S. Stornetta, How to time-stamp a
 * digital document, 1991.  Shell.
 */
#ifndef STEERING_JOURNAL_H
#define STEERING_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct journal;
struct json_t;

enum { JOURNAL_LINE_MAX = 65536 };

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

/* How many lines there are. */
uint64_t journal_count(const struct journal *journal);

/*
 * The last count lines as an array of objects, oldest first; a line that is
 * no JSON is there as a string.  A new reference, NULL with err set.
 */
struct json_t *journal_last(const struct journal *journal, size_t count,
			    struct error *err);

/* Walks the whole chain of the file.  False with err naming the first line
 * that is not as it was written; *lines says how many there are. */
bool journal_verify(const char *path, uint64_t *lines, struct error *err);

#endif
