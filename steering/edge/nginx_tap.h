/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx_tap -- counts the requests of which nginx logs to a unix socket.
 *
 * nginx does not wait: what it cannot send is lost, failed requests no more
 * than others.  So a share of failures is what it is, and a sum is at least
 * what is counted.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_NGINX_TAP_H
#define STEERING_EDGE_NGINX_TAP_H

#include <stddef.h>

struct error;
struct event_base;
struct ledger;
struct nginx_tap;
struct serving;

struct nginx_tap_config {
	const char *path; /* of the socket; one there is replaced */
	const struct serving *servings; /* borrowed, outlive it */
	size_t serving_count;
	struct ledger *ledger; /* borrowed, outlives it */
};

/* NULL with err set. */
struct nginx_tap *nginx_tap_start(struct event_base *loop,
				  const struct nginx_tap_config *config,
				  struct error *err);

/* Accepts NULL.  Removes the socket. */
void nginx_tap_stop(struct nginx_tap *tap);

#endif
