/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supposition -- what a test, or who asks `windrose explain`, takes as so: a
 * command, an endpoint's state after an outage, the step of a canary.  Of one
 * service.  Pure.
 */
#ifndef POLICY_LANGUAGE_SUPPOSITION_H
#define POLICY_LANGUAGE_SUPPOSITION_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct policy;
struct policy_canary;

/* What a person, or the agent after an outage, has done. */
enum supposition_order {
	SUPPOSE_NO_ORDER,
	SUPPOSE_DRAIN,      /* an endpoint */
	SUPPOSE_DRAIN_ALL,  /* all that a region has, canaries too */
	SUPPOSE_FAILOVER,   /* to a region: all others are drained */
	SUPPOSE_WEIGHTLESS, /* an endpoint's weight is 0 */
	SUPPOSE_HOLD,       /* an endpoint was down and takes nobody yet */
	SUPPOSE_PIN,        /* clients of a set get an endpoint alone */
	SUPPOSE_PIN_ALL,    /* or what is in a region */
};

struct supposition {
	enum supposition_order order;
	int target; /* of the order: endpoint or region */
	int set;    /* of clients: of a pin alone */
	const struct policy_canary *canary; /* NULL: none has begun */
	uint32_t stage, step; /* of the canary, from 0; both are there */
	bool panic;           /* too little is healthy (policy/decide/panic) */
};

/* How an order is written, before its colon; never of SUPPOSE_NO_ORDER. */
const char *supposition_word(enum supposition_order order);

/* Is an order of that kind about a region?  Else about an endpoint. */
bool supposition_of_region(enum supposition_order order);

/*
 * Reads "KIND:NAME" into order and target: drain:REGION,
 * drain:SERVICE/ENDPOINT, failover:REGION, weightless:ENDPOINT, hold:ENDPOINT,
 * pin:SET:REGION, pin:SET:ENDPOINT.  False with err set.
 */
bool supposition_read_order(const struct policy *policy, int service,
			    const char *text, struct supposition *out,
			    struct error *err);

/* A pin of a set to the region of that name, or else to the endpoint, as it is
 * commanded.  False when the service has neither. */
bool supposition_pin(const struct policy *policy, int service, int set,
		     const char *to, struct supposition *out);

/* Reads "NAME:STAGE.STEP", from 1, into canary, stage and step.  False with err
 * set. */
bool supposition_read_canary(const struct policy *policy, int service,
			     const char *text, struct supposition *out,
			     struct error *err);

#endif
