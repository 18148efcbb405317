/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader -- loads a policy and its databases beside the event loop.
 *
 * Walking a city database takes seconds, longer than a lease lasts: a leader
 * that read it on its loop would lose the leadership by each reload.
 *
 * Shell: a thread of its own, and a pipe by which it says that it is ready.
 * All calls on the loop's thread.
 */
#ifndef STEERING_LOADER_H
#define STEERING_LOADER_H

#include "steering/loaded.h"

#include <stdbool.h>

struct error;
struct event_base;
struct loader;

/*
 * Called once on the loop.  ok: what was loaded, the callee's now; else err
 * says why not.  The callee ends the loader with loader_free().
 */
typedef void loader_done(void *arg, bool ok, struct loaded *loaded,
			 const struct error *err);

/* NULL with err set.  path is copied. */
struct loader *loader_start(struct event_base *loop, const char *path,
			    loader_done *done, void *arg, struct error *err);

/* Waits for the thread; what it loaded and nobody took is freed.  Accepts
 * NULL. */
void loader_free(struct loader *loader);

#endif
