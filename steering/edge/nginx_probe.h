/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx_probe -- asks nginx itself which state it is in: a GET to a location
 * of it that returns $windrose_state, over a new connection each time.
 *
 * The last connection that was answered is held open, idle.  A worker that
 * stops, because nginx was reloaded, restarted or died, closes it at that
 * moment, after it has stopped accepting others: that is how it is known that
 * old workers are gone.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_NGINX_PROBE_H
#define STEERING_EDGE_NGINX_PROBE_H

#include "steering/edge/nginx.h"

#include <stdbool.h>

struct error;
struct event_base;
struct nginx_probe;

enum { NGINX_PROBE_TIMEOUT_MS = 1000 };

/* The connection that was held has been closed by nginx; from the loop. */
typedef void nginx_probe_gone(void *arg);

/*
 * url is "http://ADDRESS:PORT/PATH", borrowed.  NULL with err set.
 */
struct nginx_probe *nginx_probe_new(struct event_base *loop, const char *url,
				    nginx_probe_gone *gone, void *arg,
				    struct error *err);

/* Accepts NULL.  An open question is not answered. */
void nginx_probe_free(struct nginx_probe *probe);

/*
 * done is called once, never from inside this call: with nginx's state, or
 * with NULL and why.  With hold, this connection is held from then on in the
 * place of the other.  False when a question is still open, or no memory.
 */
typedef void nginx_probe_done(void *arg, const char *state, const char *why);
bool nginx_probe_ask(struct nginx_probe *probe, bool hold,
		     nginx_probe_done *done, void *arg);

bool nginx_probe_holds(const struct nginx_probe *probe);

#endif
