/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify -- asks every responder of the policy for every service as clients of
 * every class would, and says who answers otherwise than is decided here, goes
 * by something old, or is silent (health/inspection).
 *
 * It goes by plan, reports and node records as responders do, and loads the
 * policy's geo databases, beside the loop, when the policy names responders:
 * else it reads nothing and asks nobody.
 *
 * Shell: owns timers, sockets and an errand; reads the clock.  All calls on the
 * loop's thread.
 */
#ifndef HEALTH_VERIFY_H
#define HEALTH_VERIFY_H

#include "policy/bus/bus.h"

struct error;
struct event_base;
struct json_t;
struct node;
struct policy;
struct verifier;
struct verify;
struct witnesses;

/* All borrowed, and outlive it. */
struct verify_config {
	struct event_base *loop;
	const char *vantage;
	const struct verifier *trusted;    /* NULL: no plan is followed */
	const struct witnesses *witnesses; /* NULL: reports need no key */
	void (*on_change)(void *arg);      /* an alarm was raised or ended */
	void *arg;
};

/* Asks nobody until it is turned to a policy.  NULL with err set. */
struct verify *verify_start(const struct verify_config *config,
			    struct error *err);

/*
 * From now on by policy, which is borrowed until the next turn or the stop; the
 * one before is not looked at any more.  Alarms of responders that stay are
 * kept.
 */
void verify_turn(struct verify *v, const struct policy *policy);

/* The topics of the bus (enum bus_topic, or-ed) that it has to be given: of the
 * policy that it was turned to. */
unsigned verify_topics(const struct verify *v);

/* What came of them; octets are borrowed for the call. */
void verify_take(struct verify *v, enum bus_topic topic, const char *key,
		 const void *octets, size_t len);

/* All was read, or the link is down: then nobody here knows what is new. */
void verify_synced(struct verify *v, bool synced);

/* The plan that is followed, the alarms, and, where there is no other, the
 * trouble of a prober's record.  Accepts NULL: then there are none. */
void verify_tell(const struct verify *v, struct node *node);

/* An array, an object a responder; a new reference, NULL when memory runs out.
 */
struct json_t *verify_status(const struct verify *v);

/* Accepts NULL.  No callback follows. */
void verify_stop(struct verify *v);

#endif
