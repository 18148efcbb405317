/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch -- notices that a geo database was replaced.
 *
 * Compares inode, size and time of the files every WATCH_MS: databases are
 * written beside and renamed, on any kind of file system, where inotify(7)
 * would not see all of them.  Shell.
 */
#ifndef DNS_WATCH_H
#define DNS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct event_base;
struct policy;
struct watch;

enum { WATCH_MS = 5000 };

/*
 * Called once for each change seen; again at the next look when it returns
 * false, because a load is under way that may have read what changed.
 */
typedef bool watch_changed(void *arg);

/* interval_ms: WATCH_MS, or less in tests.  NULL with err set. */
struct watch *watch_start(struct event_base *loop, int64_t interval_ms,
			  watch_changed *changed, void *arg, struct error *err);

/*
 * Watches the files of policy (borrowed until the next call), which had this
 * stamp when they were read.  Copies stamp; NULL: unknown, the next look
 * counts as a change.
 */
void watch_follow(struct watch *watch, const struct policy *policy,
		  const char *stamp);

/* Accepts NULL. */
void watch_stop(struct watch *watch);

#endif
