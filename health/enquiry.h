/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enquiry -- one responder being asked, by the policy's rate, one query at a
 * time.  What is asked and what it means, health/inspection says.
 *
 * Shell: owns a timer and sockets, reads the clock, logs each alarm once when
 * it begins and once when it ends.
 */
#ifndef HEALTH_ENQUIRY_H
#define HEALTH_ENQUIRY_H

#include "health/inspection.h"

#include <stdint.h>

struct clientele;
struct enquiry;
struct error;
struct event_base;
struct outlook;

/* All borrowed, and outlive it. */
struct enquiry_config {
	struct event_base *loop;
	const struct policy *policy;
	const struct policy_responder *responder; /* of policy */
	const struct clientele *clientele;
	const struct outlook *outlook;
	void (*on_change)(void *arg); /* an alarm was raised or ended */
	void *arg;
};

/* before, which may be NULL, is what was known of it.  NULL with err set. */
struct enquiry *enquiry_start(const struct enquiry_config *config,
			      const struct inspection *before,
			      struct error *err);

/* There are other clients: its tour of them begins, apart from others' by
 * seed. */
void enquiry_begin(struct enquiry *e, uint64_t seed);

/* Its node's record. */
void enquiry_hear(struct enquiry *e, const struct node *node);

/* Every second while the bus is up and read. */
void enquiry_turn(struct enquiry *e);

/* Borrowed. */
const char *enquiry_name(const struct enquiry *e);
const struct inspection *enquiry_inspection(const struct enquiry *e);

/* Accepts NULL. */
void enquiry_stop(struct enquiry *e);

#endif
