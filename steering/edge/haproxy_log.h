/* SPDX-License-Identifier: Apache-2.0 */
/*
 * haproxy_log -- what one line of HAProxy's log says of how long a request
 * took.
 *
 *   log PATH len 1024 format raw local0 info
 *   log-format "windrose|%b|%s|%Tc|%Tr"
 *
 * The times are those of the server that answered, in milliseconds: until it
 * was connected, and from the request until its whole header had come.  What
 * the client took to read the rest is no part of it.  A phase that was not
 * reached is -1; such a request has no time.
 *
 * HAProxy logs other things to the same place, as that a proxy has started:
 * those are no lines of ours and nothing strange.
 *
 * Source: HAProxy 2.6 configuration manual, 8.2.4 and 8.4.  Pure.
 */
#ifndef STEERING_EDGE_HAPROXY_LOG_H
#define STEERING_EDGE_HAPROXY_LOG_H

#include "steering/edge/haproxy.h"

#include <stddef.h>
#include <stdint.h>

enum { HAPROXY_LOG_MAX = 1024 }; /* octets of a line */

struct haproxy_logged {
	char backend[HAPROXY_NAME_SIZE];
	char server[HAPROXY_NAME_SIZE];
	uint64_t us; /* that the answer took */
};

/* 1 with out filled in; 0 when it says nothing of a request; -1 when it begins
 * as a line of ours and is none. */
int haproxy_log_parse(const char *line, size_t len, struct haproxy_logged *out);

#endif
