/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader -- loads a model in its own thread, so that nothing waits for it, and
 * signs it there.
 *
 * One load at a time; asked again meanwhile, it loads once more afterwards,
 * what it was asked for last.  A
 * renewal reads neither the policy nor geo databases again, only keys, and
 * makes the signatures that are due.  The result is handed over on the loop's
 * thread.  Shell.
 */
#ifndef DNS_LOADER_H
#define DNS_LOADER_H

#include "policy/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct loader;
struct model;
struct signed_zones;
struct signers;

struct loaded {
	bool renewal;
	char *path;          /* that was loaded; NULL for a renewal */
	struct model *model; /* NULL: errs says why; a renewal's may have been
			      * signed with the keys that there were before:
			      * errs then has errors beside it */
	char *stamp;         /* of the geo files that were read: geo_stamp() */
	/* Of a whole load, before it read anything: */
	uint64_t key_stamp;    /* signers_stamp() */
	int64_t wall_ahead_ms; /* clock_ahead_ms() */
	struct errors errs;    /* warnings too */
	int64_t load_ms;
	int64_t renew_s; /* when the next renewal is due, since 1970 */
	struct signed_zones *signing;
};

/*
 * Loads here and now, signing with signers.  geo_cache may be NULL, see
 * geo_open_cached().  loader_result_fini() is due in
 * every case.
 */
struct loaded loader_load(const char *policy_path, const char *geo_cache,
			  struct signers *signers);
void loader_result_fini(struct loaded *loaded);

/* Logs what was loaded; it has a model. */
void loaded_log(const struct loaded *loaded, const char *event);

/* Borrowed for the call, but done may take path, model, stamp and signing,
 * leaving NULL. */
typedef void loader_done(void *arg, struct loaded *loaded);

/* geo_cache and signers are borrowed and outlive it.  NULL with err set. */
struct loader_config {
	struct event_base *loop;
	const char *geo_cache;   /* file, or NULL */
	struct signers *signers; /* nobody else's while it works */
	loader_done *done;
	void *arg;
};

struct loader *loader_start(const struct loader_config *config,
			    struct error *err);

/* Loads the policy at path, which is copied.  Returns at once; out of memory
 * that is what done is told. */
void loader_ask(struct loader *loader, const char *path);

/*
 * Likewise; a renewal is of model, of which it takes a reference.  False when
 * another build is under way: ask again.
 */
bool loader_renew(struct loader *loader, struct model *model);

/*
 * Keeps the geo tables of model in the cache, if they did not come from there;
 * loads do so by themselves.  Nothing when another build is under way, which
 * will.
 */
void loader_keep(struct loader *loader, struct model *model);

/* Is a load or a renewal under way? */
bool loader_is_busy(const struct loader *loader);

/* Waits for a load that is under way.  Accepts NULL.  done is not called. */
void loader_stop(struct loader *loader);

#endif
