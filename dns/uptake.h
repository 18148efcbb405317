/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uptake -- takes the policy that the plan wants this node to serve.
 *
 *   wanted by the plan --> on this disk? --no--> fetched from the bus
 *                              |yes                    |
 *                              v                       v
 *                loaded, as a reload is --ok--> served, and rehearsed
 *                              |
 *                              +--no--> refused: the policy before stays
 *
 * What it is about to serve is told in the node's record, and so is what it
 * refused, and which services fell silent by it (dns/rehearsal).  A start
 * serves the policy that all serve, not one that is still on trial: a policy
 * that brings its process down is not taken up again by itself.
 *
 * Shell: timers, and the disk through policy/bus/bundles; on the loop's
 * thread.
 */
#ifndef DNS_UPTAKE_H
#define DNS_UPTAKE_H

#include <stddef.h>

struct bundles;
struct bus;
struct error;
struct event_base;
struct feed;
struct loaded;
struct model;
struct signers;
struct uptake;
struct upkeep;
struct upkeep_result;

/* All borrowed, and outlive it. */
struct uptake_config {
	struct event_base *loop;
	struct bundles *bundles;
	struct bus *bus; /* NULL: nothing is fetched */
	struct feed *feed;
	struct upkeep *upkeep;
	const char *name;     /* this node's */
	const char *own_path; /* the policy that it has of its own */
};

/*
 * The policy that all serve, when one came from the bus (bundles NULL: none
 * does), is whole, and loads; else that of this node's own files.  As
 * loader_load().
 */
struct loaded uptake_first(struct bundles *bundles, const char *own_path,
			   const char *geo_cache, struct signers *signers);

/* serving is the digest of the bundle that the start loaded; "" its own
 * files.  NULL with err set. */
struct uptake *uptake_start(const struct uptake_config *config,
			    const char *serving, struct error *err);

/* The plan may want another policy: see feed_release(). */
void uptake_wake(struct uptake *uptake);

/* What was refused is tried again: an operator has mended something. */
void uptake_retry(struct uptake *uptake);

/* A bundle came from the bus; octets are borrowed. */
void uptake_hear(struct uptake *uptake, const char *digest, const void *octets,
		 size_t len);

/* A model is about to be served, and what a load came to: upkeep's. */
void uptake_adopt(struct uptake *uptake, const struct model *model);
void uptake_loaded(struct uptake *uptake, const struct upkeep_result *result);

/* Accepts NULL. */
void uptake_stop(struct uptake *uptake);

#endif
