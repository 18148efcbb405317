/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chronicle -- what happened to a canary since it was last started, in
 * Markdown, from the lines of the journal.
 *
 * Pure.
 */
#ifndef STEERING_CHRONICLE_H
#define STEERING_CHRONICLE_H

#include "policy/bus/plan_canary.h"

#include <stddef.h>

struct json_t;

enum { CHRONICLE_ROWS_MAX = 1000 }; /* the newest; older ones are left out */

/*
 * lines: of journal_last(), oldest first, borrowed; percent: that it has now.
 * The caller frees the text; NULL: out of memory.
 */
char *chronicle_write(const struct plan_canary *canary, const char *service,
		      unsigned percent, const struct json_t *lines);

#endif
