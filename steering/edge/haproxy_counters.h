/* SPDX-License-Identifier: Apache-2.0 */
/*
 * haproxy_counters -- what HAProxy counted of each server's requests.
 *
 * HAProxy counts from its start, or from "clear counters", so two readings are
 * compared: when any counter of a server is lower than before, it began anew,
 * and all that is there now has come since.
 *
 * What is a request here, and what a failed one (measured with HAProxy 2.6):
 *
 *   answered      hrsp_1xx to hrsp_other; hrsp_5xx of them failed
 *   no connection econ, after the last retry; wredis, when another server was
 *                 tried instead: this one has failed even so
 *   no answer     eresp: closed, timed out, not HTTP.  One that broke off after
 *                 its status is in hrsp_* as well, and in srv_abrt
 *   mode tcp      has no answers: stot less wretr are the sessions
 *
 * How long each one took it tells in its log alone (steering/edge/haproxy_log):
 * rtime and its like are averages of the last 1024 requests, of which no
 * distribution can be made.
 *
 * Source: HAProxy 2.6 management guide, 9.1 (statistics) and 9.3 "show stat".
 * Pure.
 */
#ifndef STEERING_EDGE_HAPROXY_COUNTERS_H
#define STEERING_EDGE_HAPROXY_COUNTERS_H

#include "policy/bus/served.h"
#include "steering/edge/haproxy.h"

struct ledger;
struct plan;

/* Of all servers, and of no frontend or backend. */
#define HAPROXY_COUNTERS_QUESTION "show stat -1 4 -1"

enum haproxy_counter {
	HAPROXY_STOT,
	HAPROXY_1XX,
	HAPROXY_2XX,
	HAPROXY_3XX,
	HAPROXY_4XX,
	HAPROXY_5XX,
	HAPROXY_OTHER,
	HAPROXY_ECON,
	HAPROXY_ERESP,
	HAPROXY_WRETR,
	HAPROXY_WREDIS,
	HAPROXY_SRV_ABRT,
	HAPROXY_COUNTERS,
};

struct haproxy_counted {
	char backend[HAPROXY_NAME_SIZE];
	char server[HAPROXY_NAME_SIZE];
	bool http;
	uint64_t counters[HAPROXY_COUNTERS];
};

struct haproxy_counters {
	struct haproxy_counted *list; /* owned; by backend, server */
	size_t count;
};

/*
 * Reads the answer to HAPROXY_COUNTERS_QUESTION: CSV whose first line names
 * the columns.  False with err set when it is not that, or one that is needed
 * is missing; out is untouched then.
 */
bool haproxy_counters_parse(const char *text, size_t len,
			    struct haproxy_counters *out, struct error *err);
void haproxy_counters_fini(struct haproxy_counters *counters);

/* What a server's requests grew by; before NULL: from zero. */
struct served_count haproxy_growth(const struct haproxy_counted *before,
				   const struct haproxy_counted *now);

/* A server of HAProxy; borrowed. */
struct haproxy_place {
	const char *backend, *server;
};

struct haproxy_routes {
	const struct haproxy_route *list;
	size_t count;
};

/*
 * Adds to the ledger what the servers of the routes' backends have counted
 * since before; of a server that was not there, all; or what is known of one
 * of them.  The plan (NULL: none yet) tells which servers are a canary's.
 */
void haproxy_enter(const struct haproxy_place *at,
		   const struct served_count *growth,
		   const struct haproxy_routes *routes, const struct plan *plan,
		   struct ledger *ledger);
void haproxy_counters_enter(const struct haproxy_counters *before,
			    const struct haproxy_counters *now,
			    const struct haproxy_routes *routes,
			    const struct plan *plan, struct ledger *ledger);

#endif
