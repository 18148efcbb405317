/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debrief -- the report of a drill, in Markdown, from the lines of the journal:
 * what was commanded, how long until the answers had changed everywhere, load
 * by region as predicted and as seen, errors, how it ended, how long until it
 * was as before, and the score.
 *
 * The score counts, of what could be judged: every node had it; it ran to its
 * end; no region's part of the requests was more than 10 points off; no more
 * failed than allowed; every node had the end of it.  Pure.
 */
#ifndef STEERING_DEBRIEF_H
#define STEERING_DEBRIEF_H

#include <stdbool.h>

struct json_t;

/*
 * lines: of journal_last(), oldest first, borrowed.  id: of the command, or
 * "last".  The caller frees the text; NULL: out of memory, or *found is false
 * and there is no such drill in these lines.
 */
char *debrief_write(const char *id, const struct json_t *lines, bool *found);

#endif
