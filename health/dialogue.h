/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialogue -- one query to one address, and the answer to it.
 *
 * Asks once by UDP, from a port of its own, and by TCP when the answer is
 * truncated, or at once when it is told to.  What is no answer to this query is
 * passed over, at most DIALOGUE_STRANGERS_MAX of it.
 *
 * Shell: owns the socket and its deadline.  Source: RFC 1035; RFC 7766, 8;
 * RFC 5452.
 */
#ifndef HEALTH_DIALOGUE_H
#define HEALTH_DIALOGUE_H

#include "health/probe.h"
#include "health/reply.h"

#include <stdbool.h>

struct event_base;

enum { DIALOGUE_STRANGERS_MAX = 100 };

/* What a message is worth; any octets. */
typedef struct reply dialogue_read(void *arg, const void *octets, size_t len);

struct dialogue_plan {
	struct net_addr addr;
	uint16_t port;
	int64_t timeout_ms;   /* for all of it */
	const uint8_t *query; /* copied; at most QUESTION_OCTETS_MAX */
	size_t query_octets;
	bool by_tcp;
	dialogue_read *read;
	probe_done *done;
	void *arg; /* of both */
};

/*
 * A probe as health/probe.h says; plan is copied.  Its latency is that to the
 * first answer.  NULL when memory runs out; a socket that cannot be had is an
 * outcome.
 */
struct probe *dialogue_start(struct event_base *loop,
			     const struct dialogue_plan *plan);

#endif
