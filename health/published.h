/* SPDX-License-Identifier: Apache-2.0 */
/*
 * published -- the policies that a prober probes by, as a plan says it: the one
 * that all serve, and beside it, while a roll-out is under way, the next one.
 *
 *   wanted by the plan --> on this disk? --no--> fetched from the bus
 *                              |yes                    |
 *                              v                       v
 *                           loaded --ok--> probed by, and told
 *                              |
 *                              +--no--> refused: what is probed by stays
 *
 * Whoever serves the next policy then finds its endpoints known, and whoever
 * serves the one before finds nothing changed (health/roster).  A start goes by
 * the policy that all serve, and by the files of this node where none was
 * published yet.
 *
 * Shell: a timer, and the disk through policy/bus/bundles; on the loop's
 * thread.
 */
#ifndef HEALTH_PUBLISHED_H
#define HEALTH_PUBLISHED_H

#include "policy/bus/bus.h"

#include <stdbool.h>
#include <stddef.h>

struct bundles;
struct error;
struct event_base;
struct node;
struct policy;
struct probe_external_pool;
struct published;
struct verifier;

/* All borrowed, and outlive it. */
struct published_config {
	struct event_base *loop;
	struct bundles *bundles; /* NULL: files alone, and no plan is read */
	struct bus *bus;
	const struct verifier *trusted; /* whose plans are followed */
	const char *own_path;           /* the policy of this node's own */
	const char *vantage;
	const struct probe_external_pool *programs;
	/* Others are to be probed by: published_load(). */
	void (*on_change)(void *arg);
	void *arg;
};

/* NULL with err set. */
struct published *published_start(const struct published_config *config,
				  struct error *err);

/*
 * What is to be probed by now: the caller owns both; *next is NULL when there
 * is none, or it is refused.  False with err set when the first is.
 * published_adopt() when they are probed by indeed.
 */
bool published_load(struct published *p, struct policy **policy,
		    struct policy **next, struct error *err);
void published_adopt(struct published *p);

/* What was refused is tried again: an operator has mended something. */
void published_retry(struct published *p);

/* The topics of the bus (enum bus_topic, or-ed) that it has to be given, and
 * what came of them or was fetched; policy is the one probed by. */
unsigned published_topics(const struct published *p);
void published_take(struct published *p, const struct policy *policy,
		    enum bus_topic topic, const char *key, const void *octets,
		    size_t len);

/* What it takes and refuses; seen: a probe of every endpoint has ended. */
void published_tell(const struct published *p, bool seen, struct node *node);

/* Accepts NULL. */
void published_stop(struct published *p);

#endif
