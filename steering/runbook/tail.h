/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tail -- history --follow: the journal's last entries, and each new one as it
 * is written, until a signal ends it.  Shell.
 */
#ifndef STEERING_RUNBOOK_TAIL_H
#define STEERING_RUNBOOK_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;
struct order;

/* Where a reader of a journal is.  Zeroed memory: nowhere yet. */
struct tail_mark {
	char sum[65];    /* of the last line that was read */
	int64_t wall_ms; /* of its event */
};

/*
 * Of the lines that an agent answers, which are the last ones of its journal,
 * the index of the first that is new; mark goes on to the last.  An agent that
 * took over has a journal of its own: there, what happened later is new.
 */
size_t tail_news(struct tail_mark *mark, const struct json_t *lines);

/*
 * From the last count entries on, or, with json, each as a line of JSON.
 * Returns only when nothing can be asked: an exit status of
 * steering/runbook/change.h.
 */
int tail_follow(struct order *order, unsigned count, bool json);

#endif
