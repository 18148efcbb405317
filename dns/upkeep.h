/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upkeep -- keeps the model that is served up to date: loads everything again
 * when it is asked to or a geo database changed, signs again when that is due.
 *
 * What does not load or sign changes nothing, is logged, and is shown in the
 * node's record until it is repaired.  Shell; all calls on the loop's thread.
 */
#ifndef DNS_UPKEEP_H
#define DNS_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct event_base;
struct feed;
struct loaded;
struct model;
struct signed_zones;
struct signers;
struct upkeep;

/* What a load came to; borrowed. */
struct upkeep_result {
	const char *failure; /* NULL: it is served */
	bool aimed;          /* it is what was asked for last */
	bool damaged;        /* it has not the digest that was said */
};

/* All borrowed, and outlive it. */
struct upkeep_config {
	struct event_base *loop;
	const char *policy_path; /* copied, as digest: see upkeep_load() */
	const char *digest;
	const char *geo_cache; /* file, or NULL */
	struct signers *signers;
	struct feed *feed;
	/* Before a loaded model is served. */
	void (*on_adopt)(void *arg, const struct model *model);
	/* After each load, whatever it came to. */
	void (*on_loaded)(void *arg, const struct upkeep_result *result);
	void *arg;
};

/* Of the model in force, and since the start. */
struct upkeep_state {
	int64_t load_ms;        /* how long it took */
	int64_t wall_loaded_ms; /* when */
	uint64_t reloads, failed_reloads, failed_signings;
	const struct signed_zones *signing; /* borrowed until the loop's next
					     * turn; NULL: not known */
};

/* loaded is what the feed was started with.  NULL with err set. */
struct upkeep *upkeep_start(const struct upkeep_config *config,
			    struct loaded *loaded, struct error *err);

/* Loads everything again; returns at once. */
void upkeep_reload(struct upkeep *upkeep);

/*
 * Goes over to the policy at path, which must have that digest, "" any.  What
 * does not load leaves the one before, and that is read again by a reload.
 */
void upkeep_load(struct upkeep *upkeep, const char *path, const char *digest);

struct upkeep_state upkeep_state(const struct upkeep *upkeep);

/* Accepts NULL. */
void upkeep_stop(struct upkeep *upkeep);

#endif
