/* SPDX-License-Identifier: Apache-2.0 */
/*
 * haproxy -- what HAProxy is told so that its servers take the plan's shares.
 *
 * A service is a backend, an endpoint a server of its name in it.  A canary's
 * endpoint "CANARY/ENDPOINT" is either the server "CANARY.ENDPOINT" of the same
 * backend, as HAProxy has no "/" in names, or the server "ENDPOINT" of a
 * backend of the canary's own.
 *
 * A server's weight is its part of the portions (steering/edge/portions) that
 * begins with the configured weights, at least 1 while it is above 0.  Where a
 * part is above HAProxy's largest, 256, all are scaled down with it.  At 0 the
 * server drains: running sessions end, new ones go elsewhere; or it goes into
 * maintenance, so that sessions that persist by a cookie leave it, too.  A
 * person's maintenance is left alone, unless maintenance is how we drain.
 *
 * A canary's own backend is chosen by HAProxy itself, request by request: the
 * hash of a session is below a threshold that stands in a map under the key
 * "SERVICE/CANARY", in 1/2^32, as responders' thresholds are.  It is the share
 * that the canary takes of all of the service's clients here; its servers'
 * weights say how they divide those, and the stable servers' how they divide
 * the others.  A threshold that only grows moves nobody back and forth.
 *
 * Everything is computed as a difference to what HAProxy says of itself, so
 * applying twice changes nothing and a restarted HAProxy is brought back.
 *
 * Source: HAProxy 2.6 management guide, 9.3 "set server", "set map".  Pure.
 */
#ifndef STEERING_EDGE_HAPROXY_H
#define STEERING_EDGE_HAPROXY_H

#include "steering/edge/haproxy_state.h"

#include <stdbool.h>
#include <stddef.h>

struct error;
struct orders;

/* Which backend serves which service, or a canary of it. */
struct haproxy_route {
	const char *service;
	const char *canary; /* NULL: the stable one */
	const char *backend;
};

struct haproxy_config {
	const struct haproxy_route *routes;
	size_t route_count;
	const char *map;    /* of the cohorts, as HAProxy names it; or NULL */
	bool maint_at_zero; /* instead of drain */
};

/*
 * Writes the commands that turn state into what is ordered for the routes, one
 * a line, into a new string that the caller frees: "" when nothing is to do.
 * A service whose backend, or a server that the plan names, is not there, or
 * whose backend would be left with no server that takes anybody, keeps what it
 * has, and err says why; the others go on.  err is "" when none was left out.
 * NULL: out of memory.
 */
char *haproxy_commands(const struct haproxy_state *state,
		       const struct orders *orders,
		       const struct haproxy_config *config, struct error *err);

/*
 * The map as a file that HAProxy starts from: "KEY VALUE" lines of all that
 * config has, as state has them.  The caller frees it; NULL: out of memory.
 */
char *haproxy_map_text(const struct haproxy_state *state,
		       const struct haproxy_config *config);

#endif
