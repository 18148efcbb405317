/* SPDX-License-Identifier: Apache-2.0 */
/*
 * haproxy -- what HAProxy is told so that its servers take the plan's shares.
 *
 * A service is a backend, an endpoint a server of its name in it; a canary's
 * endpoint "CANARY/ENDPOINT" is the server "CANARY.ENDPOINT", as HAProxy has no
 * "/" in names.  A server's
 * weight is its configured weight times the endpoint's share, at least 1 while
 * the share is above 0; at share 0 the server drains: running sessions end,
 * new ones go elsewhere.  A weight that the plan overrides replaces the
 * configured one (HAProxy's largest is 256).  Servers that the plan does not
 * name take their configured weight.  Configure weights of 100 or so: a
 * weight of 1 has no half.
 *
 * Everything is computed as a difference to what HAProxy says of itself, so
 * applying twice changes nothing and a restarted HAProxy is brought back.
 *
 * Source: HAProxy 2.6 management guide, 9.3 "show servers state",
 * "set server".  Pure.
 */
#ifndef STEERING_EDGE_HAPROXY_H
#define STEERING_EDGE_HAPROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct plan;
struct plan_share;

enum { HAPROXY_NAME_SIZE = 64, HAPROXY_SERVERS_MAX = 4096 };

struct haproxy_server {
	char backend[HAPROXY_NAME_SIZE];
	char name[HAPROXY_NAME_SIZE];
	uint32_t weight;     /* in force, 0..256 */
	uint32_t configured; /* in the file, 0..256 */
	bool drains;         /* commanded: state drain */
};

struct haproxy_state {
	struct haproxy_server *servers; /* owned */
	size_t count;
};

/*
 * Reads the answer to "show servers state".  False with err set when it is not
 * one (another version of the format, cut short); out is untouched then.
 */
bool haproxy_state_parse(const char *text, size_t len,
			 struct haproxy_state *out, struct error *err);
void haproxy_state_fini(struct haproxy_state *state);

/* What the plan says of a service's server; NULL: nothing. */
const struct plan_share *haproxy_find_share(const struct plan *plan,
					    const char *service,
					    const char *server);

/* Which backend serves which service. */
struct haproxy_route {
	const char *service, *backend;
};

/*
 * Writes the commands that turn state into what plan says for the routes, one
 * a line, into a new string that the caller frees: "" when nothing is to do.
 * A route whose backend, or a server that the plan names, is not there, or
 * whose backend would be left with no server that takes anybody, keeps what it
 * has, and err says why; the others go on.  err is "" when none was left out.
 * NULL: out of memory.
 */
char *haproxy_commands(const struct haproxy_state *state,
		       const struct plan *plan,
		       const struct haproxy_route *routes, size_t route_count,
		       struct error *err);

#endif
