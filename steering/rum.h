/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rum -- the agent's HTTP endpoint for real-user measurements: POST /rum with
 * what steering/rum_post reads, tallied by where the client is.
 *
 * Browsers post for themselves, from any page (CORS); edges, which are in
 * networks that the operator named, for their clients, in the body or, as
 * proxies do, in X-Forwarded-For.  Each client network
 * (/24, /56) may send so many posts (steering/rum_rate).
 * Answers have one line that says why:
 *
 *   204  taken, also where the client's place or a region is not known here
 *   400  not what rum_post reads        403  a client named by no edge
 *   404, 405  not POST /rum             413  too large, says evhttp
 *   429  too many from this network     503  no more room for its place
 *
 * Shell, on the loop's thread.
 */
#ifndef STEERING_RUM_H
#define STEERING_RUM_H

#include "policy/base/option.h"
#include "policy/bus/plan.h"

#include <stddef.h>
#include <stdint.h>

struct error;
struct event_base;
struct loaded;
struct rum;

enum {
	RUM_CLIENTS = 256,   /* connections; one more ends the oldest */
	RUM_LIFE_MS = 10000, /* of a connection */
};

struct rum_config {
	const char *listen;          /* "ADDR:PORT" */
	struct option_list edges;    /* prefixes */
	const struct loaded *loaded; /* borrowed; what it holds may change */
};

/* Binds.  config is copied but for its texts.  NULL with err set. */
struct rum *rum_start(struct event_base *loop, const struct rum_config *config,
		      struct error *err);

/* Accepts NULL. */
void rum_stop(struct rum *rum);

/*
 * What is to be told at now_ms (monotonic), borrowed until the next call.
 * Accepts NULL: nothing.
 */
struct plan_rum_list rum_told(struct rum *rum, int64_t now_ms);

/* This agent leads from now on, after who made plan.  Accepts NULLs. */
void rum_adopt(struct rum *rum, const struct plan *plan);

#endif
