/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchors -- does the world beyond the endpoints answer this vantage?
 *
 * Each anchor is connected to over TCP every ANCHORS_EVERY_MS, every
 * ANCHORS_AGAIN_MS while it does not answer, and at once when asked for.  One
 * that refuses does not count as an answer: a firewall of our own may say so.
 * What follows from it, health/suspicion says.
 *
 * Shell: owns timers and probes.  All calls on the thread of the loop.
 */
#ifndef HEALTH_ANCHORS_H
#define HEALTH_ANCHORS_H

#include "health/launch.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct anchors;
struct error;

enum {
	ANCHORS_EVERY_MS = 5000,
	ANCHORS_AGAIN_MS = 1000,
	/* The first retransmission of a SYN, and a way half round the earth. */
	ANCHORS_TIMEOUT_MS = 1500,
};

struct anchors_config {
	struct launch_means means;            /* to ask them with */
	const struct policy_vantage *vantage; /* borrowed, outlives it */
	bool lost; /* until asked they are taken as ones that do not answer */
	/* One of them answered, or did not.  Must not stop the anchors. */
	void (*on_news)(void *arg, bool answered);
	void *arg;
};

/* Asks all at once.  NULL with err set when memory runs out. */
struct anchors *anchors_start(const struct anchors_config *config,
			      struct error *err);

/* Accepts NULL. */
void anchors_stop(struct anchors *anchors);

/* Asks those that are not being asked now; accepts NULL. */
void anchors_hurry(struct anchors *anchors);

/* How many of them did not answer when they were last asked. */
size_t anchors_lost(const struct anchors *anchors);

#endif
