/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_dns -- does the endpoint answer a query?
 *
 * Asks once by UDP, from a port of its own and with an ID drawn at random, and
 * by TCP when the answer is truncated.  What is no answer to this question is
 * passed over, at most PROBE_DNS_STRANGERS_MAX of it.
 *
 * Shell: owns the socket and its deadline.  Source: RFC 1035; RFC 7766, 8;
 * RFC 5452.
 */
#ifndef HEALTH_PROBE_DNS_H
#define HEALTH_PROBE_DNS_H

#include "health/probe.h"

struct event_base;

enum { PROBE_DNS_STRANGERS_MAX = 100 };

/*
 * spec->host is the name to ask for.  NULL when memory runs out; a socket that
 * cannot be had is an outcome.
 */
struct probe *probe_dns_start(struct event_base *loop,
			      const struct probe_spec *spec, probe_done *done,
			      void *arg);

#endif
