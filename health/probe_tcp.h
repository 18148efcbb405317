/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_tcp -- does the endpoint accept a TCP connection, and say what it
 * should?
 *
 * Connects; sends what the check says; where it expects a text, reads until
 * that has come; closes.  Shell: owns the exchange (health/exchange).
 */
#ifndef HEALTH_PROBE_TCP_H
#define HEALTH_PROBE_TCP_H

#include "health/probe.h"

struct event_base;

/* NULL when memory runs out; a socket that cannot be had is an outcome. */
struct probe *probe_tcp_start(struct event_base *loop,
			      const struct probe_spec *spec, probe_done *done,
			      void *arg);

#endif
