/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason -- in words, why each endpoint of a service is where it is for one
 * client: the step of the chain that removed or ranked it, and the source line,
 * votes or command behind that.
 *
 * The one place that has these words: `windrose explain` prints them, the
 * responder tells them as TXT.  Pure; allocates nothing.
 */
#ifndef POLICY_DECIDE_REASON_H
#define POLICY_DECIDE_REASON_H

#include "policy/decide/chain.h"

#include <stddef.h>
#include <stdint.h>

struct standing_samples;

/* What is told of.  All borrowed. */
struct reasons {
	const struct view *view;
	int service;                     /* of view->policy */
	const struct row *row;           /* what the chain made of the view */
	const struct chain_trace *trace; /* and how */
	/* What reports say beyond the view; NULL: not known here. */
	const struct standing_samples *samples;
	uint64_t failed;   /* regions that are only supposed to be down */
	uint64_t deferred; /* of these, endpoints that health would leave in */
};

enum { REASON_SIZE = 1024 };

/*
 * Each writes into buf, which it returns; what does not fit is cut.
 *
 * Why endpoint i is there: "tier 1: 12.0 ms expected (...), weight 1, share
 * 100 %", "share 0 by command d-7".
 */
const char *reason_text(const struct reasons *r, size_t i, char *buf,
			size_t size);

/* The endpoint and its place in the policy: "ams (policy.yaml:12)". */
const char *reason_endpoint(const struct reasons *r, size_t i, char *buf,
			    size_t size);

/* "www (policy.yaml:8), steer latency", and why nobody monitors it. */
const char *reason_service(const struct reasons *r, char *buf, size_t size);

/* What endpoint i is answered with: "ams 192.0.2.1 2001:db8::1". */
const char *reason_answer(const struct reasons *r, size_t i, char *buf,
			  size_t size);

/*
 * What capacity's part is worked out from, of view->services[].demand: "1000 as
 * the policy states, shared out as 3 responders counted until
 * 2026-07-06T09:30:00Z".
 */
const char *reason_demand(const struct plan_demand *demand, char *buf,
			  size_t size);

/*
 * What of a service stands still by whom and until when, of a freeze of
 * frozen_next(): "www by command c-7 of ann (INC-7) until 2026-07-06T09:30:00Z:
 * nothing comes back, ramps or steps by itself".
 */
const char *reason_freeze(const struct command *freeze, char *buf, size_t size);

/* What became of an endpoint: "serves", "not healthy", ... */
const char *reason_label(enum chain_step step);

#endif
