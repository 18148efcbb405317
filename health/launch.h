/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch -- starts the probe that a spec asks for, of whichever kind.
 *
 * A row a kind of check; an endpoint that is a name is resolved first.  Shell:
 * passes on what the kinds need of the outside world.
 */
#ifndef HEALTH_LAUNCH_H
#define HEALTH_LAUNCH_H

#include "health/probe.h"

struct event_base;
struct probe_external_pool;
struct probe_http_pool;
struct resolver;

/* All borrowed; they outlive the probes. */
struct launch_means {
	struct event_base *loop;
	struct probe_http_pool *http;
	struct probe_external_pool *external;
	struct resolver *resolver; /* of endpoints that are names */
};

/*
 * NULL when memory runs out.  means and spec outlive the probe.  As
 * health/probe.h says of every kind.
 */
struct probe *launch_probe(const struct launch_means *means,
			   const struct probe_spec *spec, probe_done *done,
			   void *arg);

#endif
