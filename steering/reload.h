/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload -- loads a policy and its databases beside the event loop.
 *
 * Walking a city database takes seconds, longer than a lease lasts: a leader
 * that read it on its loop would lose the leadership by each reload.
 *
 * Shell: an errand.  All calls on the loop's thread.
 */
#ifndef STEERING_RELOAD_H
#define STEERING_RELOAD_H

#include "steering/loaded.h"

#include <stdbool.h>

struct error;
struct event_base;
struct reload;

/*
 * Called once on the loop.  ok: what was loaded, the callee's now; else err
 * says why not.  The callee ends the reload with reload_free().
 */
typedef void reload_done(void *arg, bool ok, struct loaded *loaded,
			 const struct error *err);

/* NULL with err set.  path is copied. */
struct reload *reload_start(struct event_base *loop, const char *path,
			    reload_done *done, void *arg, struct error *err);

/* Waits for the thread; what it loaded and nobody took is freed.  Accepts
 * NULL. */
void reload_free(struct reload *reload);

#endif
