/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_dns -- does the endpoint answer a query?
 *
 * One health/dialogue, with an ID drawn at random.  Shell.
 */
#ifndef HEALTH_PROBE_DNS_H
#define HEALTH_PROBE_DNS_H

#include "health/probe.h"

struct event_base;

/*
 * spec->host is the name to ask for.  NULL when memory runs out; a socket that
 * cannot be had is an outcome.
 */
struct probe *probe_dns_start(struct event_base *loop,
			      const struct probe_spec *spec, probe_done *done,
			      void *arg);

#endif
