/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follower -- keeps the proxies of an edge at what the newest plan says.
 *
 * Takes plans from the bus only when a trusted key signed them and they are
 * newer than the one it has; keeps the last ones on disk and starts from there
 * without a bus: proxies are set to it before the bus is so much as asked.
 * Each second, and at once for a new plan, all drivers (steering/edge/driver)
 * are given the plan: only when each of them has it has this node the plan,
 * and says so in its node record.  What cannot be applied changes nothing,
 * stays in force as it was, and is named as trouble.
 *
 * The control socket answers {"op":"status"}, and takes {"op":"command",
 * "command":{...}}: break-glass, for this node alone, kept over a restart.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_FOLLOWER_H
#define STEERING_EDGE_FOLLOWER_H

#include "policy/bus/node.h"

#include <stddef.h>

struct bus;
struct driver;
struct error;
struct event_base;
struct follower;
struct plan;
struct verifier;

struct follower_config {
	const char *name;              /* this node's, on the bus */
	struct driver *const *drivers; /* borrowed, outlive it */
	size_t driver_count;
	const char *keep_path;          /* last plan; NULL: keep nothing */
	unsigned keep_soak_s;           /* 0: RING_SOAK_S */
	const char *control_path;       /* unix socket; NULL: none */
	struct bus *bus;                /* borrowed, outlives it */
	const struct verifier *trusted; /* borrowed */
};

/* NULL with err set. */
struct follower *follower_start(struct event_base *loop,
				const struct follower_config *config,
				struct error *err);

/* The newest plan that it took, borrowed for this turn of the loop; NULL: none
 * yet. */
const struct plan *follower_plan(const struct follower *follower);

/* This node's record, as the bus has it. */
struct node follower_node(const struct follower *follower);

/* Accepts NULL. */
void follower_stop(struct follower *follower);

#endif
