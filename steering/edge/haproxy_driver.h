/* SPDX-License-Identifier: Apache-2.0 */
/*
 * haproxy_driver -- a HAProxy that is kept at the plan by its runtime socket.
 *
 * It reads what HAProxy has, sends the difference, reads again: only when
 * nothing differs any more does HAProxy have the plan.  A connection that is
 * held open tells when HAProxy goes away and comes back.  After a reload the
 * old process may hold that connection for as long as HAProxy's stats timeout;
 * the reading of every second, over a new connection, sees the new one.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_HAPROXY_DRIVER_H
#define STEERING_EDGE_HAPROXY_DRIVER_H

#include "steering/edge/driver.h"
#include "steering/edge/haproxy.h"

struct error;
struct event_base;

/*
 * path and config are borrowed.  With a map, that file is also kept at what
 * HAProxy has, for it to start from.  NULL with err set.
 */
struct driver *haproxy_driver_new(struct event_base *loop, const char *path,
				  const struct haproxy_config *config,
				  struct error *err);

#endif
