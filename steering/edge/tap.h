/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap -- a unix socket that a proxy logs its requests to, a line a datagram.
 *
 * A proxy does not wait: what it cannot send is lost, failed requests no more
 * than others.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_TAP_H
#define STEERING_EDGE_TAP_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct event_base;
struct tap;

enum { TAP_LINE_MAX = 2048 }; /* octets; of a longer one comes one more */

/* False: it is no line of ours, which is logged once. */
typedef bool tap_take(void *arg, const char *line, size_t len);

struct tap_config {
	const char *path;  /* of the socket; one there is replaced; borrowed */
	const char *event; /* what it is called in the log; borrowed */
	tap_take *take;
	void *arg;
};

/* NULL with err set. */
struct tap *tap_start(struct event_base *loop, const struct tap_config *config,
		      struct error *err);

/* Accepts NULL.  Removes the socket. */
void tap_stop(struct tap *tap);

#endif
