/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_named -- a probe of an endpoint that is a name and not an address.
 *
 * Asks the resolvers of this machine each time, as clients ask theirs, then
 * probes the first IPv4 address, or the first IPv6 address of a name that has
 * no IPv4 one.  What the name leads to can be another machine for clients
 * elsewhere: the probers of each vantage see their own.  A name that is
 * not resolved is a failure of the endpoint (OUTCOME_NAME), for it would be one
 * to clients, too; where all names fail, health/suspicion tells.
 *
 * Shell: owns the request and its deadline; libevent's evdns does not block.
 */
#ifndef HEALTH_PROBE_NAMED_H
#define HEALTH_PROBE_NAMED_H

#include "health/probe.h"

struct event_base;
struct resolver;

/* Starts a probe at spec->addr, as probe_tcp_start() does. */
typedef struct probe *probe_begin(const void *means,
				  const struct probe_spec *spec,
				  probe_done *done, void *arg);

/* How names are resolved and what then probes; all borrowed. */
struct probe_named_means {
	struct event_base *loop;
	struct resolver *resolver;
	probe_begin *begin;
	const void *means;
};

/* NULL when memory runs out.  means is copied. */
struct probe *probe_named_start(const struct probe_named_means *means,
				const struct probe_spec *spec, probe_done *done,
				void *arg);

#endif
