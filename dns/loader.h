/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader -- loads a model in its own thread, so that nothing waits for it.
 *
 * One load at a time; asked again meanwhile, it loads once more afterwards.
 * The result is handed over on the loop's thread.  Shell.
 */
#ifndef DNS_LOADER_H
#define DNS_LOADER_H

#include "policy/base/error.h"

#include <stdint.h>

struct event_base;
struct loader;
struct model;

struct loaded {
	struct model *model; /* NULL: errs says why */
	char *stamp;         /* of the geo files that were read: geo_stamp() */
	struct errors errs;  /* warnings too */
	int64_t load_ms;
};

/* Loads here and now.  loader_result_fini() is due in every case. */
struct loaded loader_load(const char *policy_path);
void loader_result_fini(struct loaded *loaded);

/* Borrowed for the call, but done may take model and stamp, leaving NULL. */
typedef void loader_done(void *arg, struct loaded *loaded);

/* policy_path is borrowed and outlives it.  NULL with err set. */
struct loader *loader_start(struct event_base *loop, const char *policy_path,
			    loader_done *done, void *arg, struct error *err);

/* Returns at once. */
void loader_ask(struct loader *loader);

/* Waits for a load that is under way.  Accepts NULL.  done is not called. */
void loader_stop(struct loader *loader);

#endif
