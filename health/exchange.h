/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange -- one short conversation over TCP: connects, says something, reads
 * until it has heard enough.
 *
 * At most EXCHANGE_ANSWER_MAX octets are read; what has not come by then is
 * taken for an answer that ended.  Shell: owns the socket and its deadline.
 */
#ifndef HEALTH_EXCHANGE_H
#define HEALTH_EXCHANGE_H

#include "health/probe.h"

struct event_base;

enum { EXCHANGE_ANSWER_MAX = 64 << 10 };

/*
 * The next octets, or, without any, the end of them.  OUTCOME_UNKNOWN: read on
 * (not after the end); anything else ends the exchange.
 */
typedef enum outcome exchange_take(void *arg, const void *octets, size_t len);

/* What is borrowed outlives the exchange. */
struct exchange_plan {
	struct net_addr addr;
	uint16_t port;
	int64_t timeout_ms; /* for all of it */
	const void *send;   /* borrowed */
	size_t send_octets;
	exchange_take *take; /* NULL: nothing is read */
	probe_done *done;
	void *arg; /* of both */
};

/*
 * A probe as health/probe.h says; plan is copied.  NULL when memory runs out;
 * a socket that cannot be had is an outcome.  Its latency is the connect where
 * nothing is sent or read, else from sending to the first octet.
 */
struct probe *exchange_start(struct event_base *loop,
			     const struct exchange_plan *plan);

#endif
