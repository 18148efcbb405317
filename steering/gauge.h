/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gauge -- the measures of all canaries, from wherever each is measured:
 * Prometheus, or what edges tell on the bus.  Shell.
 */
#ifndef STEERING_GAUGE_H
#define STEERING_GAUGE_H

#include "policy/bus/plan_canary.h"
#include "steering/measure.h"
#include "steering/ramp.h"

#include <stdbool.h>
#include <stddef.h>

struct counted;
struct error;
struct event_base;
struct gauge;
struct policy;

/* told is called with arg when there is a new measure.  NULL with err set. */
struct gauge *gauge_start(struct event_base *loop, void (*told)(void *arg),
			  void *arg, struct error *err);
/* Accepts NULL. */
void gauge_stop(struct gauge *g);

/* Another policy, borrowed until the next; nothing is measured yet.  False: out
 * of memory, and then nothing will be. */
bool gauge_adopt(struct gauge *g, const struct policy *policy);

/* What an edge of that name served, verified.  False with err set. */
bool gauge_take(struct gauge *g, const char *edge, const void *octets,
		size_t len, int64_t now_ms, struct error *err);

/* Measures what is due of the canaries, as policy->canaries, that are on their
 * way; NULL: nobody is to be measured. */
void gauge_turn(struct gauge *g, const struct plan_canary *canaries,
		struct ramp_now now);

/* What edges tell of requests; borrowed. */
const struct counted *gauge_counted(const struct gauge *g);

/* The last measure of each canary of the policy; number 0: there is none. */
const struct measure *gauge_measures(const struct gauge *g);

#endif
