/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail -- history --verify: are the journal's lines as they were written?
 * Shell.
 */
#ifndef STEERING_RUNBOOK_TRAIL_H
#define STEERING_RUNBOOK_TRAIL_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;

struct trail {
	const char *const *files; /* in the order in which they were written */
	size_t count;
	const char *head; /* N:HASH that the last must have; NULL: none */
	bool json;
};

/* Walks files.  An exit status of steering/runbook/change.h: done, failed when
 * something is not as it was written. */
int trail_of_files(const struct trail *trail);

/* What an agent answered of its own journal. */
int trail_of_answer(const struct trail *trail, const struct json_t *answer);

#endif
