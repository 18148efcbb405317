/* SPDX-License-Identifier: Apache-2.0 */
/*
 * informer -- tells the bus what the proxies' users met at each endpoint.
 *
 * Each second it reads the counters of each HAProxy, on a connection of its
 * own, and publishes the whole document (policy/bus/served), whether or not
 * anything changed: also while HAProxy does not answer, for then nothing was
 * counted, and readers can tell that from an edge that is gone.  What HAProxy
 * counted before the informer began is left out.  How long requests took comes
 * from HAProxy's log, where it has one, and is told of those that were counted.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_INFORMER_H
#define STEERING_EDGE_INFORMER_H

#include "steering/edge/haproxy_counters.h"

struct bus;
struct error;
struct event_base;
struct informer;
struct ledger;
struct option_list;
struct sealer;

struct informer_config {
	const char *name; /* this node's, on the bus */
	const struct option_list
		*haproxies; /* their runtime sockets; borrowed */
	const char *log;    /* socket that they log to; NULL: none; borrowed */
	struct haproxy_routes routes; /* borrowed, outlive it */
	struct bus *bus;              /* borrowed, outlives it */
	const struct sealer *key;     /* borrowed: signs; NULL: plain */
	/* The plan in force, borrowed for the turn; NULL: none yet. */
	const struct plan *(*plan)(void *arg);
	void *arg;
};

/* NULL with err set. */
struct informer *informer_start(struct event_base *loop,
				const struct informer_config *config,
				struct error *err);

/* What is told, for others who count; borrowed. */
struct ledger *informer_ledger(struct informer *informer);

/* Accepts NULL. */
void informer_stop(struct informer *informer);

#endif
