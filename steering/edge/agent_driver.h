/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_driver -- a HAProxy that asks, by its agent-checks, instead of being
 * told over its runtime socket.
 *
 * Each of its servers sends "SERVICE/ENDPOINT\n" (agent-send) and is answered
 * (steering/edge/agent_check) as soon as there is a plan; before, nobody
 * listens, and HAProxy keeps what it has.  HAProxy has the plan when each of
 * the servers that asked within the last ten seconds has asked since the plan
 * came, and so has everyone that is served in the first ten: so it is as late
 * as the longest agent-inter, which must be less.  One HAProxy asks here: of
 * two, the first to ask would speak for the other.
 *
 * Connections are bounded in number and time.  Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_AGENT_DRIVER_H
#define STEERING_EDGE_AGENT_DRIVER_H

#include "steering/edge/driver.h"
#include "steering/edge/serving.h"

struct error;
struct event_base;

enum {
	AGENT_GUESTS_MAX = 256,   /* one more is closed at once */
	AGENT_PATIENCE_MS = 2000, /* with a question */
	AGENT_OVERDUE_MS =
		10000, /* a server that does not ask for so long is none */
};

struct agent_config {
	const char *listen;       /* "ADDRESS:PORT" */
	struct serving *servings; /* their portions are computed here */
	size_t serving_count;
};

/* config is borrowed.  NULL with err set. */
struct driver *agent_driver_new(struct event_base *loop,
				struct agent_config *config, struct error *err);

#endif
